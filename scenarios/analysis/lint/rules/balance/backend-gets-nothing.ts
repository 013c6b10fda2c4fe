import { compareRationals, ZERO } from "../../../../../sim/rational.ts";
import type { Decision, End, RuleRef } from "../../../walk/decision.ts";
import { askedIn, endsOf } from "../../../walk/ends-of.ts";
import { type Balancer, balancersOf } from "../../cascades/balancers.ts";
import { onlyWayOf } from "../../cascades/cascade.ts";
import { choosingRule } from "../../cascades/choosing-rule.ts";
import {
	connectionsText,
	exactShare,
	sharesText,
} from "../../cascades/words.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Backends that stand in the rules and that no connection can reach. */
export const backendGetsNothing: LintRule = {
	code: "MT103",
	name: "backend-gets-nothing",
	category: "balance",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "none",
	message:
		"A backend of a service gets no connection, whatever the counters, draws and conditions are.",
	help: "Let the rules before it leave connections over: `--every 1` and `--probability 1` take all of them.",
	why: `Rules stand behind each other, and one of them takes all connections that come to it: it counts with
\`--every 1\`, or draws with a probability of 1, or no packet is left at which the counter of a later rule comes round. The
backends behind it look as if they had a part, and have none.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.11:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 1 --packet 0 -j DNAT --to-destination 10.20.0.12:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.13:80
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 3 --packet 0 -j DNAT --to-destination 10.20.0.11:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.12:80
-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.13:80
COMMIT
`,
	},
	check: (facts) => {
		const byService = new Map<string, Balancer[]>();
		for (const balancer of balancersOf(facts)) {
			const known = byService.get(balancer.service.key) ?? [];
			byService.set(balancer.service.key, [...known, balancer]);
		}
		return [...byService.values()].flatMap((balancers) =>
			unreached(balancers).map((key) => foundAt(facts, balancers, key)),
		);
	},
};

/** Backends that none of its classes of clients reaches. */
function unreached(balancers: readonly Balancer[]): readonly string[] {
	const reached = new Set(balancers.flatMap((one) => [...reachedBy(one)]));
	const all = balancers[0]?.service.backends ?? [];
	return all.map(({ key }) => key).filter((key) => !reached.has(key));
}

/** Backends that connections come to; without conditions, those with a part. */
function reachedBy({ client, keyOf }: Balancer): ReadonlySet<string> {
	const [alive] = client.vectors;
	const hasConditions = Object.keys(alive?.conditions ?? {}).length > 0;
	const gets = (key: string) => {
		const share = alive && exactShare(alive.split, key);
		return !share || compareRationals(share, ZERO) > 0;
	};
	const keys = new Set(possibleEnds(client.decision).map(keyOf));
	return new Set([...keys].filter((key) => hasConditions || gets(key)));
}

/** Ends at which something can come, with any values of the conditions. */
function possibleEnds(decision: Decision): readonly End[] {
	return endsOf(decision, ({ asked, ways }) => {
		const only =
			asked.kind === "condition" ? null : onlyWayOf(asked, new Map());
		return only === null ? ways : [ways[only] as Decision];
	});
}

function foundAt(
	{ ruleset }: Facts,
	balancers: readonly Balancer[],
	key: string,
): Found {
	const ends = balancers.flatMap(({ client, keyOf }) =>
		endsOf(client.decision).filter((end) => keyOf(end) === key),
	);
	const balancer = balancers[0] as Balancer;
	const end = ends[0] as End;
	const at = choosingRule(ruleset, end, balancer.service.balances) as RuleRef;
	const [alive] = balancer.client.vectors;
	return {
		at,
		message: `${key} gets no connection: the rules before it leave none over`,
		happens: `The ${connectionsText(balancer)} go to others: ${alive === undefined ? "" : sharesText(alive.split, (one) => one !== key)}.`,
		remedy:
			"Let the rules before this one leave connections over, or delete it.",
		related: takers(balancer, at).map((one) => ({
			at: one,
			role: "takes all connections that come to it",
		})),
		path: [],
		repair: [],
	};
}

/** Rules before it that count or draw and always match. */
function takers({ client }: Balancer, { rule }: RuleRef): readonly RuleRef[] {
	const found = new Map<string, RuleRef>();
	for (const asked of askedIn(client.decision)) {
		const takesAll =
			asked.kind !== "condition" && onlyWayOf(asked, new Map()) === 1;
		if (takesAll && asked.at.rule !== rule) found.set(asked.at.rule, asked.at);
	}
	return [...found.values()];
}
