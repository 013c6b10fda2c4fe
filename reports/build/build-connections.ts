import type { RunDetails } from "../../scenarios/details/run-details.ts";
import { nounOf } from "../../scenarios/result/finding.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { servingCounts, servingOf } from "../../scenarios/result/serving.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { ConnectionsView, ConnectionView } from "../contract/report.ts";
import { number } from "../wording.ts";

/** @param most so many are shown one by one */
export function buildConnections(
	result: RunResult,
	{ followed, paths }: RunDetails,
	most: number,
): ConnectionsView {
	const { connections } = result.account;
	const backends = result.scenario.setup.backends.map(({ name }) => name);
	const named = result.judgements
		.filter(({ outcome }) => outcome === "violated")
		.flatMap((judgement) => judgement.connections);
	const { shown, sampling } = sample(connections, {
		most,
		preferred: new Set([...followed, ...named]),
	});
	return {
		noun: nounOf(connections),
		total: connections.length,
		outcomes: outcomesOf(connections),
		...lostAndLate(connections),
		moved: connections.filter(({ met }) => met.length > 1).length,
		shown: shown.map((connection) => ({
			...viewOf(connection, backends),
			link: linkOf(connection, paths),
		})),
		sampling,
	};
}

/** Without those that wait: they are open, as the outcomes say. */
function lostAndLate(
	connections: readonly ConnectionRecord[],
): Pick<ConnectionsView, "lost" | "late" | "longestWaitMs"> {
	const { lost, late, longestWaitMs } = servingCounts(connections);
	return { lost, late, longestWaitMs };
}

function viewOf(
	connection: ConnectionRecord,
	backends: readonly string[],
): Omit<ConnectionView, "link"> {
	const { client, sourcePort, backend, met } = connection;
	return {
		number: connection.id + 1,
		client: `${client}:${sourcePort}`,
		serviceName: connection.service ?? "",
		protocol: connection.protocol ?? "tcp",
		startedMs: connection.startedMs,
		connectedMs: connection.connectedMs,
		greetedMs: connection.greetedMs,
		endedMs: connection.endedMs,
		backend: backend === null ? -1 : backends.indexOf(backend),
		met: met.map((name) => backends.indexOf(name)),
		outcome: connection.outcome,
		serving: servingOf(connection),
		retransmittedMs: connection.retransmittedMs,
		gatewayAnswers: connection.gatewayAnswers,
		source: connection.source?.address ?? "",
		datagrams: connection.datagrams ?? null,
	};
}

/** By which its first packet left. */
function linkOf({ id }: ConnectionRecord, paths: RunDetails["paths"]): string {
	const first = paths.find(({ connection }) => connection === id);
	return first?.out[0]?.interface ?? "";
}

/**
 * Those that somebody speaks of, a third of the room for lost ones, and of the rest every so many,
 * so that the whole time is seen.
 */
function sample(
	connections: readonly ConnectionRecord[],
	{
		most,
		preferred,
	}: { readonly most: number; readonly preferred: ReadonlySet<number> },
): {
	readonly shown: readonly ConnectionRecord[];
	readonly sampling: string;
} {
	if (connections.length <= most) return { shown: connections, sampling: "" };
	const chosen = new Set<ConnectionRecord>();
	const add = (from: readonly ConnectionRecord[], room: number) => {
		const every = Math.max(1, from.length / Math.max(1, room));
		for (let at = 0; at < from.length && chosen.size < most; at += every)
			chosen.add(from[Math.floor(at)] as ConnectionRecord);
	};
	add(
		connections.filter(({ id }) => preferred.has(id)),
		most,
	);
	const lost = connections.filter((one) => servingOf(one) === "lost");
	add(lost, Math.floor(most / 3));
	add(connections, most - chosen.size);
	return {
		shown: [...chosen].sort((one, other) => one.id - other.id),
		sampling: `Showing ${number(chosen.size)} of ${number(connections.length)}: those that an expectation names, lost ones, and others at regular intervals`,
	};
}

function outcomesOf(
	connections: readonly ConnectionRecord[],
): ConnectionsView["outcomes"] {
	const counts = new Map<string, number>();
	for (const { outcome } of connections)
		counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	return [...counts]
		.map(([outcome, count]) => ({ outcome, count }))
		.sort((one, other) => other.count - one.count);
}
