/** One packet that stands for many: the first packet of a connection, out of a space. */

import { icmpEcho, other, tcp, udp } from "../../../sim/packet/build.ts";
import { ICMP, type Packet, TCP, UDP } from "../../../sim/packet/packet.ts";
import {
	contains,
	type Intervals,
	intersection,
	normalized,
} from "../spaces/intervals.ts";
import { type Links, LOOPBACK } from "../spaces/links.ts";
import { HEADER_FIELDS, isFromGateway, type Space } from "../spaces/space.ts";
import { type Arrival, OWN_INTERFACE } from "../walk/walker.ts";

const CLIENT_PORT = 40_000;
const USUAL_PORTS = [80, 443, 8080, 12_345] as const;

/** How much a packet is like one that comes in reality: the first of these that can be had. */
const LIKENESSES: readonly Likeness[] = [
	// It comes from where its source lies, and does not leave by the interface by which it came.
	{ comesFromBehind: true, turnsBack: false },
	{ comesFromBehind: true, turnsBack: true },
	{ comesFromBehind: false, turnsBack: true },
];

interface Likeness {
	readonly comesFromBehind: boolean;
	readonly turnsBack: boolean;
}

/**
 * @param avoid spaces out of which the packet must not be, where that can be had
 * @returns `null` when every packet that was tried lies in one of `avoid`
 */
export function sampleOf(
	space: Space,
	links: Links,
	avoid: readonly Space[],
): Arrival | null {
	if (isFromGateway(space)) return ownSampleOf(space, links, avoid);
	const sources = sourcesOf(space.source, links);
	const destinations = destinationsOf(space, links, avoid);
	const sourcePort = firstOf(space.sourcePort, [CLIENT_PORT]);
	const protocol = firstOf(space.protocol, [TCP, UDP, ICMP]);
	for (const likeness of LIKENESSES)
		for (const destinationPort of portsOf(space.destinationPort, avoid))
			for (const destination of destinations)
				for (const source of sources) {
					const from = interfaceOf(source, destination, {
						space,
						links,
						likeness,
					});
					if (from === null || source === destination) continue;
					const point: Point = {
						source,
						destination,
						sourcePort,
						destinationPort,
						protocol,
					};
					if (avoid.some((one) => lies(point, from, one))) continue;
					return { interface: from, packet: packetOf(point) };
				}
	return null;
}

/** What a program of the gateway sends: from the address that its route has, or from another one that rules ask for. */
function ownSampleOf(
	space: Space,
	links: Links,
	avoid: readonly Space[],
): Arrival | null {
	const sourcePort = firstOf(space.sourcePort, [CLIENT_PORT]);
	const protocol = firstOf(space.protocol, [TCP, UDP, ICMP]);
	const isLoopback = (address: number) => contains([LOOPBACK], address);
	// Most connections of its programs leave it.
	for (const destinationPort of portsOf(space.destinationPort, avoid))
		for (const destination of destinationsOf(space, links, avoid).toSorted(
			(one, other) => Number(links.isOwn(one)) - Number(links.isOwn(other)),
		)) {
			const usual = links.sourceTowards(destination);
			if (usual === null) continue;
			const others = someOf(space.source, [
				...links.own.map(({ address }) => address),
			]).filter((one) => isLoopback(one) === isLoopback(usual));
			for (const source of [usual, ...others]) {
				if (!contains(space.source, source)) continue;
				const point: Point = {
					source,
					destination,
					sourcePort,
					destinationPort,
					protocol,
				};
				if (avoid.some((one) => lies(point, OWN_INTERFACE, one))) continue;
				return { interface: OWN_INTERFACE, packet: packetOf(point) };
			}
		}
	return null;
}

type Point = Readonly<
	Record<(typeof HEADER_FIELDS)[number] | "protocol", number>
>;

function lies(point: Point, from: string, space: Space): boolean {
	return (
		HEADER_FIELDS.every((field) => contains(space[field], point[field])) &&
		contains(space.protocol, point.protocol) &&
		space.interfaces.includes(from)
	);
}

