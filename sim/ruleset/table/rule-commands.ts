/** Commands about rules, on a table that is being changed (libiptc 1.8.9). */

import type { Rule, TargetUse } from "../../contract/ruleset.ts";
import { PARAMETER_PROBLEM } from "../../extension/refusal.ts";
import { type Command, NO_COUNTERS } from "../base/command.ts";
import { VERDICTS } from "../base/tables.ts";
import { unknownTargetRemedy } from "../line/unknown-name.ts";
import { neverEqual } from "./equal.ts";
import {
	type ChainDraft,
	CommandFailure,
	Crash,
	chainOf,
	JumpToBuiltIn,
	NO_RULE,
	NO_SUCH_NAME,
	NotFollowed,
	type TableDraft,
	UnknownChain,
} from "./table-draft.ts";

const INDEX_OF = {
	insert: "insertion",
	replace: "replacement",
	"delete-number": "deletion",
} as const;

/** `-A`. @throws CommandFailure */
export function append(
	table: TableDraft,
	name: string,
	written: readonly Rule[],
): void {
	const rules = written.map((rule) => toOwnChain(table, rule));
	for (const { target } of rules) checkTargetExists(table, target);
	const chain = chainOf(table, name);
	chain.use();
	for (const rule of rules) {
		checkTarget(table, rule.target);
		chain.push(rule);
	}
	table.changed = true;
}

/** `-I`, `-R`, `-D` by number. @throws CommandFailure */
export function changeByNumber(
	table: TableDraft,
	command: Extract<
		Command,
		{ kind: "insert" | "replace" } | { kind: "delete-number" }
	>,
): void {
	const written = command.kind === "delete-number" ? [] : command.rules;
	if (command.kind === "delete-number") mustBeIndex(table, command);
	const rules = written.map((rule) => toOwnChain(table, rule));
	for (const { target } of rules) checkTargetExists(table, target);
	const chain = chainOf(table, command.chain);
	const at = command.number - 1;
	if (command.kind !== "insert" || at > 0) mustBeSeen(table, chain);
	const room = chain.length + (command.kind === "insert" ? 1 : 0);
	if (at >= room)
		throw new CommandFailure(
			command.kind === "insert" ||
				chain.lacks !== "chain" ||
				table.behaviour.missingRule === "index"
				? `Index of ${INDEX_OF[command.kind]} too big`
				: NO_SUCH_NAME,
			lengthText(chain),
			String(command.number),
		);
	for (const { target } of rules) checkTarget(table, target);
	if (command.kind === "insert") {
		chain.use();
		// Each of several rules is put in at the same number, so the last one comes first.
		for (const rule of rules) chain.insert(at, rule);
	} else if (command.kind === "replace") chain.replace(at, rules);
	else chain.removeAt(at);
	table.changed = true;
}

/** From here on iptables-nft takes the number of a rule that is to be deleted for none. */
const NO_INDEX = 2 ** 31;

/** Then it looks for a rule by its specification, of which there is none (`nft_rule_delete`, iptables/nft.c, 1.8.11). */
function mustBeIndex(
	table: TableDraft,
	{ chain, number }: Extract<Command, { kind: "delete-number" }>,
): void {
	if (number <= NO_INDEX || table.behaviour.commands === "at once") return;
	const remedy = "Rules of a chain are numbered from 1.";
	if (table.chains.has(chain))
		throw new Crash("Segmentation fault", remedy, String(number));
	throw new CommandFailure(NO_RULE, remedy, String(number));
}

/** `-D` and `-C` by specification. @throws CommandFailure */
export function deleteSame(
	table: TableDraft,
	name: string,
	written: Rule,
	dryRun: boolean,
): void {
	const rule = toOwnChain(table, written);
	checkTarget(table, rule.target);
	const chain = table.chains.get(name);
	if (chain !== undefined) mustBeSeen(table, chain);
	const found = chain?.same(rule) ?? null;
	if (chain === undefined || found === null) {
		const match = neverEqual(rule);
		throw new CommandFailure(
			// Looking the target up among the chains makes libiptc forget what it was asked for.
			rule.target === null ||
				rule.target.kind === "verdict" ||
				table.behaviour.commands === "with COMMIT"
				? NO_RULE
				: NO_SUCH_NAME,
			chain === undefined
				? `There is no chain ${name} in ${table.name}.`
				: match !== null
					? `A rule with \`-m ${match}\` is never found by its specification: delete it by its number.`
					: "Delete it by its number, or write it as iptables-save prints it.",
			name,
		);
	}
	if (dryRun) return;
	chain.remove(found);
	table.changed = true;
}

