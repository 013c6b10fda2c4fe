/** Failures of backends, and how long new connections went on without being served after each. */
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { BackendSetup } from "../../sim/world/setup/setup.ts";
import {
	type ServingCounts,
	servingCounts,
	servingOf,
} from "../result/serving.ts";

/** A backend that behaves so still serves; everything else is a failure. */
const SERVING: ReadonlySet<string> = new Set(["up", "slow", "lossy"]);

export interface FailoverGap {
	readonly backend: string;
	/** When it failed, and when it served again; `null` when it did not. */
	readonly failedMs: number;
	readonly recoveredMs: number | null;
	/** When the health checker believed it dead; `null` when it never did, or there is none. */
	readonly noticedMs: number | null;
	/** From the failure until new connections were served elsewhere for good; `null` when no failover was seen. */
	readonly gapMs: number | null;
	/** Why no failover was seen; "" when one was. */
	readonly whyUnseen: string;
	/**
	 * Too few connections went to the backend to tell how many in a row go elsewhere anyway: a gap may be there by
	 * luck.
	 */
	readonly isByLuck: boolean;
	/** Connections that began meanwhile, met the failed backend or nobody, and were not served elsewhere. */
	readonly unserved: readonly ConnectionRecord[];
	/** Of those that began meanwhile and met it or nobody: how many were lost, and how many late. */
	readonly servings: ServingCounts;
	/** Connections that began meanwhile, met other backends alone, and were not served there. */
	readonly unservedElsewhere: readonly ConnectionRecord[];
}

/**
 * Every failure of a backend during the play, in the order of backends and times; one that does not serve
 * at the beginning has not failed over yet, so that is none. The gap reaches
 * from the failure to the first connection after the last one that is not served, and that is served elsewhere itself (until the
 * backend serves again). Nobody can tell from outside which of them "would have gone" to the failed
 * backend, so every one counts that met it or nobody; what another backend loses is not this one's
 * failure. A connection is served elsewhere when another backend connects it and does not lose it
 * afterwards: a SYN/ACK alone serves no client.
 *
 * Where half of the connections go elsewhere anyway, the last one of a play is served by luck. So a
 * failover is seen only when more connections in a row are served elsewhere after the last unserved one
 * (after the failure, where there is none) than ever before between two that went to the backend, while it served
 * or since it failed, and when the other backends serve more of them than they lose.
 */
export function failoverGaps(
	backends: readonly AtFirst[],
	account: Pick<Account, "events" | "connections">,
): readonly FailoverGap[] {
	return backends.flatMap((backend) => {
		const failures = failuresOf(backend, account, SERVING);
		return failures
			.filter(({ isFromStart }) => !isFromStart)
			.map((failure) =>
				gapOf(backend.name, failure, {
					...account,
					anyway: runsWhileServing(backend.name, failures, {
						connections: account.connections,
						untilMs: failure.fromMs,
					}),
				}),
			);
	});
}

/** Of connections that are served elsewhere, without one between them that went to the backend. */
interface Runs {
	/** The longest one between two that went to it. */
	readonly longest: number;
	/** Connections that went to it. */
	readonly visits: number;
	/** Since the last that went to it. */
	readonly last: number;
}

/**
 * How many connections in a row go elsewhere though the backend serves? What goes elsewhere after the last that went to
 * it is none of these (it may have been taken out before it failed), and neither is what does before the first one
 * (it may not have been taken in yet).
 */
function runsWhileServing(
	backend: string,
	failures: readonly Failure[],
	{
		connections,
		untilMs,
	}: Pick<Account, "connections"> & { readonly untilMs: number },
): Runs {
	let longest = 0;
	let visits = 0;
	let run: number | null = null;
	let lastMs = 0;
	for (const connection of connections) {
		const { startedMs } = connection;
		if (startedMs >= untilMs) break;
		const isOver = failures.some(
			({ fromMs, toMs }) => toMs > lastMs && fromMs <= startedMs,
		);
		lastMs = startedMs;
		if (isOver) run = null;
		if (failures.some((one) => isWithin(one, startedMs))) continue;
		if (goesTo(backend, connection)) {
			longest = Math.max(longest, run ?? 0);
			visits++;
			run = 0;
		} else if (run !== null && isServedElsewhere(backend, connection)) run++;
	}
	const isLate = failures.some(
		({ fromMs, toMs }) => toMs > lastMs && fromMs < untilMs,
	);
	return { longest, visits, last: isLate ? 0 : (run ?? 0) };
}

function isWithin({ fromMs, toMs }: Failure, atMs: number): boolean {
	return atMs >= fromMs && atMs < toMs;
}

/** It serves when the play begins: else what happens to it then is no failure. */
export function servesAtFirst({ behaviour }: AtFirst): boolean {
	return SERVING.has(behaviour.kind);
}

/** A backend, and how it behaves when the play begins. */
export type AtFirst = Pick<BackendSetup, "name"> & {
	readonly behaviour: Pick<BackendSetup["behaviour"], "kind">;
};

