/**
 * What stays open about a ruleset that has no fault: extensions that marktwin does not model, and what
 * has to be there besides the ruleset before it can be loaded.
 */

import { keyOfNeed, type Need } from "../../contract/need.ts";
import type { Rule, Table, TableName } from "../../contract/ruleset.ts";
import { PARAMETER_PROBLEM } from "../../extension/refusal.ts";
import type { Command } from "../base/command.ts";
import { CommandFailure } from "../table/table-draft.ts";
import { usesOf } from "./load-check.ts";

/** Where a rule stands. */
export interface RulePlace {
	readonly table: TableName;
	readonly chain: string;
	/** Of the text that it came from, from 1. */
	readonly line: number;
}

/** A packet that reaches one of these rules has an unknown outcome. */
export interface NotModelled {
	readonly kind: "match" | "target";
	/** With the option behind it where others of its uses are modelled: `CT --helper`. */
	readonly name: string;
	readonly rules: readonly RulePlace[];
}

/** Without it, iptables or the kernel refuses these rules. */
interface MissingNeed extends Need {
	readonly rules: readonly RulePlace[];
}

/** An extension that iptables does not come with. */
interface FromPackage {
	/** Debian's package that brings it along. */
	readonly package: string;
	readonly kind: "match" | "target";
	readonly name: string;
	readonly rules: readonly RulePlace[];
}

export interface OpenPoints {
	readonly notModelled: readonly NotModelled[];
	readonly fromPackages: readonly FromPackage[];
	readonly needs: readonly MissingNeed[];
}

/**
 * @param tables in the order in which they are loaded
 * @param given what is there, by `keyOfNeed`
 */
export function openPoints(
	tables: readonly Table[],
	given: ReadonlySet<string> = new Set(),
): OpenPoints {
	const notModelled = new Map<string, Mutable<NotModelled>>();
	const fromPackages = new Map<string, Mutable<FromPackage>>();
	const needs = new Map<string, Mutable<MissingNeed>>();
	const there = new Set(given);
	const lookAt = (rule: Rule, place: RulePlace): void => {
		if (rule.target?.kind === "verdict" && rule.target.name === "QUEUE")
			noteIn(notModelled, "target QUEUE", place, {
				kind: "target",
				name: "QUEUE",
			});
		const note = (need: Need): void => {
			const key = keyOfNeed(need);
			if (!there.has(key)) noteIn(needs, key, place, need);
		};
		rule.asWritten?.needs.forEach(note);
		for (const [extension, use, kind] of usesOf(rule)) {
			const option = extension.notModelled?.(use.options) ?? null;
			const name = option === null ? use.name : `${use.name} ${option}`;
			if (extension.compile === null || option !== null)
				noteIn(notModelled, `${kind} ${name}`, place, {
					kind,
					name,
				});
			const { library } = extension;
			if (library?.package !== undefined)
				noteIn(fromPackages, `${kind} ${use.name}`, place, {
					kind,
					name: use.name,
					package: library.package,
				});
			extension.needs?.(use.options, rule.header).forEach(note);
			const makes = extension.makes?.(use.options, rule.header);
			if (makes) there.add(keyOfNeed(makes));
		}
	};
	for (const table of tables)
		for (const { name, rules } of table.chains)
			for (const rule of rules)
				lookAt(rule, { table: table.name, chain: name, line: rule.line });
	return {
		notModelled: [...notModelled.values()],
		fromPackages: [...fromPackages.values()],
		needs: [...needs.values()],
	};
}

type Mutable<T extends { readonly rules: readonly RulePlace[] }> = Omit<
	T,
	"rules"
> & { readonly rules: RulePlace[] };

/** Once for each of them, with all of its rules. */
function noteIn<T extends { readonly rules: readonly RulePlace[] }>(
	all: Map<string, Mutable<T>>,
	key: string,
	place: RulePlace,
	what: Omit<T, "rules">,
): void {
	const known = all.get(key);
	if (known === undefined) all.set(key, { ...what, rules: [place] });
	else if (known.rules.at(-1) !== place) known.rules.push(place);
}

/** A set that a rule names and that is not there. */
export class MissingSet extends CommandFailure {}

/** iptables asks the kernel for a set while it reads the rule (`get_set_byname`, libxt_set.h, 1.8.9). @throws MissingSet */
export function mustHaveSets(
	command: Command,
	hasSet: (name: string) => boolean,
): void {
	if (!("rules" in command)) return;
	for (const rule of command.rules)
		for (const [{ needs }, { options }] of usesOf(rule))
			for (const { kind, name } of needs?.(options, rule.header) ?? [])
				if (kind === "set" && !hasSet(name))
					throw new MissingSet(
						`Set ${name} doesn't exist.`,
						`Make the set before the rules are loaded: \`ipset create ${name} …\`.`,
						name,
						{ spoken: true, exitCode: PARAMETER_PROBLEM },
					);
}
