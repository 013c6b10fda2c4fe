/** Failures of backends, and how long new connections went on being lost after each. */
import type { Account, ConnectionRecord } from "../../sim/world/account.ts";

/** A backend that behaves so still serves; everything else is a failure. */
const SERVING: ReadonlySet<string> = new Set(["up", "slow"]);

export interface FailoverGap {
	readonly backend: string;
	/** When it failed, and when it served again; `null` when it did not. */
	readonly failedMs: number;
	readonly recoveredMs: number | null;
	/** When the health checker believed it dead; `null` when it never did, or there is none. */
	readonly noticedMs: number | null;
	/** From the failure until new connections were served elsewhere; `null` when none was after the last loss. */
	readonly gapMs: number | null;
	/** Connections that began meanwhile and that no other backend answered. */
	readonly lost: readonly ConnectionRecord[];
}

/**
 * Every failure of a backend during the play, in the order of backends and times. The gap reaches
 * from the failure to the first connection that is served elsewhere with none lost after it (until
 * the backend serves again). Which of the lost ones "would have gone" to the failed backend nobody
 * can tell from outside, so every one that no other backend answered counts.
 */
export function failoverGaps(
	backends: readonly string[],
	account: Pick<Account, "events" | "connections">,
): readonly FailoverGap[] {
	return backends.flatMap((backend) =>
		failuresOf(backend, account).map((failure) =>
			gapOf(backend, failure, account),
		),
	);
}

interface Failure {
	readonly fromMs: number;
	readonly toMs: number;
}

function failuresOf(
	backend: string,
	{ events }: Pick<Account, "events">,
): readonly Failure[] {
	const failures: Failure[] = [];
	let fromMs: number | null = null;
	for (const event of events) {
		if (event.kind !== "backend" || event.backend !== backend) continue;
		const serves = SERVING.has(event.behaviour);
		if (serves && fromMs !== null) {
			failures.push({ fromMs, toMs: event.atMs });
			fromMs = null;
		} else if (!serves && fromMs === null) fromMs = event.atMs;
	}
	if (fromMs !== null)
		failures.push({ fromMs, toMs: Number.POSITIVE_INFINITY });
	return failures;
}

function gapOf(
	backend: string,
	{ fromMs, toMs }: Failure,
	{ connections, events }: Pick<Account, "events" | "connections">,
): FailoverGap {
	const during = connections.filter(
		({ startedMs }) => startedMs >= fromMs && startedMs < toMs,
	);
	const servedElsewhere = (connection: ConnectionRecord) =>
		connection.connectedMs !== null && connection.backend !== backend;
	const lost = during.filter((connection) => !servedElsewhere(connection));
	const last = lost[lost.length - 1];
	const after = during.find(
		(connection) =>
			servedElsewhere(connection) && (!last || connection.id > last.id),
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
		gapMs: after ? (last ? after.startedMs - fromMs : 0) : null,
		lost,
	};
}
