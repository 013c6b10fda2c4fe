/** Ratios of circles by looking at all of them, for tests. */
import { greater, type Rational, rational } from "../../../sim/rational.ts";

export interface Arc {
	readonly from: number;
	readonly to: number;
	readonly reward: number;
	readonly time: number;
}

/** The greatest reward for the time, of all circles that pass no node twice and take time. */
export function greatestOfAllCircles(
	nodes: number,
	arcs: readonly Arc[],
): Rational | null {
	let best: Rational | null = null;
	const follow = (first: number, path: readonly Arc[]): void => {
		const at = path.at(-1)?.to ?? first;
		if (path.length > 0 && at === first) {
			const time = path.reduce((all, arc) => all + arc.time, 0);
			if (time === 0) return;
			const reward = path.reduce((all, arc) => all + arc.reward, 0);
			const ratio = rational(reward, time);
			best = best === null ? ratio : greater(best, ratio);
			return;
		}
		// Each circle begins at its least node.
		for (const arc of arcs)
			if (arc.from === at && arc.to >= first)
				if (arc.to === first || !path.some((one) => one.to === arc.to))
					follow(first, [...path, arc]);
	};
	for (let first = 0; first < nodes; first++) follow(first, []);
	return best;
}
