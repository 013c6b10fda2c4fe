/**
 * The health checker that balancing by conditions leaves to its user: when to probe, when to believe
 * what the probes say, and what to do about it. It is a pure state machine: it has no clock and no
 * sockets; whoever runs it (the world here, a daemon elsewhere) tells it the time and the results,
 * and does what it asks for.
 */

import type { Choice } from "../chance/choice.ts";
import type { ConntrackFilter } from "../contract/gateway.ts";
import type { HealthPolicy } from "./health-policy.ts";

export type * from "./health-policy.ts";

/** What the checker knows. Plain data, never changed in place. */
export interface HealthState {
	readonly targets: readonly TargetState[];
	/** When everything is written again; `null` when it never is. */
	readonly rewriteAtMs: number | null;
}

interface TargetState {
	readonly believedAlive: boolean;
	/** Results in a row that contradict the belief. */
	readonly contradictions: number;
	/** When the next probe's turn is … */
	readonly turnMs: number;
	/** … and when it starts, jitter included. */
	readonly dueMs: number;
	/** The probe under way and when it has failed; `null` when none is. */
	readonly underWay: {
		readonly probe: number;
		readonly untilMs: number;
	} | null;
	/** Probes so far. */
	readonly probes: number;
}

export type HealthOutput =
	| {
			readonly kind: "probe";
			readonly target: number;
			readonly probe: number;
	  }
	/** Nobody waits for the probe any more. */
	| {
			readonly kind: "abandon";
			readonly target: number;
			readonly probe: number;
	  }
	/** The result of a probe, as it counts. */
	| {
			readonly kind: "verdict";
			readonly target: number;
			readonly ok: boolean;
			readonly reason: string;
	  }
	| {
			readonly kind: "belief";
			readonly target: number;
			readonly alive: boolean;
	  }
	| {
			readonly kind: "condition";
			readonly target: number;
			readonly write: string;
	  }
	/** Delete the conntrack entries whose replies come from the target (`evictionOf`). */
	| { readonly kind: "evict"; readonly target: number };

export interface HealthStep {
	readonly state: HealthState;
	readonly outputs: readonly HealthOutput[];
}

export interface HealthStart {
	/**
	 * Of each target, whether it is known to be alive from before; `null` when it is not, and then
	 * `initially` is believed.
	 */
	readonly known?: readonly (boolean | null)[];
	/** The targets' first turns lie evenly in this time, and so all others; 0: all have the same moment. */
	readonly spreadMs?: number;
}

/**
 * The entries that an eviction deletes: all whose replies come from the address, whatever their
 * protocol. Rules of every protocol read the condition of a dead backend, and without answers a flow
 * of UDP stays with it for as long as its client speaks.
 */
export function evictionOf(address: string): ConntrackFilter {
	return { replySource: address };
}

/** The beginning: what is believed before any probe has come back. */
export function startHealth(
	settings: HealthPolicy,
	nowMs: number,
	choice: Choice,
	{ known = [], spreadMs = 0 }: HealthStart = {},
): HealthStep {
	const outputs: HealthOutput[] = [];
	const count = settings.targets.length;
	const targets = settings.targets.map((_, index) => {
		const turnMs = nowMs + Math.floor((spreadMs * index) / count);
		return {
			believedAlive: known[index] ?? settings.initially === "alive",
			contradictions: 0,
			turnMs,
			dueMs: turnMs + jitter(settings, choice),
			underWay: null,
			probes: 0,
		};
	});
	const { rewriteMs } = settings;
	const rewriteAtMs = rewriteMs === null ? null : nowMs + rewriteMs;
	if (settings.writeAtStart) writeAll(settings, targets, outputs);
	const state = { targets, rewriteAtMs };
	const first = passTime(settings, state, nowMs, choice);
	return { state: first.state, outputs: [...outputs, ...first.outputs] };
}

/** When the checker has to be told the time next. */
export function healthDueMs(state: HealthState): number {
	let dueMs = state.rewriteAtMs ?? Number.POSITIVE_INFINITY;
	for (const target of state.targets)
		dueMs = Math.min(dueMs, target.underWay?.untilMs ?? target.dueMs);
	return dueMs;
}

/**
 * Time has passed: probes start, probes fail for lack of an answer, conditions are written again.
 * Not before `healthDueMs` says so; later is no harm.
 */
