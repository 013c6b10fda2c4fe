import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import {
	compareRationals,
	dividedBy,
	minus,
	plus,
	type Rational,
	rational,
	ZERO,
} from "../../../../../sim/rational.ts";
import type { RuleRef } from "../../../walk/decision.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import { aliveConditions } from "../../cascades/cascade.ts";
import { oncePerRule } from "../../cascades/findings.ts";
import {
	askersOf,
	deadText,
	endUnder,
	lossOf,
	type Situation,
	senderOf,
	situationsOf,
} from "../../cascades/situations.ts";
import {
	connectionsText,
	exactShare,
	listText,
	shareText,
} from "../../cascades/words.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Weights that change between the backends that are left. */
export const unevenFailover: LintRule = {
	code: "MT203",
	name: "uneven-failover",
	category: "failover",
	since: "0.2.0",
	severity: "note",
	confidence: "certain",
	fix: "none",
	message:
		"When a backend is dead, the others do not keep the weights that they have to each other.",
	help: "Write a cascade for each number of backends that are alive, where a backend could not carry the part of two.",
	why: `In a cascade with conditions, the part of a dead backend goes on to the rules behind it. Those are the next
rule's, most often, so one backend takes the part of two: of three equal ones with one dead, the others get 2/3 and 1/3,
where 1/2 each would be even; and 2:1:1 may become 1:1 where 2:1 is meant. A backend that is near its limit then dies of
the failure of another one.

Where backends can carry that, nothing has to be done.`,
	examples: {
		bad: `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.26/32 -p tcp -m tcp --dport 443 -j WEB
-A WEB -p tcp -m condition ! --condition "web1dead"  -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.10.11
-A WEB -p tcp -m condition ! --condition "web2dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.12
-A WEB -p tcp -m condition ! --condition "web3dead"  -j DNAT --to-destination 10.20.10.13
-A WEB -p tcp -m condition ! --condition "web2dead"  -j DNAT --to-destination 10.20.10.12
-A WEB -p tcp -m condition ! --condition "web1dead"  -j DNAT --to-destination 10.20.10.11
COMMIT
`,
		good: `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.26/32 -p tcp -m tcp --dport 443 -j WEB
-A WEB -p tcp -m condition ! --condition "web1dead"  -m condition ! --condition "web2dead"  -m condition ! --condition "web3dead"  -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.10.11
-A WEB -p tcp -m condition ! --condition "web2dead"  -m condition ! --condition "web3dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.12
-A WEB -p tcp -m condition ! --condition "web1dead"  -m condition --condition "web2dead"  -m condition ! --condition "web3dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.11
-A WEB -p tcp -m condition ! --condition "web1dead"  -m condition ! --condition "web2dead"  -m condition --condition "web3dead"  -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.10.11
-A WEB -p tcp -m condition ! --condition "web3dead"  -j DNAT --to-destination 10.20.10.13
-A WEB -p tcp -m condition ! --condition "web2dead"  -j DNAT --to-destination 10.20.10.12
-A WEB -p tcp -m condition ! --condition "web1dead"  -j DNAT --to-destination 10.20.10.11
COMMIT
`,
	},
	check: ({ ruleset, ...facts }) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) => {
				const found = foundIn(ruleset, balancer);
				return found === null ? [] : [{ service: balancer.service.key, found }];
			}),
		),
};

interface Uneven {
	readonly situation: Situation;
	/** Live backends with what they get, and what would keep their weights. */
	readonly parts: readonly {
		readonly key: string;
		readonly share: Rational;
		readonly even: Rational;
	}[];
}

function foundIn(ruleset: Ruleset, balancer: Balancer): Found | null {
	const [alive, ...others] = situationsOf(balancer);
	if (alive === undefined) return null;
	const uneven = others
		.filter(({ dead }) => dead.length > 0)
		.toSorted((a, b) => a.dead.length - b.dead.length)
		.flatMap((one) => unevenIn(one, alive) ?? []);
	const [first] = uneven;
	if (first === undefined) return null;
	const { dead } = first.situation;
	const names = balancer.service.conditions
		.filter(({ backends }) => backends.some((key) => dead.includes(key)))
		.map(({ name }) => name);
	const askers = names.flatMap((name) => askersOf(ruleset, name));
	const end = endUnder(balancer, aliveConditions(balancer), dead[0] ?? "");
	const at =
		(end && senderOf(ruleset, balancer, { end, askers })) ??
		(askers[0]?.placed.at as RuleRef);
	const evenParts = first.parts.map(
		({ key, even }) => `${key} ${shareText(even)}`,
	);
	return {
		at,
		message: `the ${connectionsText(balancer)} do not keep their weights ${uneven.map(textOf).join("; ")}`,
		happens: `The part of the dead backend goes to the next rule alone. ${capital(deadText(dead))}, it would be even like this: ${listText(evenParts)}.`,
		remedy:
			"Leave it, if each backend can carry that; else write a cascade for each number of backends that are alive.",
		related: [],
		path: end?.rules ?? [],
		repair: [],
	};
}

const capital = (text: string) =>
	text.slice(0, 1).toUpperCase() + text.slice(1);

function textOf({ situation, parts }: Uneven): string {
	const shares = parts.map(({ key, share }) => `${key} ${shareText(share)}`);
	return `${deadText(situation.dead)} (${shares.join(", ")})`;
}

/** Chance is drawn in steps of 2^-31. */
const TOLERANCE = rational(1, 1_000_000);

/** `null`: it keeps the weights, or it is another fault, or a backend stands by that gets nothing otherwise. */
function unevenIn(one: Situation, alive: Situation): Uneven | null {
	const loss = lossOf(one.split);
	if (loss === null || loss.numerator > 0n) return null;
	const weights = one.live.map((key) => exactShare(alive.split, key));
	const shares = one.live.map((key) => exactShare(one.split, key));
	if (weights.includes(null) || shares.includes(null)) return null;
	const sum = (weights as Rational[]).reduce(plus, ZERO);
	if (sum.numerator === 0n) return null;
	const parts = one.live.map((key, index) => ({
		key,
		share: shares[index] as Rational,
		even: dividedBy(weights[index] as Rational, sum),
	}));
	const standsBy = parts.some(
		({ even, share }) => even.numerator === 0n && share.numerator > 0n,
	);
	const isEven = parts.every(({ even, share }) => isNear(even, share));
	return standsBy || isEven ? null : { situation: one, parts };
}

function isNear(one: Rational, other: Rational): boolean {
	const off = minus(one, other);
	const size = off.numerator < 0n ? minus(ZERO, off) : off;
	return compareRationals(size, TOLERANCE) <= 0;
}
