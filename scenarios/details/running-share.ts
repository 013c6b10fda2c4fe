/** How the shares of the backends settled, connection by connection. */

import { own } from "../../sim/own.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { drawsOf } from "../judge/draws.ts";
import { drawnBands } from "../judge/judge-split.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { filterWords, selected } from "../result/finding.ts";
import { byService } from "../result/groups.ts";
import type { RunResult } from "../result/result.ts";

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

type Split = Extract<ExpectationKind, { readonly kind: "split" }>;

/** The connections that are meant; where chance is allowed for, one for each draw, as the judge counts. */
interface Meant {
	readonly connections: readonly ConnectionRecord[];
	/** Of those, the ones that a draw was made for. */
	readonly drew: ReadonlySet<ConnectionRecord>;
	readonly of: string;
}

function meant(split: Split | undefined, account: RunResult["account"]): Meant {
	const connections = selected(account.connections, split?.of ?? {});
	const of = filterWords(split?.of ?? {});
	if (split?.within.kind !== "confidence") {
		const drew = connections.filter(({ chance }) => chance === "drew");
		return { connections, drew: new Set(drew), of };
	}
	const { within, weights } = split;
	const { judged, drew, followed } = drawsOf(account, connections, {
		...within,
		weights,
	});
	return {
		connections: judged,
		drew: new Set(drew),
		of: followed.length === 0 ? of : `${of}, one for each draw`,
	};
}

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
	const { connections, drew, of } = meant(split, account);
	const isOne = byService(connections).size < 2;
	if (connections.length < 2 || backends.length < 2 || !isOne) return null;
	const weights = backends.map(
		(name) => (split && own(split.weights, name)) ?? 0,
	);
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
	const whole = weights.reduce((sum, weight) => sum + weight, 0);
	const expected = whole > 0 ? weights.map((weight) => weight / whole) : [];
	return { hasBands, of, expected, confidence, points };
}
