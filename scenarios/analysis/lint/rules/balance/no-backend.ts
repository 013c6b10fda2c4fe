import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { ALL_BITS } from "../../../../../sim/extension/mark-uses.ts";
import {
	compareRationals,
	rational,
	ZERO,
} from "../../../../../sim/rational.ts";
import { NO_BACKEND } from "../../../services/service.ts";
import { contains } from "../../../spaces/intervals.ts";
import { takenBy } from "../../../spaces/space.ts";
import { splitOf } from "../../../split/split-of.ts";
import type { Decision, End } from "../../../walk/decision.ts";
import { endsOf, nodesOf } from "../../../walk/ends-of.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import {
	aliveConditions,
	type Cascade,
	cascadesOf,
	onlyWayOf,
} from "../../cascades/cascade.ts";
import { oncePerRule, partAt, placeOf } from "../../cascades/findings.ts";
import { type Mistake, mistakeOf } from "../../cascades/mistakes.ts";
import { repairOf } from "../../cascades/rule-edits.ts";
import {
	connectionsText,
	exactShare,
	relatedSteps,
	rightText,
	sharesText,
	shareText,
	whereTo,
	whyUnequal,
} from "../../cascades/words.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import {
	fewMarks,
	isTest,
	markText,
	type UseOfMark,
	usesOfMarks,
} from "../marks/mark-rules.ts";

/** Connections of a balanced service that no rule takes, though all backends are alive. */
export const noBackend: LintRule = {
	code: "MT101",
	name: "no-backend",
	category: "balance",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message: "Connections of a service reach no backend.",
	help: "Let the last rule of the cascade take all connections that come to it, and count N, N-1, …, 2 before it.",
	why: `Each nth rule has a counter of its own. Where a rule ends the walk (DNAT, or a mark that later rules ask
for), the counters behind it see only the connections that it left over: three rules with \`--every 3\` take 1/3,
2/9 and 4/27, and 8/27 of the connections are taken by none of them. The same is true of draws: a probability of
0.33 three times leaves 30 %.

These connections go where packets go without a balancer, most often to the gateway itself, which refuses them. Clients
see it as an error that comes and goes, and each reload begins it anew. Counters that go from N to 2, with a last rule
that takes all that is left, give equal parts and lose nothing.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.0.11:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 1 -j DNAT --to-destination 10.20.0.12:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 2 -j DNAT --to-destination 10.20.0.13:80
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.0.11:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.12:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.13:80
COMMIT
`,
	},
	check: (facts) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) => {
				const found = [
					...cascadesOf(balancer)
						.filter(leavesARest)
						.map((cascade) => foundAt(facts.ruleset, cascade)),
					...spreadsOf(balancer).flatMap((spread) =>
						foundInSpread(facts, balancer, spread),
					),
				];
				const service = balancer.service.key;
				return found.map((one) => ({ service, found: one }));
			}),
		),
};

type Spread = Extract<Decision, { readonly kind: "fork" }>;

/** Where a hash or a draw picks a mark or an address, with all conditions alive. */
function spreadsOf(balancer: Balancer): readonly Spread[] {
	const alive = aliveConditions(balancer);
	return nodesOf(balancer.client.decision, ({ asked, ways }) => {
		const only = onlyWayOf(asked, alive);
		return only === null ? ways : [ways[only] as Decision];
	}).flatMap((node) =>
		node.kind === "fork" && node.asked.kind === "spread" ? [node] : [],
	);
}

