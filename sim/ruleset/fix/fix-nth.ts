/**
 * `-m nth` of patch-o-matic, which no kernel has had since 2.6.18, as `-m statistic --mode nth`.
 *
 * Rules with `--packet` shared a counter (`--counter`, 0 when left out), and only a match moved it on
 * (ipt_nth.c, `match`): of N rules that end a packet's way each got every Nth packet. Today each rule
 * counts what reaches it, so behind the first of N rules every (N-1)th is left, and so on. Rules that
 * let a packet go on see all packets, and their `--packet` keeps its meaning.
 */
import type { Change, DraftLine } from "./change.ts";

interface NthRule {
	readonly line: DraftLine;
	readonly words: readonly string[];
	/** Index of the `-m`. */
	readonly at: number;
	/** Index behind the last of its options. */
	readonly to: number;
	readonly every: number;
	readonly packet: number | null;
	/** What shares its counter. */
	readonly group: string;
}

/** Repairs all rules of a text: they belong together. */
export function fixNth(lines: readonly DraftLine[], changes: Change[]): void {
	let table = 0;
	const groups = new Map<string, NthRule[]>();
	for (const line of lines) {
		if (line.text.startsWith("*")) table++;
		const rule = /\s-m\s+nth\s/.test(line.text) ? readNth(line, table) : null;
		if (rule === null) continue;
		const group = groups.get(rule.group);
		if (group === undefined) groups.set(rule.group, [rule]);
		else group.push(rule);
	}
	for (const rules of groups.values()) {
		// They share packets: one that stays as it is has its part of them.
		if (rules.some(({ line }) => line.isLeft)) continue;
		const ends = rules.every(({ words }) => endsTheWay(words));
		for (const [index, rule] of rules.entries())
			rewrite(rule, ends && rules.length > 1 ? index : null, changes);
	}
}

function readNth(line: DraftLine, table: number): NthRule | null {
	const words = line.text.split(/\s+/);
	const at = words.findIndex(
		(word, index) => word === "-m" && words[index + 1] === "nth",
	);
	const given = new Map<string, number>();
	let to = at + 2;
	for (; /^--(counter|every|packet|start)$/.test(words[to] ?? ""); to += 2) {
		if (!/^\d{1,9}$/.test(words[to + 1] ?? "")) return null;
		given.set(words[to] ?? "", Number(words[to + 1]));
	}
	const every = given.get("--every");
	if (at < 0 || every === undefined || every < 1) return null;
	const packet = given.get("--packet") ?? null;
	// Without --packet rules do not work together, whatever counter they name.
	const counter =
		packet === null ? `line ${line.origin}` : (given.get("--counter") ?? 0);
	const chain = words[words.findIndex((it) => /^(-A|--append)$/.test(it)) + 1];
	const group = [table, chain, counter, every].join();
	return { line, words, at, to, every, packet, group };
}

/** @param index of the rule in a cascade; `null` when it counts all packets */
function rewrite(
	{ line, words, at, to, every, packet }: NthRule,
	index: number | null,
	changes: Change[],
): void {
	const left = index === null ? every : every - index;
	if (left < 1) return;
	const before = line.text;
	line.text = [
		...words.slice(0, at),
		..."-m statistic --mode nth --every".split(" "),
		String(left),
		"--packet",
		String(index === null ? (packet ?? 0) % every : 0),
		...words.slice(to),
	].join(" ");
	const what =
		index === null
			? "wrote `-m statistic` for `-m nth`, which is gone"
			: `wrote \`-m statistic\` for \`-m nth\`, which is gone: each rule counts for itself today, so rule ${index + 1} of ${every} takes one of ${left} packets that are left`;
	changes.push({ line: line.origin, what, before, after: line.text });
}

const GOES_ON =
	/^(MARK|CONNMARK|CONNSECMARK|SECMARK|LOG|NFLOG|ULOG|TOS|DSCP|TTL|ECN|TCPMSS|CLASSIFY|SET|TEE|AUDIT|CHECKSUM|CT|TRACE|HMARK|LED|IDLETIMER|RATEEST)$/;

/** No packet that it matches comes to the next rule. A chain of the user's is taken to have a verdict. */
function endsTheWay(words: readonly string[]): boolean {
	const target =
		words[words.findIndex((it) => /^(-j|-g|--jump)$/.test(it)) + 1];
	return target !== undefined && target !== words[0] && !GOES_ON.test(target);
}
