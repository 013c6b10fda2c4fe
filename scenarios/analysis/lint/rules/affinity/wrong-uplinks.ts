/** Of a router with several uplinks: what leaves by one whose provider does not take it, or to which no answer comes. */
import { formatAddress } from "../../../../../sim/packet/address.ts";
import { strayUplink } from "../../../services/ends.ts";
import { contains } from "../../../spaces/intervals.ts";
import { isPublic, type Links, linksOf } from "../../../spaces/links.ts";
import type { End } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import {
	type Connection,
	connectionsOf,
	isToProgram,
} from "../../connections.ts";
import type { Facts } from "../../facts.ts";
import type { Found } from "../../finding.ts";

/** One of each kind: for each two uplinks, or each uplink by which private addresses leave. */
export function byWrongUplinks(facts: Facts): readonly Found[] {
	const { world, ruleset } = facts;
	if (!world.isRoutingTold) return [];
	const links = linksOf(world);
	const hasNat = ruleset.tables.some(({ name }) => name === "nat");
	const { all, toPrograms } = connectionsOf(facts);
	const found = new Map<string, Found>();
	for (const connection of [...all, ...toPrograms])
		for (const one of [
			ledAstray(connection, facts),
			fromOtherUplink(connection, links),
			hasNat ? fromPrivate(connection, links) : null,
		])
			if (one !== null && !found.has(one.message)) found.set(one.message, one);
	return [...found.values()];
}

/** It comes in by one uplink, and its answers leave by another on every way. */
function ledAstray(connection: Connection, facts: Facts): Found | null {
	const { later, arrival, service, end: first } = connection;
	const came = arrival.interface;
	const ends = later.answer === null ? [] : endsOf(later.answer);
	const strays = ends.map((end) => strayUplink(end, came, facts));
	const [end] = ends;
	const [by = null] = strays;
	const at = first.rules.at(-1);
	if (end === undefined || at === undefined) return null;
	if (by === null || strays.includes(null)) return null;
	const from = formatAddress(arrival.packet.destination);
	const isOwn = isToProgram(connection);
	return {
		at,
		message: `answers of ${isOwn ? "the gateway's own programs to connections" : "connections"} that come in by ${came} leave by ${by}`,
		happens: `A client asks ${from} of ${service.key} by ${came}, and the answer from ${from} leaves by ${by}, whose provider takes no such address: no connection by ${came} comes about.`,
		remedy: `Let connections keep a mark of the uplink by which they came (\`CONNMARK --save-mark\`), give it back to their answers in \`mangle\` \`${isOwn ? "OUTPUT" : "PREROUTING"}\` (\`CONNMARK --restore-mark\`), and send it to the table of ${came} with \`ip rule\`.`,
		related: [],
		path: end.rules.length > 0 ? end.rules : first.rules,
		repair: [],
		assumes: `the provider of ${by} takes no packets from ${from}${isOwn ? ", and a program of the gateway's own listens there" : ""}`,
	};
}

/** Its first packet leaves by one uplink with an address of another one. */
function fromOtherUplink(
	{ end, service }: Connection,
	links: Links,
): Found | null {
	const left = leaving(end, links);
	const at = end.rules.at(-1);
	if (left === null || at === undefined || left.isItsOwn) return null;
	const { by, source } = left;
	const other = links.own.find(
		(one) => one.address === source && links.uplinks.has(one.interface),
	);
	if (other === undefined) return null;
	const from = formatAddress(source | 0);
	return {
		at,
		message: `connections leave by ${by} with ${from} as their source, which is an address of ${other.interface}`,
		happens: `${service.key}: the provider of ${by} takes no packets from ${from}, so none of these connections comes about.`,
		remedy: `Give what leaves by ${by} an address of ${by}: \`-A POSTROUTING -o ${by} -j MASQUERADE\`.`,
		related: [],
		path: end.rules,
		repair: [],
		assumes: `the provider of ${by} takes no packets from ${from}`,
	};
}

/** It leaves for a host of the Internet with a private source, by an uplink that has public addresses. */
function fromPrivate({ end, service }: Connection, links: Links): Found | null {
	const left = leaving(end, links);
	const at = end.rules.at(-1);
	if (left === null || at === undefined || isPublic(left.source)) return null;
	const { by, source, destination } = left;
	const its = links.own.filter((one) => one.interface === by);
	const isForInternet =
		contains(links.farHosts, destination) &&
		its.length > 0 &&
		its.every(({ address }) => isPublic(address));
	if (!isForInternet) return null;
	const from = formatAddress(source | 0);
	return {
		at,
		message: `connections leave by ${by} with private sources`,
		happens: `${service.key}: a packet from ${from} leaves by ${by} as it is, and no answer comes to such an address.`,
		remedy: `Give what leaves by ${by} an address of ${by}: \`-A POSTROUTING -o ${by} -j MASQUERADE\`.`,
		related: [],
		path: end.rules,
		repair: [],
		assumes: `nothing behind ${by} translates sources`,
	};
}

interface Leaving {
	readonly by: string;
	/** Unsigned, as it leaves. */
	readonly source: number;
	readonly destination: number;
	/** The source is an address of the uplink. */
	readonly isItsOwn: boolean;
}

/** `null`: it does not leave by an uplink. */
function leaving(
	{ fate, packet }: End,
	{ uplinks, isOwnOf }: Links,
): Leaving | null {
	if (fate.kind !== "forwarded" || packet === null) return null;
	const { interface: by } = fate;
	if (!uplinks.has(by)) return null;
	const source = packet.source >>> 0;
	const isItsOwn = isOwnOf(by, source);
	return { by, source, destination: packet.destination >>> 0, isItsOwn };
}
