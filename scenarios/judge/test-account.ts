/** Accounts by hand, for tests of the judges: what is not said is as quiet as it can be. */
import type { Observation } from "../../sim/contract/gateway.ts";
import { parsePacket } from "../../sim/packet/notation/notation.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";

export function accountOf(parts: Partial<Account> = {}): Account {
	return {
		connections: [],
		events: [],
		packets: [],
		observations: [],
		operations: [],
		unknown: null,
		endedMs: 10_000,
		...parts,
	};
}

/** One connection each, 10 ms apart, served by these backends; `null` where none was reached. */
export function connectionsTo(
	...backends: readonly (string | null)[]
): readonly ConnectionRecord[] {
	return backends.map((backend, index) => connectionRecord(index, { backend }));
}

export function connectionRecord(
	id: number,
	parts: Partial<ConnectionRecord> = {},
): ConnectionRecord {
	const backend = parts.backend === undefined ? "b1" : parts.backend;
	const startedMs = parts.startedMs ?? id * 10;
	return {
		id,
		step: "first",
		client: "c1",
		sourcePort: 40_000 + id,
		startedMs,
		backend,
		met: backend === null ? [] : [backend],
		syns: 1,
		retransmittedMs: [],
		connectedMs: backend === null ? null : startedMs + 1,
		greetedMs: backend === null ? null : startedMs + 2,
		endedMs: startedMs + 5,
		outcome: backend === null ? "refused" : "completed",
		accepted: backend !== null,
		gatewayAnswers: backend === null ? ["rst"] : [],
		...parts,
	};
}

export function observed(
	label: string,
	parts: Partial<Observation>,
): Account["observations"][number] {
	return {
		label,
		atMs: 0,
		observation: { ruleset: "", conntrack: [], conditions: {}, ...parts },
	};
}

/** A packet that left the gateway by bond0.204. */
export function sent(atMs: number, line: string): Account["packets"][number] {
	return {
		atMs,
		direction: "out",
		interface: "bond0.204",
		packet: parsePacket(line),
		connection: null,
	};
}
