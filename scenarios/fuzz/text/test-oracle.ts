/** For tests: what the model says, in the spelling of iptables-restore. */
import { checkRuleset } from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Fault } from "../../../sim/ruleset/ruleset-error.ts";
import { loadedBy } from "./compare-text.ts";
import type { Said, TextOptions, TextOracle } from "./oracle.ts";

/** @param heard what becomes of a text on its way */
export function oracleWith(heard: (text: string) => string): TextOracle {
	let saved = "";
	const said = (fault: Fault | undefined): Said => ({
		ok: fault === undefined,
		words: fault === undefined ? "" : spoken(fault),
	});
	const faultsOf = (text: string, options: TextOptions) =>
		checkRuleset(heard(text), options).faults;
	return {
		async restore(text, options) {
			const [fault] = faultsOf(text, options);
			const loaded = loadedBy(heard(text), fault, options.counters);
			if (loaded !== null) saved = printRuleset(loaded, options);
			return said(fault);
		},
		test: async (text, options) =>
			said(faultsOf(text, options).find(({ from }) => from !== "kernel")),
		save: async () => saved,
	};
}

function spoken({ message, line }: Fault): string {
	const [failed] = /^line \d+ failed/.exec(message) ?? [];
	return failed === undefined
		? `iptables-restore v1.8.9 (legacy): ${message}\nError occurred at line: ${line}\n`
		: `iptables-restore: ${failed}\n`;
}
