/** What chance may do to a share that is drawn. */
import { type Rational, toNumber } from "../../../sim/rational.ts";
import { type Band, binomialBand } from "../../../sim/statistics.ts";

/**
 * How many of `connections` an end may get that are drawn with the probability of its share, each for itself. Chance
 * goes beyond with a probability of at most `1 - confidence`.
 *
 * For splits by `rates` that have draws. Without counters it is exact; counters that stand at one node each spread
 * connections more evenly than draws do, so chance goes less far. Not for splits by `orbit`: counters that stand at
 * several places may make long runs of connections to one end out of a rare draw.
 *
 * @example chanceAllows(rational(1, 2), 100, 0.95) // { low: 40, high: 60 }
 */
export function chanceAllows(
	share: Rational,
	connections: number,
	confidence: number,
): Band {
	return binomialBand(connections, toNumber(share), confidence);
}
