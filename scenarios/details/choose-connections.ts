import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { RunResult } from "../result/result.ts";

/**
 * Picks the connections that tell most: those that violated judgements name, the first of each kind
 * (where it went, how it ended), the first ones of all, and the first after each thing that happened.
 * @returns ids, ascending
 */
export function chooseConnections(
	{ account, judgements }: Pick<RunResult, "account" | "judgements">,
	atMost: number,
): readonly number[] {
	const { connections, operations, events } = account;
	const chosen = new Set<number>();
	const choose = (ids: Iterable<number>) => {
		for (const id of ids) if (chosen.size < atMost) chosen.add(id);
	};
	const violated = judgements.filter(({ outcome }) => outcome === "violated");
	choose(violated.flatMap(({ connections }) => connections.slice(0, 2)));
	choose(firstOfEachKind(connections));
	choose(connections.slice(0, 2).map(({ id }) => id));
	const moments = [
		...operations,
		...events.filter(({ kind }) => kind !== "probe"),
	].map(({ atMs }) => atMs);
	choose(firstAfter(connections, new Set(moments)));
	choose(connections.slice(0, atMost).map(({ id }) => id));
	return [...chosen].sort((one, other) => one - other);
}

function firstOfEachKind(
	connections: readonly ConnectionRecord[],
): readonly number[] {
	const kinds = new Map<string, number>();
	for (const { id, met, outcome, gatewayAnswers } of connections) {
		const kind = `${met.join()} ${outcome} ${gatewayAnswers[0] ?? ""}`;
		if (!kinds.has(kind)) kinds.set(kind, id);
	}
	return [...kinds.values()];
}

function* firstAfter(
	connections: readonly ConnectionRecord[],
	moments: ReadonlySet<number>,
): Generator<number> {
	const times = [...moments].sort((one, other) => one - other);
	let index = 0;
	for (const atMs of times) {
		while ((connections[index]?.startedMs ?? Number.POSITIVE_INFINITY) < atMs)
			index++;
		const connection = connections[index];
		if (connection !== undefined) yield connection.id;
	}
}
