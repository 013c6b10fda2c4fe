/** Is a text one of `ipset save`? */
import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { IpSets } from "../ip-sets.ts";
import { restoreSets } from "./restore.ts";

/** What ipset, or the model, refuses about a text of sets; `null`: nothing. */
export function faultOfSets(text: string): string | null {
	const sets = new IpSets({
		nowMs: () => 0,
		interfaces: [],
		usesInRules: () => 0,
		unknown(reason) {
			throw new UnknownSignal(reason);
		},
	});
	try {
		const outcome = restoreSets(sets, text, false);
		return outcome.ok ? null : outcome.message;
	} catch (error) {
		if (!(error instanceof UnknownSignal)) throw error;
		return error.reason;
	}
}
