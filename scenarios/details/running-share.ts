/** How the shares of the backends settled, connection by connection. */

import { own } from "../../sim/own.ts";
import { multinomialBands } from "../../sim/statistics.ts";
import { drawsOf } from "../judge/draws.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { filterWords, selected } from "../result/finding.ts";
import type { RunResult } from "../result/result.ts";

export interface RunningShare {
	/** Does the scenario expect these shares? Else nobody asked, and there are no bands. */
	readonly isExpected: boolean;
	/** Which connections these are: ` of step "load"`, `, one for each draw`; "" when it is all of them. */
	readonly of: string;
	/** Of the bands: a right ruleset that leaves it to chance stays inside all of them so often, at each point. */
	readonly confidence: number;
	readonly points: readonly {
		/** So many connections had begun. */
		readonly connections: number;
		/** By backend, in the setup's order: 0 to 1. */
		readonly shares: readonly number[];
		/** By backend; empty when nothing is expected. */
		readonly bands: readonly (readonly [number, number])[];
	}[];
}

const MOST_POINTS = 60;
const CONFIDENCE = 0.999;

type Split = Extract<ExpectationKind, { readonly kind: "split" }>;

/** Where chance is allowed for, one connection for each draw, as the judge counts. */
function meant(
	split: Split | undefined,
	account: RunResult["account"],
): {
	readonly connections: RunResult["account"]["connections"];
	readonly of: string;
} {
	const connections = selected(account.connections, split?.of ?? {});
	const of = filterWords(split?.of ?? {});
	if (split?.within.kind !== "confidence") return { connections, of };
	const { within, weights } = split;
	const { judged, followed } = drawsOf(account, connections, {
		...within,
		weights,
	});
	return {
		connections: judged,
		of: followed.length === 0 ? of : `${of}, one for each draw`,
	};
}

/**
 * The shares of those connections that the first `split` expectation is about; of all of them when
 * there is none. `null` when there are fewer than two.
 */
export function runningShare({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): RunningShare | null {
	const backends = scenario.setup.backends.map(({ name }) => name);
	const split = scenario.expect.find((one) => one.kind === "split");
	const { connections, of } = meant(split, account);
	if (connections.length < 2) return null;
	const weights = backends.map(
		(name) => (split && own(split.weights, name)) ?? 0,
	);
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	const counts = backends.map(() => 0);
	const every = Math.max(1, connections.length / MOST_POINTS);
	let next = 1;
	const points: RunningShare["points"][number][] = [];
	for (const [index, { backend }] of connections.entries()) {
		const at = backends.indexOf(backend ?? "");
		if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
		const begun = index + 1;
		if (begun < next && begun < connections.length) continue;
		next = Math.max(next + every, begun + 1);
		points.push({
			connections: begun,
			shares: counts.map((count) => count / begun),
			bands:
				total === 0
					? []
					: multinomialBands(
							begun,
							weights.map((weight) => weight / total),
							CONFIDENCE,
						).map(({ low, high }) => [low / begun, high / begun] as const),
		});
	}
	return {
		isExpected: total > 0,
		of,
		confidence: CONFIDENCE,
		points,
	};
}
