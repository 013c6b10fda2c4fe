import type { Rule, Table } from "../../../../../sim/contract/ruleset.ts";
import { printPacket } from "../../../../../sim/packet/notation/notation.ts";
import { endOf } from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { decisionText, endsOf, nodesOf } from "../../../walk/ends-of.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import {
	isRestore,
	isSet,
	isTest,
	markText,
	overlap,
	type Step,
	stepsOf,
	type UseOfMark,
	usesOfMarks,
} from "./mark-rules.ts";

/** A mark that counters or draws give to some packets, and that is gone, or too late, before anything reads it. */
export const markWithoutEffect: LintRule = {
	code: "MT408",
	name: "mark-without-effect",
	category: "marks",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message:
		"A rule takes turns or draws to set a mark, and nothing reads the mark behind it.",
	help: "Restore marks in front of the rules that set them, and set a mark for routing in `mangle` `PREROUTING`.",
	why: `A mark balances nothing by itself: routing or a later rule has to read it. \`CONNMARK --restore-mark\` behind the
rules that set it writes the connection's mark over it, which is 0 for a first packet. And routing reads the mark once,
behind \`PREROUTING\` (behind \`OUTPUT\` for what the gateway itself sends): a mark that \`FORWARD\` or \`POSTROUTING\` sets
chooses no table of routes any more.

All packets then go the same way, whatever the rule counts or draws. A mark that is set behind routing is only found where
a routing rule for it is given (\`--routing-rules\`), and no other rule reads it.`,
	examples: {
		bad: `*mangle
-A PREROUTING -i lan0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -i lan0 -m mark --mark 0x0 -j MARK --set-xmark 0x2/0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
		good: `*mangle
:BALANCE - [0:0]
-A PREROUTING -i lan0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i lan0 -m mark --mark 0x0 -j BALANCE
-A BALANCE -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x1/0xffffffff
-A BALANCE -m mark --mark 0x0 -j MARK --set-xmark 0x2/0xffffffff
-A BALANCE -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
`,
	},
	check(facts) {
		const decisions = [
			...facts.services.flatMap(({ classes }) => classes),
			...facts.others,
		].map(({ decision }) => decision);
		const byRule = new Map<string, Found | null>();
		for (const fork of decisions.flatMap((one) => nodesOf(one))) {
			if (fork.kind !== "fork" || !isChance(fork)) continue;
			const { rule } = fork.asked.at;
			// What has an effect on one packet has one.
			if (byRule.get(rule) === null) continue;
			const one = hasEffect(fork) ? null : foundAt(fork, facts);
			if (one === null) byRule.set(rule, null);
			else if (!byRule.has(rule)) byRule.set(rule, one);
		}
		return [...byRule.values()].filter((one) => one !== null);
	},
};

type Fork = Extract<Decision, { readonly kind: "fork" }>;

function isChance({ asked: { kind } }: Fork): boolean {
	return kind === "turn" || kind === "draw" || kind === "spread";
}

/** Do the ways lead to different ends, as far as routing and later packets go? */
function hasEffect(fork: Fork): boolean {
	const ends = endsOf(fork);
	if (ends.some(({ fate }) => fate.kind === "unknown")) return true;
	if (new Set(ends.map(endText)).size === 1) return false;
	return new Set(fork.ways.map((way) => decisionText(way, endText))).size > 1;
}

/** Without the mark that it has at last: what reads that is for `foundAt` to ask. */
function endText(end: End): string {
	const { fate, packet, routingMark, connmark, remembers, answered } = end;
	const sent = packet === null ? null : printPacket(packet);
	return JSON.stringify([
		fate,
		sent,
		routingMark,
		connmark,
		remembers,
		answered,
	]);
}

/** `null`: it sets no mark, or something else may read the one that it sets. */
function foundAt(fork: Fork, facts: Facts): Found | null {
	const { at } = fork.asked;
	for (const end of endsOf(fork)) {
		const steps = stepsOf(end, facts);
		const from = steps.findIndex(({ placed }) => placed.at.rule === at.rule);
		const set = from < 0 ? null : setBehind(steps, from);
		if (set === null || isReadByRules(set, facts)) continue;
		const { bits } = set.use;
		const marks = new Set(endsOf(fork).map(({ mark }) => mark & bits));
		if (marks.size > 1)
			return isForRouting(set, facts) ? tooLate(at, end, set) : null;
		const over = steps
			.slice(set.index + 1)
			.find(({ uses }) => uses.some((use) => overwrites(use, set.use)));
		return over === undefined ? null : overwritten(at, end, { set, over });
	}
	return null;
}

interface SetMark extends UseOfMark {
	/** Where it stands among the rules of the way. */
	readonly index: number;
}

/** The mark that the rule sets, or the chain that it leads to. */
function setBehind(steps: readonly Step[], from: number): SetMark | null {
	const asking = steps[from] as Step;
	const { target } = asking.placed.rule;
	const leads = target?.kind === "jump" || target?.kind === "goto";
	const chains = leads
		? [asking, ...steps.slice(from + 1).filter(isIn(target.chain))]
		: [asking];
	for (const { placed, uses } of chains) {
		const use = uses.find(isSet);
		const index = steps.findIndex((one) => one.placed === placed);
		if (use !== undefined) return { placed, use, index };
	}
	return null;
}

const isIn =
	(chain: string) =>
	({ placed }: Step) =>
		placed.chain.name === chain;

type Use = UseOfMark["use"];

/** With what the connection has, or with another mark. */
function overwrites(use: Use, set: Use): boolean {
	return (isRestore(use) || isSet(use)) && overlap(use, set);
}

/** A rule that only marks by a mark decides nothing else, be it by a chain of such rules. */
function isReadByRules(set: SetMark, { ruleset }: Facts): boolean {
	return usesOfMarks(ruleset).some(
		({ placed: { rule, table }, use }) =>
			isTest(use) &&
			overlap(use, set.use) &&
			!marksAlone(rule.target, table.chains),
	);
}

/** What comes to it goes on behind it, with another mark at most. */
function marksAlone(target: Rule["target"], chains: Table["chains"]): boolean {
	if (target?.kind === "extension")
		return (
			targets.get(target.name)?.marks !== undefined && endOf(target) === null
		);
	// Chains that were loaded do not call each other in a circle.
	return (
		target?.kind === "jump" &&
		chains
			.filter(({ name }) => name === target.chain)
			.flatMap(({ rules }) => rules)
			.every(({ target: own }) => isReturn(own) || marksAlone(own, chains))
	);
}

function isReturn(target: Rule["target"]): boolean {
	return (
		target === null || (target.kind === "verdict" && target.name === "RETURN")
	);
}

function isForRouting({ use }: SetMark, { world }: Facts): boolean {
	return world.markRoutes.some(
		({ mark, mask }) =>
			(mask & use.bits) !== 0 && ((use.value ?? 0) & mask) >>> 0 === mark,
	);
}

function tooLate(at: RuleRef, { rules }: End, { placed, use }: SetMark): Found {
	return {
		at,
		message: `mark ${markText(use)} is set behind routing, which is to read it`,
		happens: `All packets go the same way: they have been routed before they come to ${placed.chain.name}.`,
		remedy:
			"Set the mark in `mangle` `PREROUTING`, or in `OUTPUT` for what the gateway itself sends.",
		related:
			placed.at.rule === at.rule
				? []
				: [{ at: placed.at, role: "sets the mark" }],
		path: rules,
		repair: [],
		assumes: "nothing but routing reads the mark (tc)",
	};
}

function overwritten(
	at: RuleRef,
	{ rules }: End,
	{ set, over }: { readonly set: SetMark; readonly over: Step },
): Found {
	const isLate = over.uses.some(isRestore);
	return {
		at,
		message: `mark ${markText(set.use)} has no effect: ${over.placed.at.rule} writes another over it`,
		happens: `All packets go the same way: \`${over.placed.at.text}\` ${isLate ? "gives each the mark that its connection has" : "comes behind"}.`,
		remedy: `Put \`${over.placed.at.text}\` in front of the rules that set the mark.`,
		related: [
			...(set.placed.at.rule === at.rule
				? []
				: [{ at: set.placed.at, role: "sets the mark" }]),
			{ at: over.placed.at, role: "writes over it" },
		],
		path: rules,
		repair: [],
	};
}
