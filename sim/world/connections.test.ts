import { expect, test } from "vitest";
import type { Answer, Ask } from "../contract/ask.ts";
import { parseAddress } from "../packet/address.ts";
import { ACK, type Packet, RST } from "../packet/packet.ts";
import {
	connects,
	createForwarder,
	type Forwarder,
	INSIDE,
	OUTSIDE,
	playForwarded,
} from "./test-forwarder.ts";

const GATEWAY = parseAddress("192.168.0.254") ?? 0;

/** A forwarder whose packets are changed on their way: clients hide behind its own address and other ports. */
function createMasquerade({ delayMs = 0 } = {}): Forwarder {
	const inner = createForwarder(["192.168.0.1", "192.168.0.2"]);
	const clients = new Map<number, Packet & { readonly kind: "tcp" }>();
	const late: Answer["emissions"][number][] = [];

	function hide(ask: Ask & { readonly kind: "packet" }): Ask {
		const { packet } = ask;
		if (packet.kind !== "tcp" || ask.interface !== INSIDE) return ask;
		const client = clients.get(packet.destinationPort);
		if (client === undefined) return ask;
		const { source: destination, sourcePort: destinationPort } = client;
		return { ...ask, packet: { ...packet, destination, destinationPort } };
	}

	function change(answer: Answer): Answer {
		const emissions = answer.emissions.map((emission) => {
			const { packet } = emission;
			if (packet.kind !== "tcp" || emission.interface !== INSIDE)
				return emission;
			const sourcePort = 65_535 - (packet.sourcePort & 0xff);
			clients.set(sourcePort, packet);
			const hidden = { ...packet, source: GATEWAY, sourcePort };
			return { ...emission, packet: hidden, atMs: emission.atMs + delayMs };
		});
		if (delayMs === 0) return { ...answer, emissions };
		late.push(...emissions.filter((one) => one.interface === INSIDE));
		const others = emissions.filter((one) => one.interface !== INSIDE);
		return { ...answer, emissions: others };
	}

	return {
		asks: inner.asks,
		answer(ask) {
			if (ask.kind === "packet") return change(inner.answer(hide(ask)));
			const [next] = late;
			if (ask.kind !== "wait" || next === undefined || next.atMs > ask.toMs)
				return inner.answer(ask);
			late.shift();
			return { ...inner.answer(ask), nowMs: next.atMs, emissions: [next] };
		},
	};
}

test.each([0, 3])(
	"a connection is known by what stays the same, although address and port are changed (packets %i ms late)",
	(delayMs) => {
		const account = playForwarded(
			[connects({ count: 4, arrivals: { kind: "every", intervalMs: 1 } })],
			{ forwarder: createMasquerade({ delayMs }), keepPackets: true },
		);
		expect(
			account.connections.map(({ backend, met }) => [backend, met]),
		).toEqual([
			["b1", ["b1"]],
			["b2", ["b2"]],
			["b1", ["b1"]],
			["b2", ["b2"]],
		]);
		for (const one of account.connections)
			expect(one).toMatchObject({ outcome: "completed", gatewayAnswers: [] });
		const inside = account.packets.filter(
			(one) => one.interface === INSIDE && one.packet.kind === "tcp",
		);
		expect(inside.every((one) => one.connection !== null)).toBe(true);
	},
);

/** Answers each SYN itself, with a RST. */
function createRefusal(): Forwarder {
	const inner = createForwarder(["192.168.0.1"]);
	return {
		asks: inner.asks,
		answer(ask) {
			if (ask.kind !== "packet" || ask.packet.kind !== "tcp")
				return inner.answer(ask);
			const { packet, atMs } = ask;
			const reset = {
				...packet,
				source: packet.destination,
				sourcePort: packet.destinationPort,
				destination: packet.source,
				destinationPort: packet.sourcePort,
				flags: RST | ACK,
				seq: 0,
				ack: (packet.seq + 1) | 0,
			};
			const emissions = [{ atMs, interface: OUTSIDE, packet: reset }];
			return { ...inner.answer(ask), emissions };
		},
	};
}

test("a RST from the gateway is told from one that a backend sent", () => {
	const own = playForwarded([connects()], { forwarder: createRefusal() });
	expect(own.connections[0]).toMatchObject({
		outcome: "refused",
		backend: null,
		met: [],
		gatewayAnswers: ["rst"],
	});
	const passedOn = playForwarded([
		{
			atMs: 0,
			label: "dies",
			kind: "backend",
			backend: "b1",
			becomes: { kind: "refuse" },
		},
		connects(),
	]);
	expect(passedOn.connections[0]).toMatchObject({
		outcome: "refused",
		backend: "b1",
		gatewayAnswers: [],
	});
});