/** `-Z`; a number stands behind a chain only. @throws CommandFailure */
export function zero(
	table: TableDraft,
	{ chain: name, number, listing }: Extract<Command, { kind: "zero" }>,
): void {
	const { zeroing, baseChains } = table.behaviour;
	// -L puts the built-in chains that are missing into the list that -Z goes through.
	const reaches = listing && baseChains === "used-uncounted";
	const chains = name === null ? builtIn(table) : [chainOf(table, name)];
	for (const chain of chains) {
		if (chain.policy === null) continue;
		if (reaches && table.exists) chain.use();
		if (name !== null && chain.lacks === "chain") mustBeThere(table, chain);
		if (number === null && chain.lacks !== "chain") chain.count(NO_COUNTERS);
	}
	table.changed = true;
	if (zeroing === "none" && number === null && !listing) return;
	if (name === null) table.zeroedAt = ++table.clock;
	for (const chain of name === null ? [] : chains) {
		if (number !== null) mustBeSeen(table, chain);
		const isMissing = number !== null && number > chain.length;
		if (isMissing && table.behaviour.missingNumberToZero === "passed over")
			return;
		if (isMissing)
			throw new CommandFailure(
				"Index of counter too big",
				lengthText(chain),
				String(number),
			);
		chain.zero(number === null ? null : number - 1);
	}
}

/** Built-in chains come first. */
function* builtIn({ chains }: TableDraft): Iterable<ChainDraft> {
	for (const chain of chains.values()) {
		if (chain.policy === null) return;
		yield chain;
	}
}

/** @throws CommandFailure where iptables does not find a built-in chain that is not in the kernel */
function mustBeThere({ name, behaviour }: TableDraft, chain: ChainDraft): void {
	if (behaviour.baseChains !== "used-uncounted") return;
	throw new CommandFailure(
		NO_SUCH_NAME,
		`iptables-nft makes ${chain.name} of ${name} with the first rule that is put into it.`,
		chain.name,
	);
}

/**
 * `-F`; without a chain, iptables-nft passes over a table that the same file throws away and makes anew
 * (`nft_table_find` in `nft_rule_flush`). @throws CommandFailure
 */
export function flush(
	table: TableDraft,
	{ chain: name, isVerbose }: Extract<Command, { kind: "flush" }>,
): void {
	if (name === null && !isVerbose && !table.isFound) return;
	if (name === null) {
		table.emptiedUnseen.clear();
		for (const chain of table.filled) chain.empty();
	} else {
		const chain = chainOf(table, name);
		table.emptiedUnseen.delete(chain);
		chain.use();
		chain.empty();
	}
	table.changed = true;
}

/** Is what iptables-nft counts what the chain has? @throws NotFollowed */
function mustBeSeen({ emptiedUnseen }: TableDraft, chain: ChainDraft): void {
	if (!emptiedUnseen.has(chain)) return;
	throw new NotFollowed(
		`a rule of ${chain.name}, whose line :${chain.name} iptables-nft has emptied and not forgotten`,
		`Write \`-F ${chain.name}\` behind the line, or the rules as they are to be.`,
		chain.name,
	);
}

/** "Warning: using chain MARK, not extension": a chain may have got the name of a target (`do_command4`). */
function toOwnChain(table: TableDraft, rule: Rule): Rule {
	const { target } = rule;
	return target?.kind === "extension" &&
		table.behaviour.undeclaredTarget === "chain" &&
		table.chains.has(target.name)
		? { ...rule, target: { kind: "jump", chain: target.name } }
		: rule;
}

/** A jump leads to a chain that is there: iptables itself looks, before all else (`do_command4`). */
function checkTargetExists(
	table: TableDraft,
	target: TargetUse | null,
): ChainDraft | null {
	if (target?.kind !== "jump" && target?.kind !== "goto") return null;
	const { chain: name, kind } = target;
	const chain = table.chains.get(name);
	if (chain !== undefined) return chain;
	throw new UnknownChain(
		kind === "goto"
			? `goto '${name}' is not a chain`
			: `Couldn't load target \`${name}':No such file or directory`,
		kind === "goto" && VERDICTS.has(name)
			? `Write \`-j ${name}\`.`
			: unknownTargetRemedy(name, [...table.chains.keys()]),
		name,
		{ spoken: true, exitCode: PARAMETER_PROBLEM },
	);
}

/** It is the user's own, too (`iptcc_map_target`). */
function checkTarget(table: TableDraft, target: TargetUse | null): void {
	const chain = checkTargetExists(table, target);
	if (chain === null || chain.policy === null) return;
	throw new JumpToBuiltIn(chain);
}

function lengthText({
	name,
	length,
}: {
	readonly name: string;
	readonly length: number;
}): string {
	const rules = length === 1 ? "1 rule" : `${length || "no"} rules`;
	return `The chain ${name} has ${rules}.`;
}
