import type { Packet } from "../sim/packet/packet.ts";
import {
	acks,
	createRecipeBox,
	INSIDE,
	OUTSIDE,
	type RecipeBox,
	synAckTo,
	syns,
} from "./recipe-box.ts";
import { perSecond, type Series } from "./series.ts";

const ROUNDS = 9;
const CONNECTIONS = 100_000;
const KNOWN = 10_000;
const REPEATS = 30;

/** New connections and packets of known connections, a second. */
export function measureGateway(): readonly Series[] {
	const fresh: number[] = [];
	const known: number[] = [];
	const router = createRecipeBox(CONNECTIONS * 2);
	for (let round = 0; round < ROUNDS; round++) {
		// The first round warms the compiler up, and lets the conntrack table grow.
		const [freshPerSecond, knownPerSecond] = [
			measureFresh(router),
			measureKnown(),
		];
		if (round === 0) continue;
		fresh.push(freshPerSecond);
		known.push(knownPerSecond);
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

function measureFresh(router: RecipeBox): number {
	router.box.conntrack.evict({});
	const packets = syns(0, CONNECTIONS);
	const perSecondFresh = perSecond(CONNECTIONS, () =>
		sendAll(router, OUTSIDE, packets),
	);
	if (router.box.conntrack.count !== CONNECTIONS)
		throw new Error("connections were lost");
	return perSecondFresh;
}

function measureKnown(): number {
	const router = createRecipeBox(CONNECTIONS * 2);
	for (const syn of syns(0, KNOWN)) {
		router.box.receive(OUTSIDE, syn);
		for (const { packet } of router.box.outbox.take())
			router.box.receive(INSIDE, synAckTo(packet));
		router.box.outbox.take();
	}
	const packets = acks(0, KNOWN);
	return perSecond(KNOWN * REPEATS, () => {
		for (let repeat = 0; repeat < REPEATS; repeat++)
			sendAll(router, OUTSIDE, packets);
	});
}

function sendAll(
	{ box }: RecipeBox,
	interfaceIndex: number,
	packets: readonly Packet[],
): void {
	for (const packet of packets) {
		box.receive(interfaceIndex, packet);
		if (box.outbox.take().length !== 1)
			throw new Error("a packet did not come out");
	}
}
