import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import { balancersOf } from "../../cascades/balancers.ts";
import { type Cascade, cascadesOf } from "../../cascades/cascade.ts";
import { oncePerRule, partAt, placeOf } from "../../cascades/findings.ts";
import { type Mistake, mistakeOf } from "../../cascades/mistakes.ts";
import { repairOf } from "../../cascades/rule-edits.ts";
import { statedWeights, statesUnequal } from "../../cascades/stated-weights.ts";
import {
	connectionsText,
	relatedSteps,
	rightText,
	sharesText,
	whyUnequal,
} from "../../cascades/words.ts";
import type { Found, LintRule } from "../../finding.ts";
import { leavesARest } from "./no-backend.ts";

/** Backends whose counters or probabilities are those of equal parts, and whose parts are not equal. */
export const unequalSplit: LintRule = {
	code: "MT102",
	name: "unequal-split",
	category: "balance",
	since: "0.2.0",
	severity: "error",
	confidence: "certain",
	fix: "safe",
	message: "Counters or probabilities of equal parts give unequal ones.",
	help: "Where a match ends the walk, count N, N-1, …, 2 and let the last rule take the rest; probabilities are 1/N, 1/(N-1), …, 1/2.",
	why: `A rule behind others that end the walk sees only what they left over. So a probability of 0.25 three times,
with a last rule for the rest, gives 25 %, 18.8 %, 14.1 % and 42.2 %: the last backend gets as much as the two before
it and more. kube-proxy writes 1/4, 1/3, 1/2 and a last rule without a probability, which gives a quarter each.

Marks that overwrite each other are the other way round: all rules see all connections, and the last one that matches
decides. There, probabilities of 1, 1/2, 1/3, 1/4 give equal parts, and so do counters of one size with a packet of its
own each.

Weights are no fault: what is reported are counters and probabilities that fit the number of backends, and so are meant
to give equal parts.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 172.20.6.1:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 172.20.6.2:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 172.20.6.3:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -j DNAT --to-destination 172.20.6.4:3306
COMMIT
`,
		good: `*nat
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 172.20.6.1:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 172.20.6.2:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 172.20.6.3:3306
-A PREROUTING -d 192.0.2.81/32 -p tcp -m tcp --dport 3306 -j DNAT --to-destination 172.20.6.4:3306
COMMIT
`,
	},
	check: (facts) =>
		oncePerRule(
			balancersOf(facts).flatMap((balancer) =>
				cascadesOf(balancer).flatMap((cascade) => {
					// Where comments state weights, those are what is meant.
					if (statesUnequal(statedWeights(facts.ruleset, balancer))) return [];
					const mistake = mistakeOf(cascade);
					// A cascade that leaves connections over, or is of the other form, has a finding of its own.
					if (mistake === null || leavesARest(cascade) || isOtherForm(mistake))
						return [];
					const found = foundAt(facts.ruleset, cascade, mistake);
					return [{ service: balancer.service.key, found }];
				}),
			),
		),
};

/** Counters that are right where the first match ends the walk. */
function isOtherForm({ kind }: Mistake): boolean {
	return kind === "descending";
}

function foundAt(ruleset: Ruleset, cascade: Cascade, mistake: Mistake): Found {
	const { balancer, split, steps } = cascade;
	const repair = repairOf(ruleset, cascade, mistake);
	const at = placeOf(cascade, repair);
	const shares = sharesText(split, (key) => balancer.isBackend(key));
	const what = steps[0]?.asked.kind === "draw" ? "probabilities" : "counters";
	return {
		at,
		part: partAt(ruleset, at),
		message: `the ${what} are those of ${mistake.backends} equal parts, and the ${connectionsText(balancer)} are split unequally: ${shares}`,
		happens: whyUnequal(cascade, mistake),
		remedy: rightText(ruleset, cascade, mistake),
		related: relatedSteps(cascade, at),
		path: steps.at(-1)?.target.end.rules ?? [],
		repair,
	};
}
