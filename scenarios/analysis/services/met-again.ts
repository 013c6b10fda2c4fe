/** Rules that only clients meet which come again: lists and sets are then as an earlier connection has left them. */
import type { UnmetRule } from "../walk/decision.ts";
import { endsOf, rulesIn } from "../walk/ends-of.ts";
import { comesAgain } from "../walk/later-packets.ts";
import { TooManyWaysError, type Walker } from "../walk/walker.ts";
import type { Found } from "./found.ts";

/** Next connections that are walked for it. */
const MOST_WALKED = 2_000;

/** @returns those that no client meets on its next connection either */
export function withoutMetAgain(
	unmet: readonly UnmetRule[],
	found: readonly Found[],
	walker: Walker,
): readonly UnmetRule[] {
	let left = unmet;
	let walked = 0;
	for (const { arrival, decision } of found.flatMap((one) => one.classes))
		for (const end of endsOf(decision)) {
			if (left.length === 0 || walked > MOST_WALKED) return left;
			if (!end.remembers) continue;
			walked++;
			const met = rulesMetAgain(walker, arrival, end);
			left = left.filter(({ rule }) => !met.has(rule));
		}
	return left;
}

function rulesMetAgain(
	...[walker, arrival, end]: Parameters<typeof comesAgain>
): ReadonlySet<string> {
	try {
		const again = comesAgain(walker, arrival, end);
		return new Set(
			again === null ? [] : rulesIn(again).map(({ rule }) => rule),
		);
	} catch (error) {
		// They stay among those that no packet met.
		if (error instanceof TooManyWaysError) return new Set();
		throw error;
	}
}
