/** Ports that a translation draws, and what a kernel shows of them. */
import type { ConntrackLine } from "../../../sim/contract/gateway.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import type { Address } from "../../../sim/packet/packet.ts";

/** What one kind of NAT has made of a packet that begins a connection, whether it gets any further or not. */
export interface Translated {
	readonly manip: "source" | "destination";
	readonly protocol: number;
	readonly source: Address;
	readonly destination: Address;
	/** Of ICMP the identifier; 0 for protocols without ports. */
	readonly sourcePort: number;
	readonly destinationPort: number;
}

/** What is drawn, as its label says it. */
export interface PortDraw {
	readonly label: string;
	readonly count: number;
}

const NAT_PORT = /^nat (source|destination) (port|identifier) from (\d+)$/;
const ICMP = 1;

/** Draws of a kernel, of which it takes the remainder. */
const RANDOM_16_BITS = 65_536;

/** What is drawn, whichever port the range begins with: `nat destination port`. */
export function rangeOf(label: string): string {
	const [, manip, what] = NAT_PORT.exec(label) ?? [];
	return `nat ${manip} ${what}`;
}

/**
 * The chance of an offset below this one among so many: a kernel takes the remainder of 16 random bits
 * (`nf_nat_l4proto_unique_tuple`, `get_random_u16`), which favours the lower ones.
 */
export function chanceBelow(offset: number, count: number): number {
	const whole = Math.floor(RANDOM_16_BITS / count);
	const rest = Math.min(offset, RANDOM_16_BITS % count);
	return (whole * offset + rest) / RANDOM_16_BITS;
}

/** The same translation with another port of the range. */
export function withOffset(
	translated: Translated,
	label: string,
	offset: number,
): Translated {
	const [, manip, what, lowest] = NAT_PORT.exec(label) ?? [];
	const port = Number(lowest) + offset;
	return what === "identifier" || manip === "source"
		? { ...translated, sourcePort: port }
		: { ...translated, destinationPort: port };
}

export function isPortDraw(label: string): boolean {
	return NAT_PORT.test(label);
}

/** The first of these packets that shows what was drawn, by its place among them, and what it shows; `null` when none does. */
export function offsetShown(
	shown: readonly Translated[],
	draw: PortDraw,
): { readonly place: number; readonly offset: number } | null {
	const [, manip, what, lowest] = NAT_PORT.exec(draw.label) ?? [];
	for (const [place, one] of shown.entries()) {
		const isIcmp = one.protocol === ICMP;
		if (one.manip !== manip || isIcmp !== (what === "identifier")) continue;
		const isSource = isIcmp || manip === "source";
		const port = isSource ? one.sourcePort : one.destinationPort;
		const offset = port - Number(lowest);
		if (offset >= 0 && offset < draw.count) return { place, offset };
	}
	return null;
}

/** In which zones are these replies those of a connection that is there already? */
export function zonesTaken(
	translated: Translated,
	connections: readonly ConntrackLine[],
): ReadonlySet<string> {
	const { sourcePort, destinationPort, protocol } = translated;
	const source = formatAddress(translated.source);
	const destination = formatAddress(translated.destination);
	const taking = connections.filter((line) => {
		const { reply } = line;
		const [from, to] =
			protocol === ICMP
				? [reply.sourcePort, destinationPort]
				: [reply.destinationPort, reply.sourcePort];
		return (
			numberOf(line) === protocol &&
			reply.source === destination &&
			reply.destination === source &&
			from === sourcePort &&
			to === destinationPort
		);
	});
	return new Set(taking.map(zoneOfReplies));
}

function zoneOfReplies({ text }: ConntrackLine): string {
	return /zone(?:-reply)?=(\d+)/.exec(text)?.[1] ?? "0";
}

/** `tcp 6 …`, or `ipv4 2 tcp 6 …` as /proc/net/nf_conntrack has it. */
function numberOf({ text }: ConntrackLine): number {
	return Number(/^(?:ipv4 +2 +)?\S+ +(\d+)/.exec(text)?.[1]);
}