/** A backend of which nothing else is known. */
export function serving(name: string): AtFirst {
	return { name, behaviour: { kind: "up" } };
}

/** From when until when a backend did not serve; without an end when it did not serve again. */
export interface Failure {
	readonly fromMs: number;
	readonly toMs: number;
	/** It served at no time before. */
	readonly isFromStart: boolean;
}

/** @param serving the behaviours that are no failure */
export function failuresOf(
	{ name, behaviour }: AtFirst,
	{ events }: Pick<Account, "events">,
	serving: ReadonlySet<string>,
): readonly Failure[] {
	const failures: Failure[] = [];
	let fromMs = serving.has(behaviour.kind) ? null : 0;
	let isFromStart = fromMs !== null;
	for (const event of events) {
		if (event.kind !== "backend" || event.backend !== name) continue;
		const serves = serving.has(event.behaviour);
		if (serves && fromMs !== null) {
			failures.push({ fromMs, toMs: event.atMs, isFromStart });
			fromMs = null;
			isFromStart = false;
		} else if (!serves && fromMs === null) fromMs = event.atMs;
	}
	if (fromMs !== null)
		failures.push({ fromMs, toMs: Number.POSITIVE_INFINITY, isFromStart });
	return failures;
}

function gapOf(
	backend: string,
	{ fromMs, toMs }: Failure,
	{
		connections,
		events,
		anyway,
	}: Pick<Account, "events" | "connections"> & { readonly anyway: Runs },
): FailoverGap {
	const during = connections.filter(
		({ startedMs }) => startedMs >= fromMs && startedMs < toMs,
	);
	const noticed = events.find(
		(event) =>
			event.kind === "belief" &&
			event.backend === backend &&
			!event.alive &&
			event.atMs >= fromMs &&
			event.atMs < toMs,
	);
	return {
		backend,
		failedMs: fromMs,
		recoveredMs: toMs === Number.POSITIVE_INFINITY ? null : toMs,
		noticedMs: noticed?.atMs ?? null,
		...gapOver(backend, during, { fromMs, anyway }),
		unserved: during.filter((one) => isUnservedAt(backend, one)),
		servings: servingCounts(during.filter((one) => hasMet(backend, one))),
		unservedElsewhere: during.filter(
			(one) => !hasMet(backend, one) && !isServedElsewhere(backend, one),
		),
	};
}

/** How long the gap is that these connections saw, or why none of them tells that it is over. */
function gapOver(
	backend: string,
	during: readonly ConnectionRecord[],
	{ fromMs, anyway }: { readonly fromMs: number; readonly anyway: Runs },
): Pick<FailoverGap, "gapMs" | "whyUnseen" | "isByLuck"> {
	let longestBefore = 0;
	let unserved = 0;
	let { last } = anyway;
	let run: ConnectionRecord[] = [];
	/** Since `run` began. */
	let unservedElsewhere = 0;
	for (const connection of during)
		if (isServedElsewhere(backend, connection)) run.push(connection);
		else if (isUnservedAt(backend, connection)) {
			if (!goesTo(backend, connection)) last = 0;
			longestBefore = Math.max(longestBefore, last + run.length);
			last = 0;
			unserved++;
			run = [];
			unservedElsewhere = 0;
		} else if (run.length > 0) unservedElsewhere++;
	const unseen = (whyUnseen: string) => ({
		gapMs: null,
		whyUnseen,
		isByLuck: false,
	});
	const [first] = run;
	if (first === undefined && longestBefore === 0)
		return unseen("no connection that began after it was served elsewhere");
	if (first === undefined || run.length <= longestBefore)
		return unseen(
			"after the last connection that was not served, no more in a row were served elsewhere than before it",
		);
	if (run.length <= anyway.longest)
		return unseen(
			`no more in a row were served elsewhere then (${run.length}) than while it served (${anyway.longest})`,
		);
	if (run.length <= unservedElsewhere)
		return unseen(
			"other backends served no more of the connections that began after it than they lost",
		);
	return {
		gapMs: unserved > 0 ? first.startedMs - fromMs : 0,
		whyUnseen: "",
		isByLuck: anyway.visits + unserved < 2,
	};
}

function goesTo(name: string, { met, backend }: ConnectionRecord): boolean {
	return backend === name || met.includes(name);
}

function isServedElsewhere(
	failed: string,
	connection: ConnectionRecord,
): boolean {
	const { backend } = connection;
	const serving = servingOf(connection);
	const isServed = serving === "served" || serving === "late";
	return isServed && backend !== null && backend !== failed;
}

function isUnservedAt(failed: string, connection: ConnectionRecord): boolean {
	return !isServedElsewhere(failed, connection) && hasMet(failed, connection);
}

/** The failed backend, or nobody: so nobody can tell from outside that it was another one's. */
function hasMet(failed: string, { met, backend }: ConnectionRecord): boolean {
	return backend === null || backend === failed || met.includes(failed);
}
