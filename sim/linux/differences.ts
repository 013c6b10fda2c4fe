/**
 * In what Linuxes differ: one table, from which all else follows. The model asks what a Linux does
 * (`behaviour.ts`) and never for its version; documentation, `marktwin upgrade` and tests read the
 * words that stand beside the values.
 */
import { BACKEND_DIFFERENCES } from "./backend-differences.ts";
import { CHAIN_NAME_DIFFERENCES } from "./chain-name-differences.ts";
import { KERNEL_DIFFERENCES } from "./kernel-differences.ts";
import { PROGRAM_DIFFERENCES } from "./program-differences.ts";
import { SAVED_TEXT_DIFFERENCES } from "./saved-text-differences.ts";
import { SETTING_DIFFERENCES } from "./setting-differences.ts";
import { TRACKING_DIFFERENCES } from "./tracking-differences.ts";

/** All of them, by the name under which the model asks. */
export const DIFFERENCES = {
	...TRACKING_DIFFERENCES,
	...KERNEL_DIFFERENCES,
	...SETTING_DIFFERENCES,
	...PROGRAM_DIFFERENCES,
	...CHAIN_NAME_DIFFERENCES,
	...SAVED_TEXT_DIFFERENCES,
	...BACKEND_DIFFERENCES,
};
