/** Which rule a judgement is about, of those that had a part in where a packet went. */
import type { ExpectationKind } from "../language/scenario.ts";
import type { RuleBook, RulePlace } from "../result/rule-place.ts";
import type { Passage } from "./follow.ts";
import { chooser, translator } from "./path.ts";
import { foundIn } from "./words.ts";

/**
 * - `way`: why connections went to this backend: the rule that chose it (a mark, a statistic).
 * - `end`: why they did not get on there: the rule that wrote the destination (DNAT, REDIRECT).
 */
export type Asked = "way" | "end";

export function askedBy(kind: ExpectationKind["kind"]): Asked {
	switch (kind) {
		case "order":
		case "split":
		case "sticky":
		case "avoided":
		case "affinity":
		case "moved":
		case "counts-agree":
		// The backend failed; what matters is the rule that still chose it.
		case "failover-gap":
		case "abandoned":
			return "way";
		case "split-by-source":
		case "connected-within":
		case "outcomes":
		case "gateway-answered":
		case "packets-out":
		case "packets-past":
		case "packets-counted":
		case "conntrack":
		case "counter":
		case "condition":
		case "mail-kept":
		case "operation":
			return "end";
	}
}

/** `null` when no rule had a part in it. */
export function senderOf(
	passage: Passage,
	asked: Asked,
	book: RuleBook,
): RulePlace | null {
	if (asked === "way") return chooser(passage, book);
	const by = translator(passage);
	return by && foundIn(book, by);
}
