/** How long new connections went unserved after a backend had failed. */
import type { Account } from "../../sim/world/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { type FailoverGap, failoverGaps } from "./failover-gaps.ts";
import { type Finding, finding } from "./finding.ts";
import { servicesWords } from "./service.ts";

type Given = Extract<ExpectationKind, { readonly kind: "failover-gap" }>;

export function judgeFailoverGap(given: Given, account: Account): Finding {
	const expected = `at most ${given.atMostMs} ms from each failure of ${given.backend} until new connections are served elsewhere`;
	const longest = failoverGaps(
		[given.backend],
		account,
	).reduce<FailoverGap | null>(
		(most, gap) =>
			most === null || lengthOf(gap) > lengthOf(most) ? gap : most,
		null,
	);
	if (longest === null)
		return finding(false, {
			expected,
			seen: `${given.backend} never failed`,
		});
	const words = servicesWords(longest.services);
	const cost = words === "" ? "none lost" : words;
	return finding(lengthOf(longest) <= given.atMostMs, {
		expected,
		seen:
			longest.gapMs === null
				? `no failover was seen: after the last connection that was not served, no more in a row were served elsewhere than before it (${cost})`
				: `${Math.round(longest.gapMs * 1000) / 1000} ms (${cost})`,
		concerned: longest.unserved,
	});
}

function lengthOf({ gapMs }: FailoverGap): number {
	return gapMs ?? Number.POSITIVE_INFINITY;
}
