/** How long new connections went unserved after a backend had failed. */
import type { Account } from "../../sim/world/account/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import {
	type Finding,
	filterWords,
	finding,
	nounOf,
	selected,
	showsNothing,
} from "../result/finding.ts";
import { servingCounts, servingWords } from "../result/serving.ts";
import {
	type AtFirst,
	type FailoverGap,
	failoverGaps,
	servesAtFirst,
	serving,
} from "./failover-gaps.ts";

type Given = Extract<ExpectationKind, { readonly kind: "failover-gap" }>;

/** @param backends without the one that is meant, it served when the play began */
export function judgeFailoverGap(
	given: Given,
	account: Account,
	backends: readonly AtFirst[] = [],
): Finding {
	const { service } = given;
	const backend =
		backends.find(({ name }) => name === given.backend) ??
		serving(given.backend);
	const of = service === undefined ? {} : { service };
	const connections = selected(account.connections, of);
	const expected = `at most ${given.atMostMs} ms from each failure of ${given.backend} until new ${nounOf(connections)}s${filterWords(of)} are served elsewhere`;
	const longest = failoverGaps([backend], {
		...account,
		connections,
	}).reduce<FailoverGap | null>(
		(most, gap) =>
			most === null || lengthOf(gap) > lengthOf(most) ? gap : most,
		null,
	);
	if (longest === null) {
		if (servesAtFirst(backend))
			return finding(false, { expected, seen: `${backend.name} never failed` });
		const seen = `${backend.name} did not serve when the play began, and never failed after it`;
		return showsNothing(
			finding(true, { expected, seen }),
			"no failover was played: let it serve first, and fail in a step",
		);
	}
	const cost = costWords(longest);
	const found = finding(lengthOf(longest) <= given.atMostMs, {
		expected,
		seen:
			longest.gapMs === null
				? `no failover was seen: ${longest.whyUnseen} (${cost})`
				: `${Math.round(longest.gapMs * 1000) / 1000} ms (${cost})`,
		concerned: [...longest.unserved, ...longest.unservedElsewhere].sort(
			(one, other) => one.id - other.id,
		),
	});
	return longest.isByLuck && found.outcome === "holds"
		? showsNothing(
				found,
				`too few ${nounOf(connections)}s went to ${backend.name} to know how many in a row go elsewhere anyway`,
			)
		: found;
}

/** `20 lost; at other backends 43 lost`. */
function costWords({ servings, unservedElsewhere }: FailoverGap): string {
	const own = servingWords(servings);
	const others = servingWords(servingCounts(unservedElsewhere));
	return `${own === "" ? "none lost" : own}${others === "" ? "" : `; at other backends ${others}`}`;
}

function lengthOf({ gapMs }: FailoverGap): number {
	return gapMs ?? Number.POSITIVE_INFINITY;
}
