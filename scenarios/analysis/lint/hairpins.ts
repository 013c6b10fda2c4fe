/** Clients on a backend's own link, to whom it answers past the gateway: whether there are such, and what becomes of them. */
import type { Rule } from "../../../sim/contract/ruleset.ts";
import {
	formatAddress,
	isInNetwork,
	parsePrefixed,
} from "../../../sim/packet/address.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import {
	comparisonsOf,
	endOf,
	translatedBy,
} from "../../../sim/ruleset/rule-traits.ts";
import type { Analysis } from "../services/analysis.ts";
import { answeredPast } from "../services/ends.ts";
import type { Service } from "../services/service.ts";
import { linksOf } from "../spaces/links.ts";
import type { End } from "../walk/decision.ts";
import { endsOf } from "../walk/ends-of.ts";
import type { Arrival } from "../walk/walker.ts";
import { rulesByName } from "./each-rule.ts";

/** A host on the link of a backend. */
interface Neighbour {
	readonly interface: string;
	/** `192.168.1.0/24` */
	readonly network: string;
	readonly address: number;
}

export interface Hairpin extends Neighbour {
	/** The first packet of a client there. */
	readonly arrival: Arrival;
	/** Its way to the backend, with its own source. */
	readonly end: End;
	/**
	 * `named`: rules are for clients there. `possible`: hosts there are masqueraded by a rule that names none, and
	 * nothing keeps them from the service.
	 */
	readonly clients: "named" | "possible";
}

/** Clients on the link of the backend at this address; `null`: its answers to them come back, or nothing says that there are any. */
export function hairpinTo(
	destination: number,
	service: Service,
	analysis: Analysis,
): Hairpin | null {
	const neighbour = neighbourOf(destination, analysis);
	if (neighbour === null) return null;
	const packet = { ...service.sample.packet, source: neighbour.address };
	const arrival = { interface: neighbour.interface, packet };
	const end = hairpinEnd(destination, arrival, analysis);
	if (end === null) return null;
	const clients = whichClients(neighbour, analysis);
	if (clients === "named" || isAskedBy(neighbour, end, analysis))
		return { ...neighbour, arrival, end, clients: "named" };
	return clients === null ? null : { ...neighbour, arrival, end, clients };
}

/** `null`: the address is not on a link of the gateway's. */
function neighbourOf(backend: number, { world }: Analysis): Neighbour | null {
	const links = linksOf(world);
	if (links.isOwn(backend >>> 0)) return null;
	for (const { name, addresses } of world.setup.interfaces)
		for (const text of addresses) {
			const network = parsePrefixed(text);
			if (network === null || network.length > 29) continue;
			if (!isInNetwork(backend, network)) continue;
			const { mask, length } = network;
			const base = network.address & mask;
			// Not the backend's, nor the gateway's own, nor the network's.
			const address = [41, 42, 3, 4, 5]
				.map((host) => base | (host & ~mask))
				.find((one) => one !== backend && !links.isOwn(one >>> 0));
			if (address === undefined) continue;
			return {
				interface: name,
				network: `${formatAddress(base)}/${length}`,
				address,
			};
		}
	return null;
}

const known = new WeakMap<
	Analysis["services"],
	Map<string, Hairpin["clients"] | null>
>();

/** `null`: nothing says that there are clients. */
function whichClients(
	client: Neighbour,
	analysis: Analysis,
): Hairpin["clients"] | null {
	const found =
		known.get(analysis.services) ??
		new Map<string, Hairpin["clients"] | null>();
	known.set(analysis.services, found);
	const before = found.get(client.network);
	if (before !== undefined) return before;
	const opened = openedBy(client, analysis);
	const isNamed =
		opened.some((end) => isForThem(end, analysis)) ||
		isTranslatedForThem(client, analysis);
	const { areAddressesTold } = analysis.world;
	const isMasqueraded = opened.some(
		({ packet }) => packet?.source !== client.address,
	);
	const clients = isNamed
		? "named"
		: areAddressesTold && isMasqueraded
			? "possible"
			: null;
	found.set(client.network, clients);
	return clients;
}

/** Ways of connections that a host opens to elsewhere. */
function openedBy(
	client: Neighbour,
	{ services, walker, world }: Analysis,
): readonly End[] {
	const sample = services[0]?.sample.packet;
	const [far = 0] = linksOf(world).farSamples;
	const packet = {
		...(sample as Packet),
		source: client.address,
		destination: far | 0,
	};
	const walked = walker.walk({ interface: client.interface, packet });
	return endsOf(walked).filter(({ fate }) => fate.kind === "forwarded");
}

/** Rules that name the hosts' network translate the source of their connections to a service: some hairpin was thought of. */
function isTranslatedForThem(
	{ address, interface: name }: Neighbour,
	{ services, walker, ruleset }: Analysis,
): boolean {
	const named = rulesByName(ruleset);
	return services.some(({ sample }) => {
		const packet = { ...sample.packet, source: address };
		return endsOf(walker.walk({ interface: name, packet })).some(({ rules }) =>
			rules.some(({ rule: at }) => {
				const rule = named.get(at)?.rule;
				return (
					rule !== undefined &&
					translatedBy(rule.target) === "source" &&
					namesSource(rule)
				);
			}),
		);
	});
}

/** A rule that names the hosts' network or interface accepts or translates them, or leads to one that does. */
function isForThem({ rules }: End, { ruleset }: Analysis): boolean {
	const named = rulesByName(ruleset);
	return rules.some(({ rule: name }) => {
		const rule = named.get(name)?.rule;
		if (rule === undefined) return false;
		const { target, header } = rule;
		const acts =
			endOf(target) === "accepts" ||
			target?.kind === "jump" ||
			translatedBy(rule.target) === "source";
		const namesThem =
			(header.inInterface !== null && !header.inInterface.inverted) ||
			namesSource(rule);
		return acts && namesThem;
	});
}

/**
 * Rules of nat that lead to the backend name these hosts: by a source, or by an interface that is no uplink, behind
 * which others are as well.
 */
function isAskedBy(
	{ interface: name }: Neighbour,
	{ rules }: End,
	{ ruleset, world }: Analysis,
): boolean {
	const { uplinks } = linksOf(world);
	const named = rulesByName(ruleset);
	return rules.some(({ rule: at }) => {
		const found = named.get(at);
		if (found === undefined || found.table.name !== "nat") return false;
		const { target, header } = found.rule;
		const leads =
			target?.kind === "jump" ||
			translatedBy(found.rule.target) === "destination";
		if (!leads) return false;
		const { inInterface } = header;
		const isByLink =
			inInterface !== null &&
			!uplinks.has(name) &&
			// What is not from an uplink is from behind the gateway.
			(!inInterface.inverted || uplinks.has(inInterface.name));
		return isByLink || namesSource(found.rule);
	});
}

function namesSource(rule: Rule): boolean {
	return comparisonsOf(rule).some(
		({ fields, inverted }) => !inverted && fields.includes("source"),
	);
}

/** The way of a neighbour's packet that is sent back to this backend on its own link, with its own source. */
function hairpinEnd(
	destination: number,
	arrival: Arrival,
	{ walker, world }: Analysis,
): End | null {
	return (
		endsOf(walker.walk(arrival)).find(
			(end) =>
				end.packet?.destination === destination &&
				answeredPast(end, arrival, { walker, world }) !== null,
		) ?? null
	);
}
