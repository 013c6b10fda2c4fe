/** Ways to bring an edit into a gateway that runs, each as operations. */
import type { Operation } from "../../../sim/contract/gateway.ts";
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import type { Linux } from "../../../sim/linux/linux.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import {
	type AlignedChain,
	type Alignment,
	changesPolicy,
	policyOf,
} from "./kinds/align.ts";

export const LOADS = ["restore", "noflush", "commands"] as const;
/** A way to load the edit. */
export type Load = (typeof LOADS)[number];

/** Each in words. */
export const LOAD_WORDS: Readonly<Record<Load, string>> = {
	restore: "iptables-restore of the new file",
	noflush: "iptables-restore --noflush of the new file",
	commands: "iptables -I and -D of what differs",
};

export function editOf(
	load: Load,
	alignment: Alignment,
	after: Ruleset,
	linux: Linux,
): readonly Operation[] {
	if (load === "commands")
		return commandsOf(alignment).map((command) => {
			return { kind: "iptables", command };
		});
	const text = printRuleset(after, { counters: false, linux });
	const noflush = load === "noflush";
	return [{ kind: "restore", text, file: "", noflush, counters: false }];
}

/** Rules that go are deleted from the end of a chain on; then those that come are put in at their places. */
function commandsOf({ chains }: Alignment): readonly string[] {
	const isBuiltIn = ({ before, after }: AlignedChain) =>
		(before ?? after)?.policy !== null;
	const made = chains.filter((one) => one.before === null && !isBuiltIn(one));
	const gone = chains.filter((one) => one.after === null && !isBuiltIn(one));
	return [
		...made.map(({ table, name }) => `-t ${table} -N ${name}`),
		...chains.filter((one) => !gone.includes(one)).flatMap(rulesOf),
		...chains
			.filter(changesPolicy)
			.map(
				({ table, name, after }) => `-t ${table} -P ${name} ${policyOf(after)}`,
			),
		...gone.map(({ table, name }) => `-t ${table} -F ${name}`),
		...gone.map(({ table, name }) => `-t ${table} -X ${name}`),
	];
}

function rulesOf({
	table,
	name,
	removed,
	added,
}: AlignedChain): readonly string[] {
	return [
		...removed
			.toReversed()
			.map(({ number }) => `-t ${table} -D ${name} ${number}`),
		...added.map(
			({ number, text }) =>
				`-t ${table} -I ${name} ${number}${text.slice(`-A ${name}`.length)}`,
		),
	];
}
