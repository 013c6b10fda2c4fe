/** What the end of a walk means for a service: a backend, none, or not known. */
import {
	formatAddress,
	formatNetwork,
	isInNetwork,
	type Prefixed,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { linksOf } from "../spaces/links.ts";
import type { Decision, End } from "../walk/decision.ts";
import { endsOf, portOf } from "../walk/ends-of.ts";
import type { Arrival } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import type { Context, Found } from "./found.ts";
import { type Backend, NO_BACKEND, type Service } from "./service.ts";
import { isOnePort, rangesOf } from "./service-names.ts";

/** What an end is to a service. */
export interface Meaning {
	readonly kind: "backend" | "none" | "unknown";
	/** Unique among the ends of a service. */
	readonly key: string;
	/** What balancing chose: the key of the backend also where a rule behind stops the packet on its way there. */
	readonly chosen: string;
	readonly backend: Omit<Backend, "conditions" | "rules"> | null;
}

/** What a service balances, how its ends are named, and what routing makes of marks. */
export interface MeaningOptions {
	readonly balances: Service["balances"];
	/** The packet as it came. */
	readonly packet: Packet;
	/** The service has several ports, of which a connection keeps its own. */
	readonly keepsPort: boolean;
	/** It is asked for by addresses of the gateway and by others: what is not translated goes here or there. */
	readonly isForAll: boolean;
	readonly world: AssumedWorld;
}

export function meaningOf(end: End, options: MeaningOptions): Meaning {
	const { fate } = end;
	if (fate.kind === "unknown") {
		const { rule, reason } = fate.unknown;
		const key = `unknown: ${reason}${rule === "" ? "" : ` (${rule})`}`;
		return { kind: "unknown", key, chosen: key, backend: null };
	}
	const backend = backendOf(end, options);
	// Multicast and broadcast.
	if (isForNoHost(end, options))
		return none(`delivered to ${backend?.address}, which no host has`);
	if (fate.kind === "dropped") {
		const verb = end.answered === null ? "dropped" : "rejected";
		if (backend === null) return none(`${verb} by ${fate.by}`);
		const how = `${verb} on the way to ${backend.key} by ${fate.by}`;
		return { ...none(how), chosen: backend.key };
	}
	if (backend !== null) {
		const { key } = backend;
		const link =
			options.balances === "destination" ? missedLink(end, options) : null;
		if (link === null) return { kind: "backend", key, chosen: key, backend };
		return { ...none(`${link}, where ${key} is`), chosen: key };
	}
	if (fate.kind === "queued") return none(`waits for its ${fate.waitsFor}`);
	if (options.isForAll) return none("delivered or forwarded as it came");
	if (fate.kind === "delivered") return none("delivered to the gateway itself");
	return none(
		linksOf(options.world).isOwn(options.packet.source >>> 0)
			? `sent by ${fate.interface} as it was`
			: `forwarded by ${fate.interface} as it came`,
	);
}

function isForNoHost(
	{ fate, packet: sent, isTranslated }: End,
	{ balances, world }: MeaningOptions,
): boolean {
	return (
		balances === "destination" &&
		fate.kind === "delivered" &&
		isTranslated &&
		sent !== null &&
		!linksOf(world).isOwn(sent.destination >>> 0)
	);
}

/**
 * In words, where the packet leaves by another link than the one that its destination is on: routing by marks has
 * sent it away. `null`: it has not.
 */
export function missedLink(
	end: End,
	options: Pick<MeaningOptions, "world">,
): string | null {
	if (end.fate.kind !== "forwarded") return null;
	const missed = wrongLink(end, options);
	return missed === null ? null : `leaves by ${missed}`;
}

/** `wan1, and not by lan0`: the same of a packet that may have been dropped on its way there. */
export function wrongLink(
	{ towards, packet: sent }: Pick<End, "towards" | "packet">,
	{ world }: Pick<MeaningOptions, "world">,
): string | null {
	if (towards === null || sent === null) return null;
	const link = linksOf(world).linkMissed(sent.destination >>> 0, towards);
	return link === null ? null : `${towards}, and not by ${link}`;
}

/**
 * The uplink by which an answer leaves to a client that came by another one, with an address that is not of that
 * uplink: its provider takes no such packet. `null`: it goes back as the client came, or routing was not told.
 */
export function strayUplink(
	{ fate, packet: sent }: Pick<End, "fate" | "packet">,
	came: string,
	{ world }: Pick<MeaningOptions, "world">,
): string | null {
	if (fate.kind !== "forwarded" || sent === null) return null;
	const { uplinks, isOwnOf } = linksOf(world);
	const { interface: by } = fate;
	const areUplinks = uplinks.has(came) && uplinks.has(by) && by !== came;
	const isItsOwn = isOwnOf(by, sent.source >>> 0);
	return world.isRoutingTold && areUplinks && !isItsOwn ? by : null;
}

/**
 * The network, `10.20.0.0/24 (br0)`, on which a packet comes in and leaves again for a host of the same network,
 * with its own source: that host answers its neighbour directly, past the gateway. `null`: the answer comes back
 * here. What a host sends to itself comes back where its source is translated, and there alone: rules like that are
 * for a bridge of the gateway's own, whose frames pass through iptables (`net.bridge.bridge-nf-call-iptables`).
 */
export function answeredPast(
	{ fate, packet: sent }: Pick<End, "fate" | "packet">,
	{ interface: came, packet }: Arrival,
	{ world, walker }: Pick<MeaningOptions, "world"> & { walker: Walks },
): string | null {
	if (fate.kind !== "forwarded" || fate.interface !== came) return null;
	if (sent === null || sent.source !== packet.source) return null;
	const { destination: host } = sent;
	if (host === packet.destination) return null;
	const { addresses = [] } =
		world.setup.interfaces.find(({ name }) => name === came) ?? {};
	const shared = addresses.find((text) => {
		const network = parsePrefixed(text);
		return (
			network !== null &&
			isInNetwork(host, network) &&
			isInNetwork(packet.source, network)
		);
	});
	if (shared === undefined) return null;
	const itself = { interface: came, packet: { ...packet, source: host } };
	const isBridge = endsOf(walker.walk(itself)).some(
		({ packet: own }) => own?.destination === host && own.source !== host,
	);
	const { address, mask } = parsePrefixed(shared) as Prefixed;
	return isBridge ? null : `${formatNetwork(address & mask, mask)} (${came})`;
}

/** Walks a packet as its first. */
interface Walks {
	walk(arrival: Arrival): Decision;
}

function none(how: string): Meaning {
	const key = `${NO_BACKEND}: ${how}`;
	return { kind: "none", key, chosen: key, backend: null };
}

function backendOf(
	{ packet: sent, routingMark, isTranslated }: End,
	{ balances, packet, keepsPort, world }: MeaningOptions,
): Meaning["backend"] {
	const { isOwn } = linksOf(world);
	if (balances === "mark") {
		if (routingMark === 0) return null;
		const route = world.markRoutes.find(
			({ mark, mask }) => (routingMark & mask) >>> 0 === mark,
		);
		const by = route === undefined ? "" : ` (table ${route.table})`;
		const key = `mark 0x${routingMark.toString(16)}${by}`;
		return { key, address: null, port: null, mark: routingMark };
	}
	if (sent === null) return null;
	if (balances === "source") {
		// What the gateway itself sends has a source of its own in any case.
		const isKept = sent.source === packet.source;
		if (isKept && !isOwn(packet.source >>> 0)) return null;
		const address = formatAddress(sent.source);
		return { key: `from ${address}`, address, port: null, mark: null };
	}
	const port = portOf(sent);
	const isElsewhere =
		sent.destination !== packet.destination || port !== portOf(packet);
	// A client may ask for the backend's own address.
	if (!isElsewhere && !isTranslated) return null;
	const address = formatAddress(sent.destination);
	const ownPort = keepsPort && port === portOf(packet) ? null : port;
	const isLocal = isOwn(sent.destination >>> 0);
	const place = ownPort === null ? address : `${address}:${ownPort}`;
	return {
		key: isLocal ? `the gateway's own ${place}` : place,
		address,
		port: ownPort,
		mark: null,
	};
}

/**
 * What differs between the ends of a first packet; `null`: it is not balanced, and goes nowhere else than it
 * was sent.
 * @param marksRoute marks are for routing to read, not only for rules
 */
export function whatIsBalanced(
	ends: readonly End[],
	packet: Packet,
	marksRoute: boolean,
): Service["balances"] | null {
	const known = ends.filter(({ packet: sent }) => sent !== null);
	const isElsewhere = known.some(
		({ packet: sent }) =>
			sent?.destination !== packet.destination ||
			portOf(sent) !== portOf(packet),
	);
	if (isElsewhere) return "destination";
	const marks = new Set(ends.map(({ routingMark }) => routingMark));
	if (marksRoute && marks.size > 1) return "mark";
	const sources = new Set(known.map(({ packet: sent }) => sent?.source));
	return sources.size > 1 ? "source" : null;
}

/** Connections of one mark that leave with several sources: shares of marks do not tell how these are split. */
export function sourcesNotSplit({
	key,
	balances,
	classes,
}: Pick<Service, "key" | "balances" | "classes">): readonly string[] {
	const isSplit = classes.some(({ decision }) => {
		const byMark = new Map<number, number>();
		return endsOf(decision).some(({ routingMark, packet, fate }) => {
			if (packet === null || fate.kind !== "forwarded") return false;
			const known = byMark.get(routingMark) ?? packet.source;
			byMark.set(routingMark, known);
			return known !== packet.source;
		});
	});
	return balances === "mark" && isSplit
		? [
				`${key}: connections of one mark leave with several source addresses, and only the shares of marks were looked at`,
			]
		: [];
}

export type MeaningOf = (end: End, packet: Packet) => Meaning;

export function meaningIn(
	{ balances, spaces }: Pick<Found, "balances" | "spaces">,
	{ world }: Pick<Context, "world">,
): MeaningOf {
	const keepsPort = !isOnePort(rangesOf(spaces, "destinationPort"));
	const isForAll = spaces.length > 1;
	return (end, packet) =>
		meaningOf(end, {
			balances,
			packet,
			keepsPort,
			isForAll,
			world,
		});
}

/** Packets that meet what is not modelled before anything is balanced. */
export function unknownIn({ fate }: End): readonly string[] {
	if (fate.kind !== "unknown") return [];
	const { reason, rule, line } = fate.unknown;
	const where = line > 0 ? ` (${rule}, line ${line})` : "";
	return [`what becomes of packets is unknown: ${reason}${where}`];
}
