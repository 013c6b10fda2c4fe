import type { RunDetails } from "../../scenarios/details/run-details.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import type { FailoverView, Gap, Lane } from "../contract/report.ts";
import { stretchesOf } from "./build-split.ts";

/** Something took a value at a time. */
interface Change {
	readonly atMs: number;
	readonly value: string;
}

/** Here it matters when connections came, so that even few of them stand where they belong. */
const LEAST_STRETCHES = 40;

/** `null` when nothing failed, no checker changed its mind and nothing was switched. */
export function buildFailover(
	result: RunResult,
	details: RunDetails,
): FailoverView | null {
	const { setup } = result.scenario;
	const { connections } = result.account;
	const backends = setup.backends.map(({ name }) => name);
	const stretches = stretchesOf(connections, backends, {
		fromMs: 0,
		toMs: endOf(result, details),
		least: LEAST_STRETCHES,
	});
	// Whole stretches: a bar that is cut off would look like fewer connections.
	const toMs = (stretches.counts[0]?.length ?? 0) * stretches.stretchMs;
	const lanes = [
		...healthLanes(result, toMs),
		...beliefLanes(result, toMs),
		...conditionLanes(result, details, toMs),
	];
	const happens = lanes.some(({ spans }) => spans.length > 1);
	if (!happens || connections.length === 0) return null;
	return {
		fromMs: 0,
		toMs,
		lanes,
		stretches,
		gaps: details.gaps.map((gap, index): Gap => {
			const { failedMs, gapMs } = gap;
			return {
				backend: backends.indexOf(gap.backend),
				failedMs,
				noticedMs: gap.noticedMs,
				servedMs: gapMs === null ? null : failedMs + gapMs,
				recoveredMs: gap.recoveredMs,
				lost: gap.servings.lost,
				late: gap.servings.late,
				longestWaitMs: gap.servings.longestWaitMs,
				predictedMs: details.predicted[index]?.gapMs ?? null,
			};
		}),
	};
}

/** A little after the last thing that belongs into the picture: time-outs at the end would squeeze it. */
function endOf({ account }: RunResult, { moments, gaps }: RunDetails): number {
	const times = [
		account.connections.at(-1)?.startedMs ?? 0,
		...moments.map(({ atMs }) => atMs),
		...account.events
			.filter(({ kind }) => kind === "belief" || kind === "backend")
			.map(({ atMs }) => atMs),
		...gaps.map(({ failedMs, gapMs }) => failedMs + (gapMs ?? 0)),
	];
	const lastMs = times.reduce((most, time) => Math.max(most, time), 0);
	return Math.max(10, Math.ceil(lastMs * 1.03));
}

function healthLanes(
	{ scenario, account }: RunResult,
	toMs: number,
): readonly Lane[] {
	return scenario.setup.backends.map(({ name, behaviour }) => ({
		name,
		kind: "health",
		spans: spansOf(
			[
				{ atMs: 0, value: behaviour.kind },
				...account.events.flatMap((event) =>
					event.kind === "backend" && event.backend === name
						? [{ atMs: event.atMs, value: event.behaviour }]
						: [],
				),
			],
			toMs,
			(value) => value === "up",
		),
	}));
}

function beliefLanes(
	{ scenario, account }: RunResult,
	toMs: number,
): readonly Lane[] {
	const { healthCheck } = scenario.setup;
	if (healthCheck === null) return [];
	return healthCheck.targets.map(({ backend }) => ({
		name: `checker on ${backend}`,
		kind: "belief",
		spans: spansOf(
			[
				{ atMs: 0, value: healthCheck.initially },
				...account.events.flatMap((event) =>
					event.kind === "belief" && event.backend === backend
						? [{ atMs: event.atMs, value: event.alive ? "alive" : "dead" }]
						: [],
				),
			],
			toMs,
			(value) => value === "alive",
		),
	}));
}

/** What was written, corrected by what was really there whenever somebody looked. */
function conditionLanes(
	{ scenario, account }: RunResult,
	{ snapshots }: RunDetails,
	toMs: number,
): readonly Lane[] {
	const names = new Set(
		snapshots.flatMap(({ conditions }) => Object.keys(conditions)),
	);
	const written = [
		...Object.entries(scenario.setup.conditions).map(([name, write]) => ({
			name,
			write,
			atMs: 0,
		})),
		...account.events.filter((event) => event.kind === "condition"),
		...scenario.steps.flatMap((step) =>
			step.kind === "operation" && step.operation.kind === "condition"
				? [{ ...step.operation, atMs: step.atMs }]
				: [],
		),
	];
	return [...names].sort().map((name) => ({
		name,
		kind: "condition",
		spans: spansOf(
			[
				{ atMs: 0, value: "0" },
				...written
					.filter((one) => one.name === name && /^[01]/.test(one.write))
					.map(({ atMs, write }) => ({ atMs, value: write[0] ?? "" })),
				...snapshots.map(({ atMs, conditions }) => ({
					atMs,
					value: String(
						Object.hasOwn(conditions, name) ? conditions[name] : "gone",
					),
				})),
			],
			toMs,
			(value) => value === "0",
		),
	}));
}

/**
 * Changes in any order; of several at the same time the last one counts. What lasts no time leaves no
 * seam: a value that comes back at once was never gone.
 */
function spansOf(
	changes: readonly Change[],
	toMs: number,
	isGood: (value: string) => boolean,
): Lane["spans"] {
	const inOrder = changes
		.toSorted((one, other) => one.atMs - other.atMs)
		.filter(({ atMs }) => atMs < toMs);
	const values = new Map(inOrder.map(({ atMs, value }) => [atMs, value]));
	const spans: Lane["spans"][number][] = [];
	for (const [atMs, value] of values) {
		const last = spans.at(-1);
		if (last?.value === value) continue;
		if (last !== undefined) spans.splice(-1, 1, { ...last, toMs: atMs });
		spans.push({ fromMs: atMs, toMs, value, isGood: isGood(value) });
	}
	return spans;
}
