/** For tests: what the model says, in the spelling of iptables-restore. */

import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import type { Fault } from "../../../sim/ruleset/base/ruleset-error.ts";
import {
	checkRuleset,
	EMPTY_RULESET,
	restoreText,
} from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Said, TextOracle } from "./oracle.ts";

/** @param heard what becomes of a text on its way */
export function oracleWith(heard: (text: string) => string): TextOracle {
	let loaded = EMPTY_RULESET;
	const said = (fault: Fault | undefined): Said => ({
		exitCode: fault === undefined ? 0 : (fault.exitCode ?? Number.NaN),
		words: fault === undefined ? "" : spoken(fault),
	});
	return {
		linux: DEFAULT_LINUX,
		account: async () => {},
		async restore(text, options) {
			const { ruleset, faults } = restoreText(loaded, heard(text), options);
			loaded = ruleset;
			return said(faults[0]);
		},
		test: async (text, options) =>
			said(
				checkRuleset(heard(text), options).faults.find(
					({ from }) => from !== "kernel",
				),
			),
		save: async (options) => printRuleset(loaded, options),
	};
}

function spoken({ message, line }: Fault): string {
	const [failed] = /^line \d+ failed/.exec(message) ?? [];
	return failed === undefined
		? `iptables-restore v1.8.9 (legacy): ${message}\nError occurred at line: ${line}\n`
		: `iptables-restore: ${failed}\n`;
}
