/** Programs of the gateway's own to which a service sends connections (`REDIRECT`): they are said to listen. */
import type { GatewaySetup } from "../../../../sim/contract/gateway.ts";
import { parseAddress } from "../../../../sim/packet/address.ts";
import { tcp } from "../../../../sim/packet/build.ts";
import type { Packet } from "../../../../sim/packet/packet.ts";
import type { Analysis } from "../../services/analysis.ts";
import type { Service } from "../../services/service.ts";
import { linksOf } from "../../spaces/links.ts";
import { portOf } from "../../walk/ends-of.ts";
import { type Arrival, OWN_INTERFACE } from "../../walk/walker.ts";
import type { Subject } from "./subject.ts";

type Listener = GatewaySetup["listeners"][number];

interface Program extends Listener {
	/** Where connections are sent; it listens at all addresses. */
	readonly address: number;
}

/** The analysis of a gateway on which they listen; the same where the service sends no connection to any. */
export function withPrograms(service: Service, analysis: Analysis): Analysis {
	const { world } = analysis;
	const programs = programsOf(service, world);
	if (programs.length === 0) return analysis;
	const listeners = new Map(
		[...world.setup.listeners, ...programs].map(({ protocol, port }) => [
			`${protocol} ${port}`,
			{ protocol, port },
		]),
	);
	const setup = { ...world.setup, listeners: [...listeners.values()] };
	return { ...analysis, world: { ...world, setup } };
}

/** Would a program take it? */
export function isListening(
	packet: Packet,
	{ listeners }: Pick<GatewaySetup, "listeners">,
): boolean {
	return listeners.some(
		({ protocol, port }) => protocol === packet.kind && port === portOf(packet),
	);
}

/** Of no meaning to clients. */
const DISCARD = 9;
const RST = 4;

/**
 * A packet from each port of TCP: a program from whose port a scenario sends a packet by hand says nothing by itself
 * from then on. One of UDP answers nothing in any case.
 */
export function programsByHand(
	{ service, first }: Subject,
	world: Analysis["world"],
): readonly Arrival[] {
	return programsOf(service, world)
		.filter(({ protocol }) => protocol === "tcp")
		.map(({ address, port }) => ({
			interface: OWN_INTERFACE,
			packet: tcp({
				source: address,
				destination: first.packet.source,
				sourcePort: port,
				destinationPort: DISCARD,
				flags: RST,
			}),
		}));
}

function programsOf(
	{ backends, balances, classes }: Service,
	world: Analysis["world"],
): readonly Program[] {
	const { isOwn } = linksOf(world);
	if (balances !== "destination") return [];
	const found = new Map<string, Program>();
	for (const { address: text, port: own } of backends) {
		const address = text === null ? null : parseAddress(text);
		if (address === null || !isOwn(address >>> 0)) continue;
		for (const { packet } of classes) {
			const { kind: protocol } = packet;
			if (protocol !== "tcp" && protocol !== "udp") continue;
			const port = own ?? packet.destinationPort;
			found.set(`${protocol} ${port}`, { protocol, address, port });
		}
	}
	return [...found.values()];
}
