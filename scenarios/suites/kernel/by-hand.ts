/**
 * Kernel facts are told packet by packet: both backends are silent, and every packet of theirs and
 * of the client's is put on its interface by hand.
 */
import {
	INSIDE,
	OUTSIDE,
	packet,
	packetsOut,
	type RecipeOverrides,
	recipeSetup,
	type SelectionOptions,
} from "../../language/build/build.ts";
import type { ScenarioStep, Setup } from "../../language/scenario.ts";

/** The recipe's router between a client and two backends that say nothing by themselves. */
export function byHand(overrides: RecipeOverrides = {}): Setup {
	const silent = { kind: "silent" } as const;
	return recipeSetup({ ...overrides, behaviour: { b1: silent, b2: silent } });
}

/** The client's side. */
export function client(
	port: number,
	flags: string,
	seq: number,
	more = "",
): ScenarioStep {
	const line = `tcp 10.0.0.10:${port} > 10.0.0.1:25 ${flags} seq ${seq} ${more}`;
	return packet(OUTSIDE, line.trim());
}

/** A SYN from this port: the beginning of every story. */
export function syn(port: number): ScenarioStep {
	return client(port, "S", 1000);
}

/** A backend's side, to the client as it sees it. @param segment flags, numbers and the rest, as the packet notation has them */
export function fromBackend(
	backend: 1 | 2,
	port: number,
	segment: string,
): ScenarioStep {
	return packet(
		INSIDE,
		`tcp 192.168.0.${backend}:25 > 10.0.0.10:${port} ${segment}`,
	);
}

/** SYN, SYN/ACK, ACK: the client's next octet is 1001, the backend's 5001. */
export function handshake(backend: 1 | 2, port: number) {
	return [
		syn(port),
		fromBackend(backend, port, "SA seq 5000 ack 1001"),
		client(port, "A", 1001, "ack 5001"),
	];
}

/** SYNs came out to these backends, in this order, and nothing else came out to them. */
export function chosen(
	backends: string,
	when: Pick<SelectionOptions, "because" | "fromMs" | "toMs"> = {},
) {
	const lines = backends
		.split(" ")
		.map((backend) => `tcp * > 192.168.0.${backend}:25 S *`);
	return packetsOut(INSIDE, lines, { ...when, exactly: true });
}

/** So many SYNs from ports 40000, 40001, …, 10 ms apart. */
export function syns(
	count: number,
	first: number = 40_000,
): readonly ScenarioStep[] {
	return Array.from({ length: count }, (_, index) => ({
		...syn(first + index),
		atMs: index * 10,
	}));
}
