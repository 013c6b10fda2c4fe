/** How long new connections went on being lost after a backend had failed. */
import type { Account, ConnectionRecord } from "../../sim/world/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { counted, type Finding, finding } from "./finding.ts";

type Given = Extract<ExpectationKind, { readonly kind: "failover-gap" }>;

/** A backend that behaves so still serves; everything else is a failure. */
const SERVING: ReadonlySet<string> = new Set(["up", "slow"]);

interface Failure {
	readonly fromMs: number;
	readonly toMs: number;
}

/**
 * The gap reaches from the failure to the first connection that is served elsewhere with none lost
 * after it (until the backend serves again). Which of the lost ones "would have gone" to the failed
 * backend nobody can tell from outside, so every one that no other backend answered counts.
 */
export function judgeFailoverGap(given: Given, account: Account): Finding {
	const failures = failuresOf(given.backend, account);
	const expected = `at most ${given.atMostMs} ms from each failure of ${given.backend} until new connections are served elsewhere`;
	const gaps = failures.map((failure) => gapOf(failure, given, account));
	const longest = gaps.reduce<Gap | null>(
		(most, gap) => (most === null || gap.gapMs > most.gapMs ? gap : most),
		null,
	);
	if (longest === null)
		return finding(false, {
			expected,
			seen: `${given.backend} never failed`,
		});
	const lost = counted(longest.lost.length, "connection");
	return finding(longest.gapMs <= given.atMostMs, {
		expected,
		seen:
			longest.gapMs === Number.POSITIVE_INFINITY
				? `no connection was served elsewhere after the last loss (${lost} lost)`
				: `${Math.round(longest.gapMs * 1000) / 1000} ms (${lost} lost)`,
		concerned: longest.lost,
	});
}

interface Gap {
	readonly gapMs: number;
	readonly lost: readonly ConnectionRecord[];
}

function failuresOf(backend: string, account: Account): readonly Failure[] {
	const failures: Failure[] = [];
	let fromMs: number | null = null;
	for (const event of account.events) {
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

function gapOf(failure: Failure, given: Given, account: Account): Gap {
	const during = account.connections.filter(
		({ startedMs }) => startedMs >= failure.fromMs && startedMs < failure.toMs,
	);
	const servedElsewhere = (connection: ConnectionRecord) =>
		connection.connectedMs !== null && connection.backend !== given.backend;
	const lost = during.filter((connection) => !servedElsewhere(connection));
	const last = lost[lost.length - 1];
	const after = during.find(
		(connection) =>
			servedElsewhere(connection) && (!last || connection.id > last.id),
	);
	if (!after) return { gapMs: Number.POSITIVE_INFINITY, lost };
	return { gapMs: last ? after.startedMs - failure.fromMs : 0, lost };
}
