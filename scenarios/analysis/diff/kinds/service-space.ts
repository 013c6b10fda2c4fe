/** Packets that ask for a service, and kinds of packets in words. */
import { ICMP, TCP, UDP } from "../../../../sim/packet/packet.ts";
import { addressesText, portsText } from "../../services/ranges-text.ts";
import type { Service } from "../../services/service.ts";
import {
	complement,
	type Intervals,
	intersection,
	isWithin,
	normalized,
} from "../../spaces/intervals.ts";
import type { Links } from "../../spaces/links.ts";
import {
	everything,
	isFromGateway,
	OWN_INTERFACES,
	type Space,
} from "../../spaces/space.ts";
import { HOSTS } from "./touched.ts";

const PORTS: Intervals = [[0, 0xffff]];
const PROTOCOLS: Intervals = [[1, 0xff]];

const PROTOCOL_OF: Readonly<Record<Service["protocol"], Intervals>> = {
	tcp: [[TCP, TCP]],
	udp: [[UDP, UDP]],
	icmp: [[ICMP, ICMP]],
	other: PROTOCOLS,
	any: PROTOCOLS,
};

/** @returns a space that has all of its packets, whoever sends them */
export function spaceOfService(service: Service, links: Links): Space {
	const { protocol, addresses, ports, interfaces, openedBy } = service;
	const isOwn = openedBy === "gateway";
	const all = everything(interfaces ?? (isOwn ? OWN_INTERFACES : links.names));
	return {
		...all,
		protocol: PROTOCOL_OF[protocol],
		destination:
			addresses ?? (isOwn ? all.destination : complement(links.ownAddresses)),
		destinationPort: ports ?? PORTS,
	};
}

/** `tcp from 10.0.0.0/8 to 203.0.113.1, port 22` */
export function spaceWords(space: Space, links: Links): string {
	const { source, destination, sourcePort, destinationPort, interfaces } =
		space;
	const isOwn = isFromGateway(space);
	const others = intersection(HOSTS, complement(links.ownAddresses));
	const isAnySource = isOwn || isWithin(others, source);
	const isAnyDestination = isWithin(HOSTS, destination);
	const isPassing = isWithin(others, destination);
	return [
		protocolWords(space.protocol),
		...(isOwn ? [" of the gateway's own programs"] : []),
		...(isAnySource
			? []
			: [` from ${fewest(source, others, links.ownAddresses)}`]),
		...(isAnyDestination
			? []
			: isPassing
				? [" to other hosts"]
				: [` to ${destinationWords(destination, links)}`]),
		...(isWithin(PORTS, destinationPort)
			? []
			: [`, port ${portsText(destinationPort)}`]),
		...(isWithin(PORTS, sourcePort)
			? []
			: [`, source port ${portsText(sourcePort)}`]),
		...(isOwn || interfaces.length === links.names.length
			? []
			: [` at ${interfaces.join(", ")}`]),
	].join("");
}

/**
 * `10.0.0.0/8`, or `outside of 10.0.0.0/8` where that is shorter.
 * @param also addresses that may be said to be in it, since no packet has them
 */
function fewest(set: Intervals, all: Intervals, also: Intervals = []): string {
	const said = filledWith(set, also);
	const rest = intersection(all, complement(said));
	return rest.length > 0 && rest.length < said.length
		? `outside of ${addressesText(filledWith(rest, also))}`
		: addressesText(said);
}

/** With those of the other addresses that fill a gap. */
function filledWith(set: Intervals, also: Intervals): Intervals {
	let filled = set;
	for (const one of also) {
		const both = normalized(filled.concat([one]));
		if (both.length < filled.length) filled = both;
	}
	return filled;
}

function destinationWords(
	destination: Intervals,
	{ ownAddresses }: Links,
): string {
	const filled = filledWith(destination, ownAddresses);
	return filled.length < destination.length
		? `${fewest(filled, HOSTS)} (not the gateway itself)`
		: fewest(destination, HOSTS);
}

function protocolWords(protocol: Intervals): string {
	if (isWithin(PROTOCOLS, protocol)) return "all packets";
	return protocol
		.map(([least, greatest]) => {
			const name = least === greatest ? NAMES.get(least) : undefined;
			return (
				name ??
				(least === greatest
					? `protocol ${least}`
					: `protocols ${least}-${greatest}`)
			);
		})
		.join(", ");
}

const NAMES = new Map([
	[ICMP, "icmp"],
	[TCP, "tcp"],
	[UDP, "udp"],
]);

/**
 * `clients from 10.0.0.0/8 at eth1`, `all clients`
 * @param service which part of it they ask for is said as well: `clients from 10.0.0.0/8 to 203.0.113.1, port 22`
 */
export function clientWords(
	space: Space,
	links: Links,
	service: Service | null = null,
): string {
	const whole = service && spaceOfService(service, links);
	const part = <Field extends "destination" | "destinationPort" | "protocol">(
		field: Field,
		any: Intervals,
	) =>
		whole === null || isWithin(whole[field], space[field]) ? any : space[field];
	const protocol = part("protocol", PROTOCOLS);
	const words = spaceWords(
		{
			...space,
			destination: part("destination", [[0, 0xffff_ffff]]),
			destinationPort: part("destinationPort", PORTS),
			protocol: PROTOCOLS,
		},
		links,
	)
		.replace(" of the gateway's own programs", "")
		.replace("all packets", "");
	const who = isFromGateway(space)
		? "the gateway itself"
		: words === ""
			? "all clients"
			: "clients";
	const sent = isWithin(PROTOCOLS, protocol)
		? ""
		: `, ${protocolWords(protocol)}`;
	return isFromGateway(space) && whole === null ? who : `${who}${words}${sent}`;
}
