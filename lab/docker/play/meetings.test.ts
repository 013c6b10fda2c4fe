import { expect, it } from "vitest";
import {
	clientAt,
	recipeSetup,
} from "../../../scenarios/language/build/build.ts";
import { type ClientRecord, connectionName } from "../programs/client-plan.ts";
import type { Sighting } from "../programs/server-plan.ts";
import { meetingsOf } from "./meetings.ts";

const EPOCH_MS = 1_000_000;
const NAT = "192.168.0.254";

const record = (
	id: number,
	startedMs: number,
	more: Partial<ClientRecord> = {},
): ClientRecord => ({
	id,
	step: "",
	client: "c1",
	sourcePort: 40_000,
	startedMs,
	connectedMs: startedMs + 1,
	greetedMs: null,
	endedMs: null,
	backend: null,
	outcome: "completed",
	accepted: false,
	messageId: null,
	acceptedIds: [],
	error: "",
	retransmittedMs: [],
	datagrams: null,
	...more,
});

const met = (
	records: readonly ClientRecord[],
	b1: readonly Sighting[],
	b2: readonly Sighting[] = [],
) =>
	meetingsOf(
		[
			{ backend: "b1", sightings: b1 },
			{ backend: "b2", sightings: b2 },
		],
		{
			setup: recipeSetup({
				clients: [clientAt("c1", "10.0.0.10")],
			}) as Parameters<typeof meetingsOf>[1]["setup"],
			epochMs: EPOCH_MS,
			records,
		},
	);

const connection = (
	atMs: number,
	address = "10.0.0.10",
	port = 40_000,
): Sighting => ({ saw: "connection", atMs: EPOCH_MS + atMs, address, port });

it("knows a connection by its client's address and port, the last one before it was seen", () => {
	const { of, counts, strangers } = met(
		[record(0, 100), record(1, 900), record(2, 1_800)],
		[connection(101)],
		[connection(902)],
	);
	expect([0, 1, 2].map((id) => of(id).met)).toEqual([["b1"], ["b2"], []]);
	expect(counts).toEqual({ b1: 1, b2: 1 });
	expect(strangers).toBe(0);
});

it("knows a connection that was translated by its name, or not at all", () => {
	const name = connectionName({ client: "c1", epochMs: EPOCH_MS }, 0);
	const peer = { address: NAT, port: 1024 };
	const seen: readonly Sighting[] = [
		connection(101, NAT, 1024),
		{ saw: "name", atMs: EPOCH_MS + 102, ...peer, name },
	];
	const named = met([record(0, 100)], seen);
	expect(named.of(0).met).toEqual(["b1"]);
	expect(named.strangers).toBe(0);
	const unnamed = met([record(0, 100)], seen.slice(0, 1));
	expect(unnamed.of(0).met).toEqual([]);
	expect(unnamed.counts).toEqual({});
	expect(unnamed.strangers).toBe(1);
});

it("knows a flow wherever it comes from, and who answered it first", () => {
	const at = (atMs: number) => {
		return { atMs: EPOCH_MS + atMs, address: NAT, port: 53, flow: 0 };
	};
	const asked = (atMs: number, request: number): Sighting => {
		return { saw: "request", ...at(atMs), request };
	};
	const datagrams = { requests: 1, sent: 2, answers: 1 };
	const { of, counts } = met(
		[record(0, 100, { datagrams })],
		[asked(101, 0), asked(201, 1)],
		[asked(301, 0), { saw: "answer", ...at(301) }],
	);
	// A request that two have read is one.
	expect(of(0)).toEqual({ met: ["b1", "b2"], servedBy: "b2", read: 2 });
	expect(counts).toEqual({ b1: 1, b2: 1 });
});

it("does not take a datagram's socket for a connection of the same port", () => {
	const datagrams = { requests: 1, sent: 1, answers: 0 };
	const flow = record(0, 100, { datagrams });
	expect(met([flow], [connection(150)]).of(0).met).toEqual([]);
});
