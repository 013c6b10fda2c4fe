/** Connections of a class of clients, played on the model from the load of the ruleset on. */
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { Fate } from "../../../sim/contract/gateway.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { invariant } from "../../../sim/invariant.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { type Rational, rational } from "../../../sim/rational.ts";
import { contains } from "../spaces/intervals.ts";
import type { Deviation } from "../split/split.ts";
import type { Analysis } from "./analysis.ts";
import type { ClientClass } from "./service.ts";

const FIRST_PORT = 1024;
const PORTS = 0x1_0000 - FIRST_PORT;

/** The model as it is after the load of the ruleset that was analysed. */
export interface Play {
	/** The next connection of a client of that class: the key of the backend to which it goes. */
	connect(client: ClientClass): string;
}

/** @param text the ruleset that was analysed */
export function playOf(
	{ world }: Analysis,
	text: string,
	{
		conditions,
		seed,
	}: {
		readonly conditions: Readonly<Record<string, 0 | 1>>;
		readonly seed: number;
	},
): Play {
	const gateway = new ModelGateway(world.setup, { choice: seededChoice(seed) });
	const restored = gateway.operate({
		kind: "restore",
		text,
		file: "",
		noflush: false,
		counters: false,
	});
	invariant(restored.ok, "the ruleset does not load");
	for (const [name, value] of Object.entries(conditions))
		gateway.operate({ kind: "condition", name, write: `${value}` });
	let connections = 0;
	return {
		connect(client) {
			const packet = nextPacket(client, connections++);
			const { fate, emissions } = gateway.receive(client.interface, packet);
			return keyOf(packet, fate, emissions.at(-1)?.packet ?? null);
		},
	};
}

/** A new port each time, and one of several clients. */
function nextPacket(
	{ packet, sources }: ClientClass,
	connections: number,
): Packet {
	invariant(packet.kind === "tcp", "a connection of TCP");
	const other = packet.source + (connections % 5);
	const isAlike = sources === null || contains(sources, other >>> 0);
	return {
		...packet,
		source: isAlike ? other : packet.source,
		sourcePort: FIRST_PORT + (connections % PORTS),
	};
}

/** As the analysis names it, where connections are translated to one port of a backend. */
export function keyOf(packet: Packet, fate: Fate, sent: Packet | null): string {
	if (fate.kind === "delivered")
		return "no backend: delivered to the gateway itself";
	if (fate.kind === "dropped") return `no backend: dropped by ${fate.by}`;
	invariant(
		fate.kind === "forwarded" && sent?.kind === "tcp",
		`a packet was ${fate.kind}`,
	);
	return sent.destination === packet.destination
		? `no backend: forwarded by ${fate.interface} as it came`
		: `${formatAddress(sent.destination)}:${sent.destinationPort}`;
}

/** How far a backend was from its share, by what these connections went to. */
export function deviationIn(
	keys: readonly string[],
	key: string,
	share: Rational,
): Deviation {
	const { numerator, denominator } = share;
	// In units of 1/denominator: D(k) = connections among the first k, minus k times the share.
	let [at, least, greatest] = [0n, 0n, 0n];
	for (const one of keys) {
		at += (one === key ? denominator : 0n) - numerator;
		if (at < least) least = at;
		if (at > greatest) greatest = at;
	}
	const sinceLoad = greatest > -least ? greatest : -least;
	return {
		anyWindow: rational(greatest - least, denominator),
		sinceLoad: rational(sinceLoad, denominator),
	};
}
