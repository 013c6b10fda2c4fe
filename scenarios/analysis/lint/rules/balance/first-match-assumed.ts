import type {
	MatchUse,
	Rule,
	Ruleset,
} from "../../../../../sim/contract/ruleset.ts";
import { printRule } from "../../../../../sim/ruleset/print.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import {
	aliveConditions,
	type Cascade,
	type Counted,
	cascadesOf,
	onlyWayOf,
} from "../../cascades/cascade.ts";
import { markWritten, writesMark } from "../../cascades/choosing-rule.ts";
import { oncePerRule, partAt, placeOf } from "../../cascades/findings.ts";
import { type Mistake, mistakeOf, partOf } from "../../cascades/mistakes.ts";
import { repairOf, ruleOf, withQuestion } from "../../cascades/rule-edits.ts";
import {
	connectionsText,
	listText,
	relatedSteps,
	rightText,
	sharesText,
	whyUnequal,
} from "../../cascades/words.ts";
import type { PlacedRule } from "../../each-rule.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { leavesARest } from "./no-backend.ts";

/** Marks that overwrite each other, counted as if the first one that matches were kept. */
export const firstMatchAssumed: LintRule = {
	code: "MT104",
	name: "first-match-assumed",
	category: "balance",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message:
		"Rules that set marks are written as if the first match ended the walk, and the last one overwrites the others.",
	help: "Let each rule behind the first ask whether the mark is still 0 (`-m mark --mark 0x0`), or set a mark for all first and overwrite it with counters of one size, each with a packet of its own.",
	why: `DNAT, ACCEPT and DROP end the walk through a table. MARK does not: the packet goes on to the next rule, and a
rule without a counter that stands last overwrites the mark of every connection. The first backends get nothing.

With \`-m mark --mark 0x0\` in front, a rule sees only the connections that no rule before it has marked, and the
counters go from N to 2 as they do before DNAT.`,
	examples: {
		bad: `*mangle
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m statistic --mode nth --every 3 --packet 0 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j MARK --set-xmark 0x3/0xffffffff
COMMIT
*nat
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j DNAT --to-destination 10.20.5.1:80
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x2 -j DNAT --to-destination 10.20.5.2:80
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x3 -j DNAT --to-destination 10.20.5.3:80
COMMIT
`,
		good: `*mangle
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m statistic --mode nth --every 3 --packet 0 -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark 0x2/0xffffffff
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -m mark --mark 0x0 -j MARK --set-xmark 0x3/0xffffffff
COMMIT
*nat
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j DNAT --to-destination 10.20.5.1:80
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x2 -j DNAT --to-destination 10.20.5.2:80
-A PREROUTING -d 203.0.113.71/32 -p tcp -m tcp --dport 80 -m mark --mark 0x3 -j DNAT --to-destination 10.20.5.3:80
COMMIT
`,
	},
	check: ({ ruleset, ...facts }) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) => {
				const service = balancer.service.key;
				const inVain = overwrittenIn(ruleset, balancer);
				if (inVain !== null)
					return [{ service, found: overwritten(ruleset, balancer, inVain) }];
				return cascadesOf(balancer).flatMap((cascade) => {
					const mistake = mistakeOf(cascade);
					if (mistake?.kind !== "descending" || leavesARest(cascade)) return [];
					return [{ service, found: descending(ruleset, cascade, mistake) }];
				});
			}),
		),
};

/** Marks that are set by turn or by chance and that no connection keeps. */
interface InVain {
	/** Rules that count or draw, in order. */
	readonly steps: readonly Counted[];
	/** The rule that overwrites them. */
	readonly by: RuleRef;
	/** Bits that are overwritten. */
	readonly bits: number;
}

function overwrittenIn(ruleset: Ruleset, balancer: Balancer): InVain | null {
	const steps: Counted[] = [];
	let by: RuleRef | null = null;
	let bits = 0;
	for (const { asked, match } of countedForks(balancer)) {
		const placed = ruleOf(ruleset, asked.at.rule);
		const written = placed === null ? null : markWritten(placed.rule);
		if (placed === null || written === null) continue;
		const writers = endsOf(match).map((end) =>
			overwriter(ruleset, end, placed),
		);
		const [writer] = writers;
		const isAlways = writers.every(
			(one) => one !== null && one.rule === writer?.rule,
		);
		if (!isAlways || writer === null || writer === undefined) continue;
		// A rule that overwrites a part of the mark only leaves the other part to be read.
		const other = markWritten(
			(ruleOf(ruleset, writer.rule) as PlacedRule).rule,
		);
		if (other === null || (written.bits & ~other.bits) !== 0) continue;
		steps.push(asked);
		by = writer;
		bits = (bits | written.bits) >>> 0;
	}
	return by === null ? null : { steps, by, bits };
}

interface CountedFork {
	readonly asked: Counted;
	readonly match: Decision;
}

