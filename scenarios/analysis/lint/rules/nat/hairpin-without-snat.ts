import type { Rule } from "../../../../../sim/contract/ruleset.ts";
import {
	formatAddress,
	isInNetwork,
	parsePrefixed,
} from "../../../../../sim/packet/address.ts";
import type { Packet } from "../../../../../sim/packet/packet.ts";
import {
	comparisonsOf,
	endOf,
} from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import { answeredPast } from "../../../services/ends.ts";
import type { Service } from "../../../services/service.ts";
import { linksOf } from "../../../spaces/links.ts";
import type { End } from "../../../walk/decision.ts";
import { endsOf } from "../../../walk/ends-of.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { placeOf, translatedWays } from "./translated.ts";

/** Clients on the backend's own link get answers from the backend, and have asked the gateway. */
export const hairpinWithoutSnat: LintRule = {
	code: "MT602",
	name: "hairpin-without-snat",
	category: "nat",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "unsafe",
	message:
		"Clients on the link of a backend are translated to it, and its answers do not come back through the gateway.",
	help: "Translate the source of these connections too: `-A POSTROUTING -s NETWORK -d BACKEND -j MASQUERADE`.",
	why: `A client asks the service's address and is translated to a backend on its own link. The backend sees the
client's address, which is on its link, and answers it directly. The client has asked another address and rejects the
answer with RST. It works from everywhere but from there.

With the source translated as well (MASQUERADE, SNAT), the answer comes back to the gateway, which translates it back.
Backends then see the gateway's address as the client of those connections. The finding rests on an assumption: clients
are on that link where rules let its hosts open connections to elsewhere, or where the rules that lead to the backend
name its hosts (\`-i br0\`, \`-s 192.168.1.0/24\`).`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.7/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20:443
-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -j ACCEPT
-A FORWARD -i wan0 -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.7/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20:443
-A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.20/32 -o lan0 -p tcp -m tcp --dport 443 -j MASQUERADE
-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -j ACCEPT
-A FORWARD -i wan0 -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
`,
	},
	check(facts) {
		const byRule = new Map<string, Found>();
		for (const { service, packet, rule } of onePerBackend(facts)) {
			if (byRule.has(rule.rule)) continue;
			const client = neighbourOf(packet.destination, facts);
			if (client === null) continue;
			const { destination } = packet;
			const end = hairpinEnd({ ...client, service, destination }, facts);
			if (end === null) continue;
			if (opensConnections(client, facts) || isAskedBy(client, end, facts))
				byRule.set(rule.rule, { ...found(end, client, facts), at: rule });
		}
		return [...byRule.values()];
	},
};

function onePerBackend(facts: Facts) {
	const ways = translatedWays(facts).filter(
		({ end }) => end.fate.kind === "forwarded",
	);
	const unique = new Map(
		ways.map((way) => [`${way.service.key} ${way.packet.destination}`, way]),
	);
	return [...unique.values()];
}

/** A host on the link of an address. */
interface Neighbour {
	readonly interface: string;
	/** `192.168.1.0/24` */
	readonly network: string;
	readonly address: number;
}

interface OnLink extends Neighbour {
	readonly service: Service;
}

/** `null`: the address is not on a link of the gateway's. */
function neighbourOf(backend: number, { world }: Facts): Neighbour | null {
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

const opening = new WeakMap<Facts["ruleset"], Map<string, boolean>>();

/** Do rules for hosts of this link let them open connections to elsewhere? */
function opensConnections(client: Neighbour, facts: Facts): boolean {
	const known = opening.get(facts.ruleset) ?? new Map<string, boolean>();
	opening.set(facts.ruleset, known);
	const before = known.get(client.network);
	if (before !== undefined) return before;
	const sample = facts.services[0]?.sample.packet;
	const [far = 0] = linksOf(facts.world).farSamples;
	const packet = {
		...(sample as Packet),
		source: client.address,
		destination: far | 0,
	};
	const walked = facts.walker.walk({ interface: client.interface, packet });
	const does = endsOf(walked).some(
		(end) => end.fate.kind === "forwarded" && isForThem(end, facts),
	);
	known.set(client.network, does);
	return does;
}

/** A rule that names the hosts' network or interface accepts or translates them, or leads to one that does. */
function isForThem({ rules }: End, { ruleset }: Facts): boolean {
	const named = rulesByName(ruleset);
	return rules.some(({ rule: name }) => {
		const rule = named.get(name)?.rule;
		if (rule === undefined) return false;
		const { target, header } = rule;
		const acts =
			endOf(target) === "accepts" ||
			target?.kind === "jump" ||
			(target?.kind === "extension" &&
				targets.get(target.name)?.translates === "source");
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
	{ ruleset, world }: Facts,
): boolean {
	const { uplinks } = linksOf(world);
	const named = rulesByName(ruleset);
	return rules.some(({ rule: at }) => {
		const found = named.get(at);
		if (found === undefined || found.table.name !== "nat") return false;
		const { target, header } = found.rule;
		const leads =
			target?.kind === "jump" ||
			(target?.kind === "extension" &&
				targets.get(target.name)?.translates === "destination");
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
	client: OnLink & { readonly destination: number },
	{ walker, world }: Facts,
): End | null {
	const { sample } = client.service;
	const packet = { ...sample.packet, source: client.address };
	const arrival = { interface: client.interface, packet };
	return (
		endsOf(walker.walk(arrival)).find(
			(end) =>
				end.packet?.destination === client.destination &&
				answeredPast(end, arrival, { walker, world }) !== null,
		) ?? null
	);
}

function found(
	end: End,
	{ interface: name, network }: Neighbour,
	facts: Facts,
): Omit<Found, "at"> {
	const packet = end.packet as Packet;
	const backend = placeOf(packet);
	const ports =
		packet.kind === "tcp" || packet.kind === "udp"
			? ` -p ${packet.kind} -m ${packet.kind} --dport ${packet.destinationPort}`
			: "";
	const text = `-A POSTROUTING -s ${network} -d ${formatAddress(packet.destination)}/32 -o ${name}${ports} -j MASQUERADE`;
	return {
		message: `clients of ${network} are sent to ${backend} on their own link`,
		happens: `${backend} answers a client of ${network} directly, with its own address as the source. The client does not know the answer, and its connection does not come about.`,
		remedy: `Translate the source too: \`${text}\`.`,
		related: [],
		path: end.rules,
		repair: [repairOf(text, facts)],
		assumes: `clients are on the link of ${backend} (${name})`,
	};
}

/** In front of what else translates sources. */
function repairOf(text: string, { ruleset }: Facts): Edit {
	const chain = ruleset.tables
		.find(({ name }) => name === "nat")
		?.chains.find(({ name }) => name === "POSTROUTING");
	const isEmpty = chain === undefined || chain.rules.length === 0;
	return {
		kind: "insert",
		where: isEmpty ? null : { side: "before", rule: "nat:POSTROUTING:rule:1" },
		table: "nat",
		text,
	};
}
