/** Connections to the backends of a ruleset, one for each way to one, with the packets that follow the first. */
import type { Packet } from "../../../sim/packet/packet.ts";
import { meaningOf } from "../services/ends.ts";
import type { ClientClass, Service } from "../services/service.ts";
import { contains } from "../spaces/intervals.ts";
import { type Links, linksOf } from "../spaces/links.ts";
import type { Decision, End } from "../walk/decision.ts";
import { endsOf } from "../walk/ends-of.ts";
import {
	comesAgain,
	type LaterPackets,
	laterPackets,
} from "../walk/later-packets.ts";
import type { Arrival } from "../walk/walker.ts";
import type { Facts } from "./facts.ts";

export interface Connection {
	readonly service: Service;
	readonly client: ClientClass;
	/** Its first packet. */
	readonly arrival: Arrival;
	/** Its key among the backends of the service. */
	readonly backend: string;
	/** All ways of its first packet. */
	readonly decision: Decision;
	/** Where its first packet came to. */
	readonly end: End;
	readonly later: LaterPackets;
	/** The first packet of the client's next connection; `null`: no rule remembers this one. */
	readonly returning: Decision | null;
	/** What an end of a later packet of the client is to the service, as `backend` is. */
	keyOf(end: End): string;
}

interface Connections {
	readonly all: readonly Connection[];
	/**
	 * Those that end at the gateway itself, where a program is said to listen. Whether one does is not known: if
	 * not, a reset takes the connection with it, and what comes next is a new one.
	 */
	readonly toPrograms: readonly Connection[];
	/** What was not looked at: a sentence each. */
	readonly gaps: readonly string[];
}

/** Ways to backends that are followed; of a larger ruleset, the first one of each service. */
const MOST_FOLLOWED = 20_000;

const known = new WeakMap<Facts["services"], Connections>();

/** Rules of the linter share them: each is walked once. */
export function connectionsOf(facts: Facts): Connections {
	const found = known.get(facts.services) ?? follow(facts);
	known.set(facts.services, found);
	return found;
}

function follow(facts: Facts): Connections {
	const perService = facts.services.map((service) => waysOf(facts, service));
	const count = perService.reduce((sum, ways) => sum + ways.length, 0);
	const isWhole = count <= MOST_FOLLOWED;
	const followed = perService.flatMap((ways) =>
		isWhole ? ways : ways.slice(0, 1),
	);
	const found = followed.map((way) => ({
		...way,
		later: laterPackets(facts.walker, way.arrival, way.end),
		returning: comesAgain(facts.walker, way.arrival, way.end),
	}));
	return {
		all: found.filter((one) => !isToProgram(one)),
		toPrograms: found.filter(isToProgram),
		gaps: isWhole
			? []
			: [
					`${count} ways lead to backends: later packets of connections were walked for the first way of each service`,
				],
	};
}

export function isToProgram({ end }: Pick<Connection, "end">): boolean {
	return end.fate.kind === "delivered";
}

function waysOf(
	facts: Facts,
	service: Service,
): readonly Omit<Connection, "later" | "returning">[] {
	const { walker, world } = facts;
	const links = linksOf(world);
	const [first] = service.ports ?? [];
	const keepsPort = service.ports?.length !== 1 || first?.[0] !== first?.[1];
	return service.classes.flatMap((client) => {
		const passing = fromBehind(
			passingBy(client.packet, service, links),
			{ client, service },
			links,
		);
		const first = { interface: client.interface, packet: passing };
		return [first, ...byOtherUplinks(first, service, links)].flatMap(
			(arrival) => {
				const decision =
					arrival.packet === client.packet
						? client.decision
						: walker.walk(arrival);
				const meaning = (end: End) =>
					meaningOf(end, {
						balances: service.balances,
						packet: arrival.packet,
						keepsPort,
						isForAll: false,
						world,
					});
				return endsOf(decision).flatMap((end) => {
					const { kind, key } = meaning(end);
					// A reset takes the connection with it: what comes next is a new one.
					const isReset = end.answered !== null && !isToProgram({ end });
					return kind === "backend" && !isReset
						? [
								{
									service,
									client,
									arrival,
									backend: key,
									decision,
									end,
									keyOf: (one: End) => meaning(one).key,
								},
							]
						: [];
				});
			},
		);
	});
}

/** Clients from far ask for each address of the gateway that the service has, by the uplink that has it. */
function byOtherUplinks(
	{ interface: from, packet }: Arrival,
	{ addresses, balances, interfaces, openedBy }: Service,
	{ own, uplinks, interfaceFrom }: Links,
): readonly Arrival[] {
	const isForBackends = balances === "destination" && openedBy === "clients";
	if (!isForBackends || !uplinks.has(from)) return [];
	const firsts = new Map(
		own.toReversed().flatMap(({ address, interface: name }) => {
			const isAsked =
				(addresses === null || contains(addresses, address)) &&
				(interfaces === null || interfaces.includes(name));
			const comesBy = interfaceFrom(packet.source >>> 0, address);
			return name !== from && isAsked && uplinks.has(name) && comesBy === name
				? [[name, address] as const]
				: [];
		}),
	);
	return [...firsts].map(([name, address]) => ({
		interface: name,
		packet: { ...packet, destination: address | 0 },
	}));
}

/** How far a neighbour's address is from the gateway's own. */
const NEXT_TO = [41, -41] as const;

/**
 * Answers to a client that stands for any come back by the link inside that it came by, so that what follows them is
 * seen, where it has an address of that link.
 */
function fromBehind(
	packet: Packet,
	{
		client,
		service,
	}: { readonly client: ClientClass; readonly service: Service },
	{ own, uplinks, interfaceTowards }: Links,
): Packet {
	const { interface: from, sources } = client;
	const isBehind = interfaceTowards(packet.source >>> 0) === from;
	if (service.balances !== "mark" || isBehind || uplinks.has(from))
		return packet;
	const source = own
		.filter(({ interface: at }) => at === from)
		.flatMap(({ address, network: [least, greatest] }) =>
			NEXT_TO.map((step) => address + step).filter(
				(one) => least < one && one < greatest,
			),
		)
		.find((one) => sources === null || contains(sources, one));
	return source === undefined ? packet : { ...packet, source: source | 0 };
}

/** What leaves by one way or another is for other hosts: for the gateway itself stands such a packet. */
export function passingBy(
	packet: Packet,
	{ balances, addresses }: Service,
	{ isOwn, farSamples }: Links,
): Packet {
	const isForOthers = balances === "destination" || addresses !== null;
	if (isForOthers || !isOwn(packet.destination >>> 0)) return packet;
	const destination = farSamples.findLast((one) => one !== packet.source >>> 0);
	return destination === undefined
		? packet
		: { ...packet, destination: destination | 0 };
}