function packetOf({
	protocol,
	sourcePort,
	destinationPort,
	...rest
}: Point): Packet {
	const addresses = {
		source: rest.source | 0,
		destination: rest.destination | 0,
	};
	const ports = { sourcePort, destinationPort };
	switch (protocol) {
		case TCP:
			return tcp({
				...addresses,
				...ports,
				seq: 1,
				window: 64_240,
				options: SYN_OPTIONS,
			});
		case UDP:
			return udp({ ...addresses, ...ports });
		case ICMP:
			return icmpEcho({ ...addresses, identifier: 1, sequence: 1 });
		default:
			return other({ ...addresses, protocol });
	}
}

/** Of a SYN as Linux sends it: 60 octets in all. */
const SYN_OPTIONS = {
	mss: 1460,
	windowScale: 7,
	sackPermitted: true,
	timestamp: { value: 1, echo: 0 },
};

/** The first of `wanted` that lies in the set, otherwise its least number but 0. */
function firstOf(set: Intervals, wanted: readonly number[]): number {
	const found = wanted.find((one) => contains(set, one));
	if (found !== undefined) return found;
	const [least = 0, greatest = 0] = set[0] ?? [];
	return least === 0 && greatest > 0 ? 1 : least;
}

/** Addresses of a set to try: those that are wanted, and some at the beginning and end of each interval. */
function someOf(set: Intervals, wanted: readonly number[]): readonly number[] {
	const inside = wanted.filter((one) => contains(set, one));
	const ends = set
		.slice(0, 8)
		.flatMap(([least, greatest]) => [
			Math.min(least + 10, greatest),
			greatest - 1 > least ? greatest - 1 : greatest,
			least,
		]);
	return [...new Set([...inside, ...ends])];
}

/** Of hosts, those from far first; where none of the set is a host's, whatever there is but the gateway's own. */
function sourcesOf(
	set: Intervals,
	{ hosts, farHosts, farSamples, neighbours, isOwn }: Links,
): readonly number[] {
	const ofHosts = intersection(set, hosts);
	if (ofHosts.length === 0)
		return someOf(set, []).filter((address) => !isOwn(address));
	const far = someOf(intersection(set, farHosts), []);
	const found = someOf(set, [...farSamples, ...far, ...neighbours]).filter(
		(address) => contains(hosts, address) && !isOwn(address),
	);
	return found.length > 0 ? found : someOf(ofHosts, []);
}

function destinationsOf(
	{ destination, interfaces }: Space,
	links: Links,
	avoid: readonly Space[],
): readonly number[] {
	const isFor = (name: string) => interfaces.includes(name);
	const own = links.own.filter(({ address }) => contains(destination, address));
	const near = [
		...own.filter(
			({ interface: at }) => isFor(at) && links.clientInterfaces.includes(at),
		),
		...own.filter(({ interface: at }) => isFor(at)),
		...own,
	];
	const edges = avoid
		.slice(0, 8)
		.flatMap(({ destination: set }) => set.map(([, greatest]) => greatest + 1));
	const ofHosts = intersection(
		destination,
		normalized([...links.hosts, ...links.ownAddresses]),
	);
	return someOf(ofHosts.length > 0 ? ofHosts : destination, [
		...near.map(({ address }) => address),
		...links.farSamples.toReversed(),
		...links.neighbours,
		...edges,
	]);
}

function portsOf(set: Intervals, avoid: readonly Space[]): readonly number[] {
	const edges = avoid
		.slice(0, 32)
		.flatMap(({ destinationPort }) =>
			destinationPort.map(([, greatest]) => greatest + 1),
		);
	const begins = set.slice(0, 8).map(([least]) => least);
	const wanted = [...USUAL_PORTS, ...edges, ...begins].filter((one) =>
		contains(set, one),
	);
	return [...new Set([...wanted, firstOf(set, USUAL_PORTS)])].slice(0, 16);
}

/** The interface by which a packet comes; `null`: it would not be as like a real one as is wanted. */
function interfaceOf(
	source: number,
	destination: number,
	{
		space: { interfaces },
		links,
		likeness,
	}: {
		readonly space: Space;
		readonly links: Links;
		readonly likeness: Likeness;
	},
): string | null {
	const behind = links.interfaceFrom(source, destination);
	const isBehind = behind !== null && interfaces.includes(behind);
	if (likeness.comesFromBehind && !isBehind) return null;
	const client = links.clientInterfaces.find((name) =>
		interfaces.includes(name),
	);
	const from = isBehind ? behind : (client ?? interfaces[0] ?? null);
	const turnsBack = from === links.interfaceTowards(destination);
	return turnsBack && !likeness.turnsBack ? null : from;
}
