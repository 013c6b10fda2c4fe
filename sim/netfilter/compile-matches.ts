/** The matches of a rule as tests. */

import type { AsWritten, MatchUse, Rule } from "../contract/ruleset.ts";
import { orAssumed } from "../extension/assumed.ts";
import type { MatchExtension, Test } from "../extension/extension.ts";
import type { AskedQuestion, ExtensionHost } from "../extension/host.ts";
import { NEEDS } from "../extension/values/need-words.ts";
import { invariant } from "../invariant.ts";
import { matches } from "../matches/index.ts";
import { fragmentOfAny, ofAnyPacket } from "../ruleset/any-packet.ts";
import type { Cells } from "./cells.ts";
import { onFragments } from "./fragment-tests.ts";
import type { ChainIndexes } from "./lookup/chain-indexes.ts";

/** What was compiled when a table was loaded (`actsAtLoad`), before the rest of it. */
export type EarlyTests = ReadonlyMap<MatchUse, Test>;

/** What there is of a table before the rest of it is compiled. */
export interface Begun {
	readonly early: EarlyTests;
	/** What its rules remember. */
	readonly cells: Cells;
	/** Indexes of its chains, those that stand from before among them. */
	readonly indexed: ChainIndexes;
}

export interface MatchTest {
	readonly test: Test;
	/** The same for fragments, of which matches know less. */
	readonly fragmentTest: Test;
	/** Its match is modelled. */
	readonly known: boolean;
	readonly stateful: boolean;
}

/**
 * A rule's tests, in the order in which they are to be asked.
 * @param ruleName the kernel's, `mangle:PREROUTING:rule:1`
 */
export function compileMatches(
	rule: Rule,
	ports: ExtensionHost,
	ruleName: string,
	{ early, cells }: Begun,
): readonly MatchTest[] {
	if (rule.asWritten !== undefined)
		return [openTest(rule.asWritten, ports, ruleName)];
	const tests: MatchTest[] = [];
	const ofFragments = fragmentOfAny(rule.header, ports, ruleName);
	if (ofFragments !== null) tests.push(plainTest(ofFragments));
	for (const [place, use] of rule.matches.entries()) {
		const extension = matches.get(use.name);
		invariant(extension !== undefined, `match ${use.name} is not registered`);
		if (extension.alwaysMatches) continue;
		const assumed = assumedOf(use, rule, { ports, rule: ruleName, place });
		const decided =
			assumed !== null && ports.decide !== undefined && isOpen(use, ports)
				? assumed
				: decidedTest(use, ports, { rule: ruleName, place });
		const alone =
			decided ??
			(extension.compile === null
				? () => ports.unknown(`match "${use.name}" is not modelled`)
				: ((extension.cell ? null : early.get(use)) ??
					extension.compile(use.options, ports, {
						name: ruleName,
						cell: cells.of(rule, place),
					})));
		const at = { rule: ruleName, place };
		const own =
			decided === null ? orByOthers(alone, use, { ports, assumed, at }) : alone;
		const { stateful = false } = extension;
		const test =
			decided !== null || assumed !== null || extension.compile === null
				? own
				: ofAnyPacket(use, rule.header, { ports, strict: own, ...at });
		const fragmentTest = onFragments(extension, use, {
			test,
			behaviour: ports.behaviour,
		});
		const made = extension.made?.(use.options, ports);
		tests.push({
			test: assumed === null ? test : orAssumed(test, assumed, made),
			fragmentTest:
				assumed === null
					? fragmentTest
					: orAssumed(fragmentTest, assumed, made),
			stateful,
			known:
				isKnown(extension, use, ports) || decided !== null || assumed !== null,
		});
	}
	return decidable(tests);
}

function plainTest(test: Test): MatchTest {
	return { test, fragmentTest: test, stateful: false, known: true };
}

/** What answers for the match where the model does not know; `null`: nothing is assumed of it. */
function assumedOf(
	{ name, options }: MatchUse,
	{ header }: Rule,
	{
		ports,
		...at
	}: {
		readonly ports: ExtensionHost;
		readonly rule: string;
		readonly place: number;
	},
): Test | null {
	if (ports.assume === undefined) return null;
	const needs = matches.get(name)?.needs?.(options, header) ?? [];
	const inverted =
		typeof options === "object" &&
		options !== null &&
		"inverted" in options &&
		options.inverted === true;
	return ports.assume({ ...at, match: name, needs, inverted });
}

/** Nothing in the ruleset, or of what the gateway was given, tells its answer: what is assumed does. */
function isOpen({ name, options }: MatchUse, ports: ExtensionHost): boolean {
	const extension = matches.get(name);
	return (
		extension?.question?.(options)?.kind === "open" &&
		!extension.answers?.(options, ports)
	);
}

/** Is it modelled, and is all there that it goes by? */
function isKnown(
	{ compile, question, answers }: MatchExtension,
	{ options }: MatchUse,
	ports: ExtensionHost,
): boolean {
	if (compile === null) return false;
	if (answers === undefined || !question?.(options)) return true;
	return answers(options, ports);
}

/** The test of a match whose question a walk that takes every way answers; `null` where it has none. */
function decidedTest(
	{ name, options }: MatchUse,
	ports: ExtensionHost,
	at: Omit<AskedQuestion, "question">,
): Test | null {
	const { decide } = ports;
	if (decide === undefined) return null;
	const extension = matches.get(name);
	const question = extension?.question?.(options, ports) ?? null;
	if (question === null || extension?.answers?.(options, ports)) return null;
	const asked = { question, ...at };
	return (skb) => decide(asked, skb);
}

/** A test that a walk which takes every way goes by, where packets that it does not show may make its answer the other one. */
function orByOthers(
	test: Test,
	{ name, options }: MatchUse,
	{
		ports,
		assumed,
		at,
	}: {
		readonly ports: ExtensionHost;
		readonly assumed: Test | null;
		readonly at: Omit<AskedQuestion, "question">;
	},
): Test {
	const { decide } = ports;
	if (decide === undefined) return test;
	const byOthers = matches.get(name)?.byOthers?.(options, ports);
	if (byOthers === undefined) return test;
	return (skb) => {
		const answer = test(skb);
		const question = byOthers(skb, answer);
		if (question === null) return answer;
		return assumed?.(skb) ?? decide({ question, ...at }, skb);
	};
}

/** Whether the rule matches, only the machine knows that knows its names. */
function openTest(
	{ needs }: AsWritten,
	ports: ExtensionHost,
	rule: string,
): MatchTest {
	const names = needs.map(({ kind, name }) => `${NEEDS[kind].what} "${name}"`);
	const reason = `${names.join(" and ")}: only the machine knows`;
	const assumed =
		ports.assume?.({ rule, place: 0, match: null, needs, inverted: false }) ??
		null;
	const test = assumed ?? (() => ports.unknown(reason));
	return {
		test,
		fragmentTest: test,
		stateful: false,
		known: assumed !== null,
	};
}

/**
 * What is not modelled decides nothing where another match of the rule says no. So it is asked behind
 * its neighbours, but not behind one that would count the packet: whether the kernel asks that one is
 * what is not known.
 */
function decidable(tests: readonly MatchTest[]): readonly MatchTest[] {
	if (tests.every(({ known }) => known)) return tests;
	const ordered: MatchTest[] = [];
	let later: MatchTest[] = [];
	for (const one of tests) {
		if (!one.known) {
			later.push(one);
			continue;
		}
		if (one.stateful) {
			ordered.push(...later);
			later = [];
		}
		ordered.push(one);
	}
	return [...ordered, ...later];
}
