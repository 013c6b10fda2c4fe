/**
 * What became of connections in the eyes of their clients: the one meaning of *lost* and *late*, for
 * judgements, failover gaps, the terminal and reports alike.
 */
import type { ConnectionOutcome } from "../../sim/endpoint/dialogue.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";

/**
 * - `lost`: it ended, and was neither completed nor closed as it should be: refused, unreachable, a
 *   time-out, reset, cut short, no port; or it is half-open: its client only believes that it has one.
 * - `late`: it was connected, but only after its SYN had to be sent once more; or answered, after a datagram had.
 * - `waiting`: it was not connected when the play ended.
 * - `served`: everything else.
 */
export type Serving = "served" | "late" | "lost" | "waiting";

/** Where a SYN is first sent again (`TCP_TIMEOUT_INIT`, include/net/tcp.h, 6.1); live clients do not tell it otherwise. */
const FIRST_RETRANSMISSION_MS = 1_000;

/** Ends that are no loss, as `CountedOutcome` says. */
const KEPT: ReadonlySet<ConnectionOutcome> = new Set([
	"completed",
	"answered",
	"sent",
	"open",
]);

export function servingOf(connection: ConnectionRecord): Serving {
	const { outcome, connectedMs } = connection;
	if (!KEPT.has(outcome)) return "lost";
	if (outcome === "sent") return "served";
	if (connectedMs === null) return "waiting";
	return isLate(connection) ? "late" : "served";
}

/**
 * It was connected, or answered, but only after its first packet had been sent again; it may have been lost
 * afterwards.
 */
export function isLate(connection: ConnectionRecord): boolean {
	const { connectedMs, syns, protocol, retransmittedMs } = connection;
	if (connectedMs === null) return false;
	if (protocol === "udp")
		return (retransmittedMs[0] ?? connectedMs) < connectedMs;
	return syns > 1 || waitMs(connection) >= FIRST_RETRANSMISSION_MS;
}

/** How long a client waited for its connection; 0 where it never came. */
function waitMs({ startedMs, connectedMs }: ConnectionRecord): number {
	return connectedMs === null ? 0 : connectedMs - startedMs;
}

/** How many connections came to what; the wait is the longest of those that were late. */
export interface ServingCounts {
	readonly lost: number;
	readonly late: number;
	readonly waiting: number;
	readonly longestWaitMs: number;
}

export function servingCounts(
	connections: readonly ConnectionRecord[],
): ServingCounts {
	const count = (serving: Serving) =>
		connections.filter((one) => servingOf(one) === serving).length;
	const late = connections.filter((one) => servingOf(one) === "late");
	return {
		lost: count("lost"),
		late: late.length,
		waiting: count("waiting"),
		longestWaitMs: late.reduce((most, one) => Math.max(most, waitMs(one)), 0),
	};
}

/** `43 lost, 3 late (longest wait 3 s)`; "" when all were served at once. */
export function servingWords({
	lost,
	late,
	waiting,
	longestWaitMs,
}: ServingCounts): string {
	return [
		...(lost === 0 ? [] : [`${lost} lost`]),
		...(late === 0 ? [] : [lateWords(late, longestWaitMs)]),
		...(waiting === 0 ? [] : [`${waiting} still waiting`]),
	].join(", ");
}

/** `3 late (longest wait 3.1 s)`. */
export function lateWords(late: number, longestWaitMs: number): string {
	return `${late} late (longest wait ${Number((longestWaitMs / 1_000).toFixed(1))} s)`;
}
