/** How long clients wait until they are connected. */
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import {
	counted,
	type Finding,
	filterWords,
	finding,
	NONE_FITS,
	nounOf,
	seconds,
	selected,
} from "../result/finding.ts";

type Given = Extract<ExpectationKind, { readonly kind: "connected-within" }>;

export function judgeConnectedWithin(given: Given, account: Account): Finding {
	const connections = selected(account.connections, given.of);
	const late = connections.filter(
		(one) =>
			!isInTime(one, given.ms) && !isUndecided(given, one, account.endedMs),
	);
	const never = late.filter(({ connectedMs }) => connectedMs === null).length;
	const waits = connections.map(waitMs).filter((wait) => wait !== null);
	const areFlows = nounOf(connections) === "flow";
	const verb = areFlows ? "is answered" : "stands";
	const seen = [
		`${late.length} of ${counted(connections.length, nounOf(connections))} did not`,
		...(never === 0
			? []
			: [
					`${counted(never, "was", "were")} never ${areFlows ? "answered" : "connected"}`,
				]),
		...(waits.length === 0
			? []
			: [
					`longest wait ${seconds(waits.reduce((most, one) => Math.max(most, one)))}`,
				]),
	];
	return finding(connections.length > 0 && late.length === 0, {
		expected: `each ${nounOf(connections)}${filterWords(given.of)} ${verb} within ${seconds(given.ms)} of its first packet`,
		seen: connections.length === 0 ? NONE_FITS : seen.join(", "),
		concerned: late,
	});
}

/** Where there was still time when the play ended, it may yet have come. */
export function isUndecided(
	{ ms }: Given,
	{ connectedMs, outcome, startedMs }: ConnectionRecord,
	endedMs: number,
): boolean {
	return outcome === "open" && connectedMs === null && endedMs - startedMs < ms;
}

function isInTime(connection: ConnectionRecord, ms: number): boolean {
	const wait = waitMs(connection);
	return wait !== null && wait <= ms;
}

function waitMs({ startedMs, connectedMs }: ConnectionRecord): number | null {
	return connectedMs === null ? null : connectedMs - startedMs;
}
