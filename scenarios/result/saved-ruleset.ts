/** Reads the text of `iptables-save -c`, whoever printed it: the model or a kernel. */
import type { Account } from "../../sim/world/account/account.ts";

/** A line that counts: a built-in chain with its policy, a user-defined chain, or a rule. */
export interface SavedLine {
	readonly kind: "chain" | "rule";
	readonly table: string;
	readonly chain: string;
	/** From 1 in its chain; 0 for the chain itself. */
	readonly number: number;
	/** As iptables-save prints it, without its counters: `:INPUT ACCEPT`, `-A INPUT -j DROP`. */
	readonly text: string;
	readonly packets: number;
	readonly bytes: number;
}

const CHAIN = /^(:(\S+) (\S+)) \[(\d+):(\d+)\]/;
const RULE = /^\[(\d+):(\d+)\] (-A (\S+).*)$/;

/** In the order of the text. */
export function readSaved(saved: string): readonly SavedLine[] {
	const lines: SavedLine[] = [];
	let table = "";
	let numbers = new Map<string, number>();
	for (const line of saved.split("\n")) {
		if (line.startsWith("*")) {
			table = line.slice(1).trim();
			numbers = new Map();
		}
		const chain = CHAIN.exec(line);
		if (chain)
			lines.push({
				kind: "chain",
				table,
				chain: chain[2] ?? "",
				number: 0,
				text: chain[1] ?? "",
				packets: Number(chain[4]),
				bytes: Number(chain[5]),
			});
		const rule = RULE.exec(line);
		if (!rule) continue;
		const of = rule[4] ?? "";
		const number = (numbers.get(of) ?? 0) + 1;
		numbers.set(of, number);
		lines.push({
			kind: "rule",
			table,
			chain: of,
			number,
			text: rule[3] ?? "",
			packets: Number(rule[1]),
			bytes: Number(rule[2]),
		});
	}
	return lines;
}

/**
 * Packets by place, in the kernel's TRACE spelling: `mangle:MAILMARK:rule:2` (from 1), and
 * `filter:INPUT:policy` for a built-in chain.
 */
export function countersOf(saved: string): ReadonlyMap<string, number> {
	return new Map(
		readSaved(saved)
			// A user-defined chain has no policy: iptables-save prints `-` and zeros for it.
			.filter(({ kind, text }) => kind === "rule" || !text.endsWith(" -"))
			.map((line) => [placeOf(line), line.packets]),
	);
}

/** The rules as they were seen at this label, as iptables-save prints them; "" where nobody looked. */
export function rulesAt(
	at: string,
	{ observations }: Pick<Account, "observations">,
): string {
	const found = observations.find(({ label }) => label === at);
	return found?.observation.ruleset ?? "";
}

export function placeOf({ kind, table, chain, number }: SavedLine): string {
	return kind === "rule"
		? `${table}:${chain}:rule:${number}`
		: `${table}:${chain}:policy`;
}