export function passTime(
	settings: HealthPolicy,
	state: HealthState,
	nowMs: number,
	choice: Choice,
): HealthStep {
	const outputs: HealthOutput[] = [];
	let targets = state.targets;
	for (let index = 0; index < targets.length; index++) {
		const { underWay } = targets[index] as TargetState;
		if (underWay !== null && nowMs >= underWay.untilMs) {
			outputs.push({ kind: "abandon", target: index, probe: underWay.probe });
			const verdict = { target: index, ok: false, reason: "timeout" };
			targets = judge(settings, targets, verdict, outputs);
		}
		const target = targets[index] as TargetState;
		if (target.underWay === null && nowMs >= target.dueMs) {
			const probe = target.probes + 1;
			outputs.push({ kind: "probe", target: index, probe });
			// A turn that was missed is not made up for.
			const turnMs = Math.max(target.turnMs + settings.intervalMs, nowMs);
			targets = replaced(targets, index, {
				...target,
				probes: probe,
				turnMs,
				dueMs: turnMs + jitter(settings, choice),
				underWay: { probe, untilMs: nowMs + settings.timeoutMs },
			});
		}
	}
	let { rewriteAtMs } = state;
	if (rewriteAtMs !== null && nowMs >= rewriteAtMs) {
		writeAll(settings, targets, outputs);
		rewriteAtMs = nowMs + (settings.rewriteMs ?? 0);
	}
	return { state: { targets, rewriteAtMs }, outputs };
}

/** A probe, as it was asked for. */
export interface ProbeId {
	/** Index into the settings' targets. */
	readonly target: number;
	readonly probe: number;
}

/** How a probe went, as far as its prober can say. */
export interface ProbeResult extends ProbeId {
	readonly ok: boolean;
	readonly reason: string;
}

/** A probe came back. One that nobody waits for any more changes nothing. */
export function takeResult(
	settings: HealthPolicy,
	state: HealthState,
	result: ProbeResult,
): HealthStep {
	if (state.targets[result.target]?.underWay?.probe !== result.probe)
		return { state, outputs: [] };
	const outputs: HealthOutput[] = [];
	const targets = judge(settings, state.targets, result, outputs);
	return { state: { ...state, targets }, outputs };
}

/** The probe has gone out only now, and its time-out counts from here. */
export function probeWentOut(
	{ timeoutMs }: HealthPolicy,
	state: HealthState,
	id: ProbeId,
	nowMs: number,
): HealthState {
	const { probe } = id;
	return changed(state, id, { probe, untilMs: nowMs + timeoutMs });
}

/** The probe could not be made: the target has one less, and nothing is learnt of it. */
export function dropProbe(state: HealthState, id: ProbeId): HealthState {
	return changed(state, id, null);
}

function changed(
	state: HealthState,
	{ target, probe }: ProbeId,
	underWay: TargetState["underWay"],
): HealthState {
	const one = state.targets[target];
	if (one?.underWay?.probe !== probe) return state;
	const targets = replaced(state.targets, target, { ...one, underWay });
	return { ...state, targets };
}

function jitter(settings: HealthPolicy, choice: Choice): number {
	const { jitterMs } = settings;
	return jitterMs === 0 ? 0 : choice.pick(jitterMs + 1, "health check jitter");
}

function replaced(
	targets: readonly TargetState[],
	index: number,
	target: TargetState,
): readonly TargetState[] {
	return targets.map((other, at) => (at === index ? target : other));
}

function writeAll(
	settings: HealthPolicy,
	targets: readonly TargetState[],
	outputs: HealthOutput[],
): void {
	targets.forEach(({ believedAlive }, target) => {
		const write = believedAlive ? settings.aliveValue : settings.deadValue;
		outputs.push({ kind: "condition", target, write });
	});
}

/** A result counts: does it change the belief? */
function judge(
	settings: HealthPolicy,
	targets: readonly TargetState[],
	{ target: index, ok, reason }: Omit<ProbeResult, "probe">,
	outputs: HealthOutput[],
): readonly TargetState[] {
	const target = targets[index] as TargetState;
	outputs.push({ kind: "verdict", target: index, ok, reason });
	const contradictions =
		ok === target.believedAlive ? 0 : target.contradictions + 1;
	const needed = target.believedAlive ? settings.fall : settings.rise;
	const isLastAlive =
		target.believedAlive &&
		targets.every((other) => other === target || !other.believedAlive);
	if (contradictions < needed || (settings.neverAllDead && isLastAlive))
		return replaced(targets, index, {
			...target,
			contradictions,
			underWay: null,
		});
	outputs.push({ kind: "belief", target: index, alive: ok });
	const write = ok ? settings.aliveValue : settings.deadValue;
	outputs.push({ kind: "condition", target: index, write });
	if (!ok && settings.evict) outputs.push({ kind: "evict", target: index });
	return replaced(targets, index, {
		...target,
		believedAlive: ok,
		contradictions: 0,
		underWay: null,
	});
}