/** One for each rule that counts or draws, with all conditions alive, in the order of the walk. */
function countedForks(balancer: Balancer): readonly CountedFork[] {
	const conditions = aliveConditions(balancer);
	const found = new Map<string, CountedFork>();
	const seen = new Set<Decision>();
	const visit = (one: Decision): void => {
		if (one.kind === "leaf" || seen.has(one)) return;
		seen.add(one);
		const { asked, ways } = one;
		const only = onlyWayOf(asked, conditions);
		if (only !== null) {
			visit(ways[only] as Decision);
			return;
		}
		if (
			(asked.kind === "turn" || asked.kind === "draw") &&
			!found.has(asked.key)
		)
			found.set(asked.key, { asked, match: ways[1] as Decision });
		for (const way of ways) visit(way);
	};
	visit(balancer.client.decision);
	return [...found.values()];
}

/** The rule without a counter in the same chain that writes the mark again behind this one; `null`: none does. */
function overwriter(
	ruleset: Ruleset,
	{ rules }: End,
	{ table, chain, at }: PlacedRule,
): RuleRef | null {
	const start = rules.findIndex(({ rule }) => rule === at.rule);
	if (start < 0) return null;
	const last = rules
		.slice(start + 1)
		.map(({ rule }) => ruleOf(ruleset, rule))
		.findLast(
			(one) =>
				one !== null &&
				one.table === table &&
				one.chain === chain &&
				writesMark(one.rule),
		);
	return last === undefined || last === null || isCounted(last.rule)
		? null
		: last.at;
}

const isCounted = (rule: Rule) => withQuestion(rule, null) !== null;

function overwritten(
	ruleset: Ruleset,
	balancer: Balancer,
	inVain: InVain,
): Found {
	const { steps, by } = inVain;
	const [alive] = balancer.client.vectors;
	const shares = alive === undefined ? "" : sharesText(alive.split);
	const rules = steps.length === 1 ? "the rule" : `the ${steps.length} rules`;
	return {
		at: by,
		message: `this rule overwrites the marks of ${rules} before it, so the ${connectionsText(balancer)} are split like this: ${shares}`,
		happens:
			"A mark does not end the walk: the last rule that matches decides, and this one matches all connections.",
		remedy: `Ask for a mark that is still 0 (\`${markWords(inVain)}\`) in each rule behind the first.`,
		related: steps.map(({ at }) => ({
			at,
			role: "sets a mark that is overwritten",
		})),
		path: [...steps.slice(0, 1).map(({ at }) => at), by],
		repair: firstMatchRepair(ruleset, inVain),
	};
}

function markIsUnset({ bits }: InVain): MatchUse {
	return {
		name: "mark",
		options: { value: 0, mask: bits | 0, inverted: false },
	};
}

function markWords({ bits }: InVain): string {
	const mask = bits === 0xffffffff ? "" : `/0x${bits.toString(16)}`;
	return `-m mark --mark 0x0${mask}`;
}

/** What the counters are meant for: each rule sees what the rules before it left over. */
function firstMatchRepair(ruleset: Ruleset, inVain: InVain): readonly Edit[] {
	const { steps, by } = inVain;
	const parts = steps.length + 1;
	const edits: Edit[] = [];
	for (const [index, at] of [...steps.map((one) => one.at), by].entries()) {
		const placed = ruleOf(ruleset, at.rule);
		if (placed === null) return [];
		const kind = steps[index]?.kind;
		const asking =
			kind === undefined
				? placed.rule
				: withQuestion(placed.rule, partOf(kind, parts - index));
		if (asking === null) return [];
		const rule = index === 0 ? asking : withMatch(asking, markIsUnset(inVain));
		const text = printRule(rule, placed.chain.name);
		if (text !== at.text) edits.push({ kind: "replace", rule: at.rule, text });
	}
	return edits;
}

/** Before what counts or draws, so that only those that match are counted. */
function withMatch(rule: Rule, use: MatchUse): Rule {
	const left = withQuestion(rule, null);
	const at =
		left === null
			? rule.matches.length
			: rule.matches.findIndex((one) => !left.matches.includes(one));
	return { ...rule, matches: rule.matches.toSpliced(at, 0, use) };
}

function descending(
	ruleset: Ruleset,
	cascade: Cascade,
	mistake: Mistake,
): Found {
	const { balancer, split, steps } = cascade;
	const repair = repairOf(ruleset, cascade, mistake);
	const at = placeOf(cascade, repair);
	const targets = listText(steps.map(({ target }) => target.key));
	return {
		at,
		part: partAt(ruleset, at),
		message: `the rules for ${targets} count as if the first match ended the walk, and the ${connectionsText(balancer)} are split unequally: ${sharesText(split, balancer.isBackend)}`,
		happens: whyUnequal(cascade, mistake),
		remedy: rightText(ruleset, cascade, mistake),
		related: relatedSteps(cascade, at),
		path: steps.at(-1)?.target.end.rules ?? [],
		repair,
	};
}
