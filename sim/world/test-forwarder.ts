/**
 * For tests: the simplest thing that can stand in the middle of a world. It hands connections to the
 * service to backends by turns, rewrites addresses, and does nothing that a gateway is interesting for.
 */
import type { Choice } from "../chance/choice.ts";
import { seededChoice } from "../chance/seeded.ts";
import type { Answer, Ask } from "../contract/ask.ts";
import type { Emission } from "../contract/gateway.ts";
import { formatAddress, parseAddress } from "../packet/address.ts";
import { icmpError } from "../packet/build.ts";
import type { Packet } from "../packet/packet.ts";
import type { Account } from "./account/account.ts";
import type { Step, WorldSetup } from "./setup/setup.ts";
import { play } from "./world.ts";

export const OUTSIDE = "bond0.204";
export const INSIDE = "eth1";
const SERVICE = parseAddress("10.0.0.1") ?? 0;
const ARP_TIMEOUT_MS = 3_072;

export interface Forwarder {
	/** What it was asked, in order. */
	readonly asks: Ask[];
	answer(ask: Ask): Answer;
}

/** @param backends the addresses that it hands connections to, by turns */
export function createForwarder(backends: readonly string[]): Forwarder {
	const asks: Ask[] = [];
	const addresses = backends.map((text) => parseAddress(text) ?? 0);
	const chosen = new Map<string, number>();
	const silent = new Set<string>();
	let complaints: Emission[] = [];
	let next = 0;

	function forward(atMs: number, from: string, packet: Packet): Emission[] {
		if (packet.kind !== "tcp") return [];
		if (from === INSIDE)
			return [
				{ atMs, interface: OUTSIDE, packet: { ...packet, source: SERVICE } },
			];
		const key = `${packet.source} ${packet.sourcePort}`;
		let destination = chosen.get(key);
		if (destination === undefined) {
			destination = addresses[next++ % addresses.length] ?? 0;
			chosen.set(key, destination);
		}
		if (!silent.has(formatAddress(destination)))
			return [{ atMs, interface: INSIDE, packet: { ...packet, destination } }];
		complaints.push({
			atMs: atMs + ARP_TIMEOUT_MS,
			interface: OUTSIDE,
			packet: icmpError(packet, { type: 3, code: 1, from: SERVICE }),
		});
		return [];
	}

	return {
		asks,
		answer(ask) {
			asks.push(ask);
			const none = { outcome: null, observation: null, unknown: null };
			if (ask.kind === "packet") {
				const emissions = forward(ask.atMs, ask.interface, ask.packet);
				return { nowMs: ask.atMs, emissions, ...none };
			}
			if (ask.kind === "wait") {
				const [first] = complaints;
				if (first === undefined || first.atMs > ask.toMs)
					return { nowMs: ask.toMs, emissions: [], ...none };
				const emissions = complaints.filter((one) => one.atMs === first.atMs);
				complaints = complaints.filter((one) => one.atMs !== first.atMs);
				return { nowMs: first.atMs, emissions, ...none };
			}
			if (ask.kind === "neighbour") {
				if (ask.answers) silent.delete(ask.address);
				else silent.add(ask.address);
			}
			const outcome = ask.kind === "operation" ? { ok: true as const } : null;
			return { nowMs: ask.atMs, emissions: [], ...none, outcome };
		},
	};
}

/** Two clients' worth of the outside, two backends inside, a millisecond to each. */
export function testSetup(changes: Partial<WorldSetup> = {}): WorldSetup {
	const up = { kind: "up" as const };
	return {
		service: { address: "10.0.0.1", port: 25 },
		clients: [
			{ name: "c1", address: "10.0.0.10", interface: OUTSIDE, latencyMs: 1 },
		],
		backends: [
			{
				name: "b1",
				address: "192.168.0.1",
				interface: INSIDE,
				latencyMs: 1,
				behaviour: up,
			},
			{
				name: "b2",
				address: "192.168.0.2",
				interface: INSIDE,
				latencyMs: 1,
				behaviour: up,
			},
		],
		healthCheck: null,
		...changes,
	};
}

/** Plays steps around a forwarder. */
export function playForwarded(
	steps: readonly Step[],
	{
		setup = testSetup(),
		endMs = 600_000,
		choice = seededChoice(1) as Choice,
		keepPackets = false,
		forwarder = createForwarder(["192.168.0.1", "192.168.0.2"]),
	} = {},
): Account {
	const game = play(setup, steps, { choice, endMs, keepPackets });
	let turn = game.next();
	while (!turn.done) turn = game.next(forwarder.answer(turn.value));
	return turn.value;
}

/** A `connect` step: one connection with one message, unless something else is said. */
export function connects(
	changes: Partial<Step & { readonly kind: "connect" }> = {},
): Step & { readonly kind: "connect" } {
	return {
		atMs: 0,
		label: "clients",
		kind: "connect",
		client: "c1",
		count: 1,
		arrivals: { kind: "at-once" },
		ports: { kind: "from", first: 40_000 },
		dialogue: {
			kind: "smtp",
			messages: 1,
			connectTimeoutMs: 30_000,
			readTimeoutMs: 300_000,
		},
		...changes,
	};
}
