import { receive } from "../sim/gateway/ip/events.ts";
import { takeEmissions } from "../sim/gateway/ip/neighbours.ts";
import type { GatewayState } from "../sim/gateway/state/gateway-state.ts";
import type { Packet } from "../sim/packet/packet.ts";
import {
	acks,
	createRecipeGateway,
	INSIDE,
	OUTSIDE,
	synAckTo,
	syns,
} from "./recipe-gateway.ts";
import { perSecond, type Series } from "./series.ts";

const ROUNDS = 9;
const CONNECTIONS = 100_000;
const KNOWN = 10_000;
const REPEATS = 30;

/** New connections and packets of known connections, a second. */
export function measureGateway(): readonly Series[] {
	const fresh: number[] = [];
	const known: number[] = [];
	const measure = gatewayRounds();
	for (let round = 0; round < ROUNDS; round++) {
		// The first round warms the compiler up, and lets the conntrack table grow.
		const speed = measure();
		if (round === 0) continue;
		fresh.push(speed.fresh);
		known.push(speed.known);
	}
	return [
		{
			name: "new connections",
			unit: "connections/s",
			values: fresh,
			aim: 1_000_000,
		},
		{
			name: "packets of known connections",
			unit: "packets/s",
			values: known,
			aim: 3_000_000,
		},
	];
}

/** Measures both once, whenever it is asked. */
export function gatewayRounds(): () => {
	readonly fresh: number;
	readonly known: number;
} {
	const gateway = createRecipeGateway(CONNECTIONS * 2);
	return () => ({ fresh: measureFresh(gateway), known: measureKnown() });
}

function measureFresh(gateway: GatewayState): number {
	gateway.conntrack.evict({});
	const packets = syns(0, CONNECTIONS);
	const perSecondFresh = perSecond(CONNECTIONS, () =>
		sendAll(gateway, OUTSIDE, packets),
	);
	if (gateway.conntrack.count !== CONNECTIONS)
		throw new Error("connections were lost");
	return perSecondFresh;
}

function measureKnown(): number {
	const gateway = createRecipeGateway(CONNECTIONS * 2);
	for (const syn of syns(0, KNOWN)) {
		receive(gateway, OUTSIDE, syn);
		for (const { packet } of takeEmissions(gateway))
			receive(gateway, INSIDE, synAckTo(packet));
		takeEmissions(gateway);
	}
	const packets = acks(0, KNOWN);
	return perSecond(KNOWN * REPEATS, () => {
		for (let repeat = 0; repeat < REPEATS; repeat++)
			sendAll(gateway, OUTSIDE, packets);
	});
}

function sendAll(
	gateway: GatewayState,
	interfaceIndex: number,
	packets: readonly Packet[],
): void {
	for (const packet of packets) {
		receive(gateway, interfaceIndex, packet);
		if (takeEmissions(gateway).length !== 1)
			throw new Error("a packet did not come out");
	}
}
