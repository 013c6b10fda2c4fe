/** How long new connections went on being lost after a backend had failed. */
import type { Account } from "../../sim/world/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { type FailoverGap, failoverGaps } from "./failover-gaps.ts";
import { counted, type Finding, finding } from "./finding.ts";

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
	const lost = counted(longest.lost.length, "connection");
	return finding(lengthOf(longest) <= given.atMostMs, {
		expected,
		seen:
			longest.gapMs === null
				? `no failover was seen: after the last loss not more connections in a row were served elsewhere than before it (${lost} lost)`
				: `${Math.round(longest.gapMs * 1000) / 1000} ms (${lost} lost)`,
		concerned: longest.lost,
	});
}

function lengthOf({ gapMs }: FailoverGap): number {
	return gapMs ?? Number.POSITIVE_INFINITY;
}
