/** Ports that a translation draws: what a connection or a packet shows of them. */
import type { ConntrackLine } from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import type { Packet } from "../../../sim/packet/packet.ts";

/** What is drawn, as its label says it. */
export interface PortDraw {
	readonly label: string;
	readonly count: number;
}

const NAT_PORT = /^nat (source|destination) port from (\d+)$/;

export function isPortDraw(label: string): boolean {
	return NAT_PORT.test(label);
}

/** The draw that a packet shows, if it was sent on; `null` when it shows none. */
export function offsetShown(packet: Packet, draw: PortDraw): number | null {
	const [, side, lowest] = NAT_PORT.exec(draw.label) ?? [];
	if (side === undefined) return null;
	const [source, destination] = portsOf(packet);
	const port = side === "source" ? source : destination;
	return port === undefined ? null : offsetOf(port, Number(lowest), draw.count);
}

/** The port in an entry that the draw is for; `null` when it is for none. */
export function portIn(
	{ protocol, reply }: ConntrackLine,
	{ label }: PortDraw,
): number | null {
	const [, side] = NAT_PORT.exec(label) ?? [];
	if (side === undefined) return null;
	// Replies go to the source as it was translated, and come from the destination; ICMP has one identifier.
	const isSource = side === "source" && protocol !== "icmp";
	return isSource ? reply.destinationPort : reply.sourcePort;
}

/** The draw that leads to the port in the entry, if it was free; `null` when none does. */
export function offsetIn(entry: ConntrackLine, draw: PortDraw): number | null {
	const [, , lowest] = NAT_PORT.exec(draw.label) ?? [];
	const port = portIn(entry, draw);
	return port === null ? null : offsetOf(port, Number(lowest), draw.count);
}

/** The first entry that is not among some, as replies see it. */
export function missingIn(
	some: readonly ConntrackLine[],
	entries: readonly ConntrackLine[],
): ConntrackLine | null {
	const known = some.map(replyOf);
	return entries.find((line) => !known.includes(replyOf(line))) ?? null;
}

function offsetOf(port: number, lowest: number, count: number): number | null {
	const offset = port - lowest;
	return offset >= 0 && offset < count ? offset : null;
}

/** The connections that some packets may have begun: of each, one in each zone. */
export function entriesOf(
	packets: readonly Packet[],
	lines: readonly ConntrackLine[],
): readonly ConntrackLine[] {
	return lines.filter((line) =>
		packets.some((packet) => mayHaveBegun(packet, line)),
	);
}

function mayHaveBegun(
	packet: Packet,
	{ protocol, original }: ConntrackLine,
): boolean {
	const [sourcePort, destinationPort] = portsOf(packet);
	return (
		protocol === packet.kind &&
		original.source === formatAddress(packet.source) &&
		original.destination === formatAddress(packet.destination) &&
		original.sourcePort === sourcePort &&
		original.destinationPort === destinationPort
	);
}

function replyOf({ reply }: ConntrackLine): string {
	const { source, sourcePort, destination, destinationPort } = reply;
	return `${source}:${sourcePort} ${destination}:${destinationPort}`;
}

function portsOf(
	packet: Packet,
): readonly [source: number, destination: number] {
	if (packet.kind === "icmp") return [packet.rest >>> 16, 0];
	return "sourcePort" in packet
		? [packet.sourcePort, packet.destinationPort]
		: [0, 0];
}
