/** What services are called, and the ranges that they have. */
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import { matches } from "../../../sim/matches/index.ts";
import { ICMP, TCP, UDP } from "../../../sim/packet/packet.ts";
import {
	complement,
	contains,
	intersection,
	intervalsText,
	isAll,
} from "../spaces/intervals.ts";
import type { Links } from "../spaces/links.ts";
import {
	isFromGateway,
	joinedIn,
	type Space,
	spaceText,
} from "../spaces/space.ts";
import type { Arrival } from "../walk/walker.ts";
import { addressesText, portsText } from "./ranges-text.ts";
import type { Ranges, Service } from "./service.ts";

export function rangesOf(
	spaces: readonly Space[],
	field: "destination" | "destinationPort",
): Ranges {
	const all = joinedIn(
		field,
		spaces.map((space) => space[field]),
	);
	if (isAll(all)) return null;
	// Of a rule with `!`, what is left over goes beyond the greatest port.
	return field === "destination" ? all : intersection(all, [[0, 65_535]]);
}

export function isOnePort(ports: Ranges): boolean {
	const [first] = ports ?? [];
	return ports?.length === 1 && first?.[0] === first?.[1];
}

/** A client of its own: its programs. */
export const GATEWAY_ITSELF = "the gateway itself";

export function interfacesOf(
	spaces: readonly Space[],
	{ names }: Links,
): Service["interfaces"] {
	const all = [...new Set(spaces.flatMap(({ interfaces }) => interfaces))];
	if (spaces.some(isFromGateway)) return all;
	return all.length === names.length ? null : all.sort();
}

export function protocolOf({ protocol }: Space): Service["protocol"] {
	if (isAll(protocol)) return "any";
	if (contains(protocol, TCP)) return "tcp";
	if (contains(protocol, UDP)) return "udp";
	return contains(protocol, ICMP) ? "icmp" : "other";
}

/** Any address but the gateway's own is as good as any. */
export function addressesOf(spaces: readonly Space[], links: Links): Ranges {
	const found = rangesOf(spaces, "destination");
	const isAnyOther =
		found !== null &&
		intervalsText(found) === intervalsText(complement(links.ownAddresses));
	return isAnyOther ? null : found;
}

/** Do rules name each address that the gateway has, and does none ask for whatever addresses these are? */
export function namesOwn({ tables }: Ruleset, { own }: Links): boolean {
	const rules = tables.flatMap(({ chains }) =>
		chains.flatMap((chain) => chain.rules),
	);
	const named = new Set(
		rules.flatMap(({ header: { destination } }) =>
			destination.mask >>> 0 === 0xffff_ffff && !destination.inverted
				? [destination.address >>> 0]
				: [],
		),
	);
	const asksForOwn = rules.some(({ matches: uses }) =>
		uses.some(
			({ name, options }) =>
				matches.get(name)?.asksForOwnDestination?.(options) === true,
		),
	);
	return !asksForOwn && own.every(({ address }) => named.has(address));
}

/**
 * `any`, `local` for all addresses that the gateway has, or the addresses.
 * @param areNamed rules name all that the gateway has: these are the words for them
 */
export function addressWords(
	spaces: readonly Space[],
	links: Links,
	areNamed: boolean,
): string {
	const addresses = addressesOf(spaces, links);
	if (addresses === null) return "any";
	return !areNamed &&
		intervalsText(addresses) === intervalsText(links.ownAddresses)
		? "local"
		: addressesText(addresses);
}

export function serviceKey(
	protocol: Service["protocol"],
	where: string,
	ports: Ranges,
): string {
	const port = ports === null ? "" : `:${portsText(ports)}`;
	return `${protocol} ${where}${port}`;
}

export function trafficName(
	space: Space,
	arrival: Arrival,
	{
		links,
		namesOwn: areNamed,
	}: { readonly links: Links; readonly namesOwn: boolean },
): string {
	const key = serviceKey(
		protocolOf(space),
		addressWords([space], links, areNamed),
		rangesOf([space], "destinationPort"),
	);
	return isFromGateway(space)
		? `${key} from ${GATEWAY_ITSELF}`
		: `${key} by ${arrival.interface}`;
}

/** ` port 443`: which part of a service with several it is. */
export function partName(spaces: readonly Space[], place: number): string {
	const space = spaces[place] as Space;
	if (spaces.length === 1) return "";
	const ports = rangesOf([space], "destinationPort");
	const arePorts =
		spaceText(space) !==
		spaceText({
			...space,
			destinationPort: (spaces.find((one) => one !== space) as Space)
				.destinationPort,
		});
	return arePorts && ports !== null
		? `, port ${portsText(ports)}`
		: `, to ${addressesText(space.destination)}`;
}

/** Services that differ in what a key does not name: interfaces, or the clients that their rules ask for. */
export function withUniqueKeys(
	services: readonly Service[],
): readonly Service[] {
	const counts = new Map<string, number>();
	for (const { key } of services) counts.set(key, (counts.get(key) ?? 0) + 1);
	const seen = new Map<string, number>();
	return services.map((service) => {
		const { key, interfaces } = service;
		if (counts.get(key) === 1) return service;
		const longer =
			interfaces === null ? key : `${key} by ${interfaces.join(",")}`;
		const before = seen.get(longer) ?? 0;
		seen.set(longer, before + 1);
		return {
			...service,
			key: before === 0 ? longer : `${longer} (${before + 1})`,
		};
	});
}
