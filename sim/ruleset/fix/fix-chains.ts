/** Repairs of chains: their declarations, and which a table has. */

import { isTableName, TABLE_HOOKS } from "../base/tables.ts";
import { checkRuleset } from "../parse.ts";
import type { Change, DraftLine } from "./change.ts";
import { BUILT_IN, meantChain } from "./fix-commands.ts";

/** The lines behind each header, as indices. */
export function tablesOf(lines: readonly DraftLine[]) {
	const tables: { table: string; from: number; to: number }[] = [];
	for (const [index, { text }] of lines.entries()) {
		if (!text.startsWith("*")) continue;
		const last = tables.at(-1);
		if (last) last.to = index;
		const table = text.slice(1).trim();
		tables.push({ table, from: index + 1, to: lines.length });
	}
	return tables;
}

/** `:INPTU DROP`: a chain with a policy is a built-in one. */
export function fixDeclarations(
	lines: readonly DraftLine[],
	table: string,
	changes: Change[],
): void {
	const hooks: readonly string[] = isTableName(table) ? TABLE_HOOKS[table] : [];
	const names = new Set(
		lines.flatMap(({ text }) => (text.startsWith(":") ? declared(text) : [])),
	);
	for (const line of lines) {
		if (line.isLeft || !/^:\S+\s+(ACCEPT|DROP)\b/.test(line.text)) continue;
		const name = declared(line.text);
		if (hooks.includes(name)) continue;
		const better = meantChain(name, table, []);
		if (better === null || names.has(better)) continue;
		const before = line.text;
		line.text = before.replace(name, better);
		const what = `wrote \`${better}\` for \`${name}\``;
		changes.push({ line: line.origin, what, before, after: line.text });
	}
}

/** The chain of a line `:CHAIN …`. */
export function declared(line: string): string {
	return line.slice(1).trim().split(/\s+/)[0] ?? "";
}

/** The chains of a table. One that is not declared counts if rules jump to it, or no other was meant. */
export function chainsOf(
	lines: readonly DraftLine[],
	table: string,
): Set<string> {
	const chains = new Set<string>(BUILT_IN);
	const undeclared = new Set<string>();
	const jumped = new Set<string>();
	for (const { text } of lines) {
		if (text.startsWith(":")) chains.add(declared(text));
		const [, option, name] =
			/(?:^|\s)(-[AIN]|--append|--insert|--new-chain)\s+(\S+)/.exec(text) ?? [];
		const to = /\s(?:-[jg]|--jump|--goto)\s+(\S+)/.exec(text)?.[1];
		if (to !== undefined) jumped.add(to);
		if (name === undefined || BUILT_IN.has(name.toUpperCase())) continue;
		if (option === "-N" || option === "--new-chain") chains.add(name);
		else undeclared.add(name);
	}
	const known = new Set(chains);
	for (const name of undeclared)
		if (jumped.has(name) || meantChain(name, table, known) === null)
			chains.add(name);
	return chains;
}

/** Chains that have rules and were never declared get their declaration behind the table's header. */
export function declareChains(
	lines: readonly DraftLine[],
	changes: Change[],
): DraftLine[] {
	const { faults } = checkRuleset(lines.map((line) => line.text).join("\n"));
	const missing = new Map<number, Set<string>>();
	const there = new Map<number, Set<string>>();
	let header = -1;
	const headers = lines.map(({ text }, index) => {
		if (text.startsWith("*")) {
			header = index;
			there.set(header, new Set());
		} else if (text.startsWith(":")) there.get(header)?.add(declared(text));
		return header;
	});
	for (const fault of faults) {
		const chain = /^line \d+ failed \(No chain/.test(fault.message)
			? fault.text.slice(fault.column - 1, fault.column - 1 + fault.length)
			: "";
		const at = headers[fault.line - 1] ?? -1;
		if (!/^[\w.-]{1,28}$/.test(chain) || chain.startsWith("-") || at < 0)
			continue;
		// Who is declared and not there was deleted in between.
		if (there.get(at)?.has(chain)) continue;
		const known = missing.get(at) ?? new Set();
		missing.set(at, known.add(chain));
	}
	if (missing.size === 0) return [...lines];
	const more = lines.flatMap((line, index) => {
		const declared = [...(missing.get(index) ?? [])].map((chain) => {
			const text = `:${chain} - [0:0]`;
			changes.push({
				line: line.origin,
				what: `declared the chain ${chain}, which has rules`,
				before: "",
				after: text,
			});
			return { text, origin: line.origin };
		});
		return [line, ...declared];
	});
	// A rule whose target was missing is told to lack its own chain only now.
	return declareChains(more, changes);
}