/** Some of its ways lead to backends alone, and others to none: more marks than rules that ask for one, say. */
function foundInSpread(
	facts: Facts,
	balancer: Balancer,
	{ asked, ways }: Spread,
): readonly Found[] {
	const conditions = aliveConditions(balancer);
	const keyOf = balancer.chosenAt;
	const splits = ways.map((way) => splitOf(way, { keyOf, conditions }));
	const lost = ways.filter((_, index) =>
		splits[index]?.parts.every(({ key }) => key.startsWith(NO_BACKEND)),
	);
	const served = splits.filter(({ parts }) =>
		parts.every(({ key }) => balancer.isBackend(key)),
	);
	const [rest] = lost.flatMap((way) => endsOf(way));
	if (rest === undefined || served.length === 0) return [];
	const share = rational(BigInt(lost.length), BigInt(ways.length));
	const given = [
		...new Set(ways.flatMap((way) => endsOf(way).map(({ mark }) => mark))),
	];
	const waiting = waitingFor(facts, balancer, given);
	return [
		{
			at: asked.at,
			part: asked.at.text,
			message: `${shareText(share)} of the ${connectionsText(balancer)} that come to this rule get no backend`,
			happens: `The rule picks one of ${ways.length}, and ${lost.length} of them ${lost.length === 1 ? "leads" : "lead"} to no backend. What is left is ${whereTo(keyOf(rest))}.`,
			remedy:
				waiting.length === 0
					? `Let the rule pick one of as many as there are backends behind it (${served.length}), or let the last rule take all connections that come to it.`
					: `Let the rules behind ask for the marks that this rule gives, ${fewMarks(given.map((value) => markText({ value, bits: ALL_BITS })))}, or let it give those that they ask for (an offset shifts them).`,
			path: rest.rules,
			related: waiting.map(({ placed, use }) => ({
				at: placed.at,
				role: `asks for the mark ${markText(use)}, which no packet has`,
			})),
			repair: [],
			...assumption(balancer, rest, null),
		},
	];
}

/** Rules for packets of this client that ask for a mark which is none of these, and that no packet met. */
function waitingFor(
	{ ruleset, unmet }: Facts,
	{ client }: Balancer,
	given: readonly number[],
): readonly UseOfMark[] {
	const idle = new Set(unmet.map(({ rule }) => rule));
	const { destination } = client.packet;
	return usesOfMarks(ruleset).filter(({ placed: { at, rule }, use }) => {
		const { value, bits, inverted } = use;
		const taken = takenBy([rule], [client.interface])[0];
		return (
			idle.has(at.rule) &&
			isTest(use) &&
			!inverted &&
			value !== null &&
			given.every((mark) => (mark & bits) >>> 0 !== value >>> 0) &&
			taken !== null &&
			taken !== undefined &&
			contains(taken.destination, destination >>> 0)
		);
	});
}

/** No rule takes what the steps leave, and they leave something. */
export function leavesARest({
	balancer,
	steps,
	rest,
	split,
}: Cascade): boolean {
	const share = exactShare(split, rest.key);
	return (
		rest.key.startsWith(NO_BACKEND) &&
		steps.every(({ target }) => balancer.isBackend(target.key)) &&
		share !== null &&
		compareRationals(share, ZERO) > 0
	);
}

function foundAt(ruleset: Ruleset, cascade: Cascade): Found {
	const { balancer, rest, split, isWhole } = cascade;
	const mistake = mistakeOf(cascade);
	const repair = mistake === null ? [] : repairOf(ruleset, cascade, mistake);
	const at = placeOf(cascade, repair);
	const share = exactShare(split, rest.key) ?? ZERO;
	const where = isWhole ? "" : " that come to these rules";
	const isSource = balancer.service.balances === "source";
	const fate = isSource ? "leave untranslated" : "get no backend";
	const shares = sharesText(split, (key) => balancer.isBackend(key));
	return {
		at,
		part: partAt(ruleset, at),
		message: `${shareText(share)} of the ${connectionsText(balancer)}${where} ${fate}`,
		happens: `${whyLeft(cascade, mistake)} The shares are ${shares}. What is left is ${whereTo(rest.key)}.`,
		remedy:
			mistake === null
				? "Let the last rule take all connections that come to it, or add a rule behind it for those that it leaves."
				: rightText(ruleset, cascade, mistake),
		related: relatedSteps(cascade, at),
		path: rest.end.rules,
		repair,
		...assumption(balancer, rest.end, mistake),
	};
}

function whyLeft(cascade: Cascade, mistake: Mistake | null): string {
	if (mistake !== null) return whyUnequal(cascade, mistake);
	return cascade.steps.at(-1)?.asked.kind === "draw"
		? "The last rule draws too, so the probabilities leave a rest."
		: "The last rule counts too, so it leaves a rest that no rule takes.";
}

/** One rule that sends away a part of what the gateway serves may be meant so. */
function assumption(
	balancer: Balancer,
	rest: End,
	mistake: Mistake | null,
): Pick<Found, "assumes"> {
	const isServed =
		mistake === null &&
		balancer.service.balances === "destination" &&
		rest.fate.kind === "delivered";
	return isServed
		? { assumes: "the gateway itself does not serve these connections" }
		: {};
}
