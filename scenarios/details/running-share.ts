/** How the shares of the backends settled, connection by connection. */

import { drawnBands } from "../judge/judge-split.ts";
import { byService } from "../result/groups.ts";
import type { RunResult } from "../result/result.ts";
import { meantBy, normalized, weightsOf } from "./expected-shares.ts";

export interface RunningShare {
	/** Shares are expected, and chance decided some of these connections: else there are no bands. */
	readonly hasBands: boolean;
	/** Which connections these are: ` of step "load"`, `, one for each draw`; "" when it is all of them. */
	readonly of: string;
	/** By backend, 0 to 1; [] where no split is expected. */
	readonly expected: readonly number[];
	/** Of the bands: a right ruleset that leaves it to chance stays inside all of them so often, at each point. */
	readonly confidence: number;
	readonly points: readonly {
		/** So many connections had begun. */
		readonly connections: number;
		/** By backend, in the setup's order: 0 to 1. */
		readonly shares: readonly number[];
		/** By backend; empty without bands. */
		readonly bands: readonly (readonly [number, number])[];
	}[];
}

const MOST_POINTS = 60;
const CONFIDENCE = 0.999;

/**
 * The shares of those connections that the first `split` expectation is about; of all of them when
 * there is none. `null` when there are fewer than two, or one backend, or connections to several services:
 * these have shares of their own.
 */
export function runningShare({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): RunningShare | null {
	const backends = scenario.setup.backends.map(({ name }) => name);
	const split = scenario.expect.find((one) => one.kind === "split");
	const { connections, drew, of } = meantBy(split, account);
	const isOne = byService(connections).size < 2;
	if (connections.length < 2 || backends.length < 2 || !isOne) return null;
	const weights = weightsOf(split, backends);
	const hasBands = drew.size > 0 && weights.some((weight) => weight > 0);
	const confidence =
		split?.within.kind === "confidence" ? split.within.confidence : CONFIDENCE;
	const counts = backends.map(() => 0);
	/** Of those, the ones that the rules decided. */
	const fixed = backends.map(() => 0);
	const every = Math.max(1, connections.length / MOST_POINTS);
	let draws = 0;
	let next = 1;
	const points: RunningShare["points"][number][] = [];
	for (const [index, connection] of connections.entries()) {
		const at = backends.indexOf(connection.backend ?? "");
		const isDrawn = drew.has(connection);
		if (isDrawn) draws++;
		if (at >= 0) {
			counts[at] = (counts[at] ?? 0) + 1;
			if (!isDrawn) fixed[at] = (fixed[at] ?? 0) + 1;
		}
		const begun = index + 1;
		if (begun < next && begun < connections.length) continue;
		next = Math.max(next + every, begun + 1);
		const bands = hasBands
			? drawnBands({ weights, fixed, draws, trials: begun, confidence })
			: [];
		points.push({
			connections: begun,
			shares: counts.map((count) => count / begun),
			bands: bands.map(({ low, high }) => [low / begun, high / begun] as const),
		});
	}
	const expected = normalized(weights);
	return { hasBands, of, expected, confidence, points };
}
