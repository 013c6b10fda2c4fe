import { balancersOf } from "../../cascades/balancers.ts";
import { type Cascade, cascadesOf } from "../../cascades/cascade.ts";
import { oncePerRule } from "../../cascades/findings.ts";
import { mistakeOf } from "../../cascades/mistakes.ts";
import {
	isMet,
	statedWeights,
	statesUnequal,
} from "../../cascades/stated-weights.ts";
import { connectionsText, listText, shareText } from "../../cascades/words.ts";
import type { Found, LintRule } from "../../finding.ts";
import { leavesARest } from "./no-backend.ts";

/** Backends that get another part than the weights in the comments of their rules say. */
export const weightNotMet: LintRule = {
	code: "MT107",
	name: "weight-not-met",
	category: "balance",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message:
		"A backend gets another part than the weight that a comment of its rule states.",
	help: "Count, or draw, what the weights come to of the connections that the rules before leave over, or correct the comments.",
	why: `Where each rule of a service states a weight in its comment (\`-m comment --comment "weight 2"\`), the weights say
what the parts should be. A rule sees only what the rules before it left over: of weights 3:1:1 the first rule takes 3/5,
the second one 1/2 of what is left, and the last one the rest.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 2" -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.4.1:8080
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 1" -m statistic --mode nth --every 4 --packet 0 -j DNAT --to-destination 10.20.4.2:8080
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 1" -j DNAT --to-destination 10.20.4.3:8080
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 2" -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.4.1:8080
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 1" -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.4.2:8080
-A PREROUTING -d 203.0.113.60/32 -p tcp -m tcp --dport 8080 -m comment --comment "weight 1" -j DNAT --to-destination 10.20.4.3:8080
COMMIT
`,
	},
	check: ({ ruleset, ...facts }) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) => {
				const weights = statedWeights(ruleset, balancer);
				const byChance = balancer.client.vectors[0]?.split.byChance ?? false;
				const missed = weights.filter((one) => !isMet(one, byChance));
				const [first] = missed;
				// What no backend gets, or equal parts that are not equal, is another fault, and the parts follow from it.
				const isOther = (cascade: Cascade) =>
					leavesARest(cascade) ||
					(!statesUnequal(weights) && mistakeOf(cascade) !== null);
				if (first === undefined || cascadesOf(balancer).some(isOther))
					return [];
				const parts = weights.map(
					({ key, weight, share, wanted }) =>
						`${key} (weight ${weight}) gets ${share === null ? "a part that is not known" : shareText(share)}, where its weight is ${shareText(wanted)}`,
				);
				const found: Found = {
					at: first.at,
					message: `the parts of the ${connectionsText(balancer)} are not those of the weights that the comments state: ${listText(parts)}`,
					happens:
						"Each rule sees only the connections that the rules before it leave over.",
					remedy:
						"Count, or draw, what the weights come to of what is left, or correct the comments.",
					related: weights
						.filter(({ at }) => at.rule !== first.at.rule)
						.map(({ at, weight }) => ({ at, role: `states weight ${weight}` })),
					path: [],
					repair: [],
				};
				return [{ service: balancer.service.key, found }];
			}),
		),
};
