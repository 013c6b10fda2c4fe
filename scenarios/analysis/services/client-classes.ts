/**
 * Which clients of a service a ruleset tells apart: the sources and interfaces that its rules compare with
 * cut the clients into parts; a client of each part is walked, and parts that are treated alike are one class.
 */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import { ICMP, type Packet, TCP, UDP } from "../../../sim/packet/packet.ts";
import {
	complement,
	contains,
	type Intervals,
	intersection,
	intervalsText,
	isAll,
	isWithin,
	normalized,
} from "../spaces/intervals.ts";
import type { Links } from "../spaces/links.ts";
import {
	allBut,
	GREATEST_OF,
	isFromGateway,
	type Space,
} from "../spaces/space.ts";
import type { Decision } from "../walk/decision.ts";
import { endsOf, portOf } from "../walk/ends-of.ts";
import { type Arrival, TooManyWaysError, type Walker } from "../walk/walker.ts";
import { metBy, type Visited, visitRules } from "./candidates.ts";
import { addressesText, portsText } from "./ranges-text.ts";
import { sampleOf } from "./sample.ts";
import type { Ranges } from "./service.ts";
import { GATEWAY_ITSELF } from "./service-names.ts";

/** Clients that are treated alike, and a packet of one. */
export interface ClassOfClients {
	readonly name: string;
	readonly sources: Ranges;
	readonly arrival: Arrival;
	readonly decision: Decision;
}

interface Context {
	readonly ruleset: Ruleset;
	readonly walker: Walker;
	readonly links: Links;
	readonly gaps: string[];
	/** Has a rule of that table a part in what the service balances? */
	matters(table: string, rule: Rule): boolean;
	signature(decision: Decision, packet: Packet): string;
}

/** Behind the name of clients whose addresses are all reserved, multicast or broadcast. */
const NO_HOSTS = " (addresses of no host)";

/** Parts of the clients that are walked; what is beyond is a gap. */
const MOST_PARTS = 2000;

interface Part {
	readonly sources: Intervals;
	readonly interfaces: readonly string[];
	/** Of a service with several. */
	readonly ports: Intervals;
	/** Of a service that is not for one. */
	readonly protocols: Intervals;
	/** Bits that the source has: rules may ask for some that make no interval (`-s 0.0.0.1/0.0.0.1`). */
	readonly bits: readonly Bits[];
}

interface Bits {
	readonly mask: number;
	readonly value: number;
}

function withBits(source: number, bits: readonly Bits[]): number {
	return bits.reduce(
		(address, { mask, value }) => (address & ~mask) | value,
		source,
	);
}

function joined(one: Part, other: Part): Part {
	return {
		sources: normalized([...one.sources, ...other.sources]),
		interfaces: [...new Set([...one.interfaces, ...other.interfaces])].sort(),
		ports: normalized([...one.ports, ...other.ports]),
		protocols: normalized([...one.protocols, ...other.protocols]),
		bits: [...one.bits, ...other.bits],
	};
}

/** @param walked the packet that was walked for the service, as one of its clients */
export function clientClasses(
	walked: {
		readonly space: Space;
		readonly arrival: Arrival;
		readonly decision: Decision;
		/** Clients whose packets lie in these are left out. */
		readonly avoid?: readonly Space[];
	},
	context: Context,
): readonly ClassOfClients[] {
	const { links, walker, gaps, signature } = context;
	const { space, avoid = [] } = walked;
	const classes = new Map<
		string,
		{ part: Part; arrival: Arrival; decision: Decision }
	>();
	const parts = partsOf(space, walked, context);
	if (parts.length > MOST_PARTS)
		gaps.push(
			`rules tell ${parts.length} groups of clients of one service apart: ${MOST_PARTS} of them were looked at`,
		);
	const own = signature(walked.decision, walked.arrival.packet);
	const add = (part: Part): void => {
		const sample = sampleOf(
			{
				...space,
				// The destination is the service's, whichever client asks for it.
				destination: one(walked.arrival.packet.destination >>> 0),
				destinationPort: part.ports,
				protocol: part.protocols,
				source: part.sources,
				interfaces: part.interfaces,
			},
			links,
			avoid,
		);
		if (sample === null) return;
		const source = withBits(sample.packet.source, part.bits);
		const packet = { ...sample.packet, source };
		const from = { interface: sample.interface, packet };
		let found: Decision;
		try {
			found = walker.walk(from);
		} catch (error) {
			if (!(error instanceof TooManyWaysError)) throw error;
			gaps.push(error.message);
			return;
		}
		const key = signature(found, packet);
		const known = classes.get(key);
		// The packet that was walked for the service stands for its class.
		const first = key === own ? walked : { arrival: from, decision: found };
		const { arrival, decision } =
			known === undefined || isBetter(first, known) ? first : known;
		classes.set(key, {
			arrival,
			decision,
			part: known === undefined ? part : joined(known.part, part),
		});
	};
	type Walked = Pick<typeof walked, "arrival">;
	const isHost = ({ arrival }: Walked) =>
		contains(links.hosts, arrival.packet.source >>> 0);
	const isBetter = (one: Walked, other: Walked) =>
		isHost(one) && !isHost(other) && !isFromGateway(space);
	if (parts.length > 1)
		for (const part of parts.slice(0, MOST_PARTS)) add(part);
	// All clients are alike, or no other can be made up but the one that there is.
	if (classes.size === 0) {
		const [part] = parts;
		if (part !== undefined) classes.set("", { ...walked, part });
	}
	const named = [...classes.values()];
	return named.map(({ part, arrival: from, decision: found }) => ({
		name: `${nameIn(named.length === 1, part, space)}${intersection(part.sources, links.hosts).length === 0 && !isFromGateway(space) ? NO_HOSTS : ""}`,
		sources: isAll(part.sources) ? null : part.sources,
		arrival: from,
		decision: found,
	}));
}

function nameIn(isOnly: boolean, part: Part, space: Space): string {
	if (!isFromGateway(space))
		return isOnly ? "all clients" : nameOf(part, space);
	return isOnly ? GATEWAY_ITSELF : nameOf(part, space, GATEWAY_ITSELF);
}

/** @param who sends from some addresses alone */
function nameOf(part: Part, space: Space, who = "clients"): string {
	const { sources, interfaces } = part;
	const bits = [...new Set(part.bits.map(bitsText))];
	const others = complement(sources);
	const from = isWithin(space.source, sources)
		? who
		: isFromGateway(space)
			? `${who} from ${addressesText(sources)}`
			: others.length < sources.length
				? `clients outside of ${addressesText(others)}`
				: `clients of ${addressesText(sources)}`;
	const isEverywhere =
		interfaces.length === space.interfaces.length || interfaces.length === 0;
	return [
		from,
		...(bits.length > 0 ? [` that fit ${bits.join(" or ")}`] : []),
		...(isEverywhere || bits.length > 0
			? []
			: [` at ${interfaces.join(", ")}`]),
		...(isWithin(space.destinationPort, part.ports)
			? []
			: [`, port ${portsText(part.ports)}`]),
		...(isWithin(space.protocol, part.protocols)
			? []
			: [`, ${protocolsText(part.protocols)}`]),
	].join("");
}

/** `tcp`, `not tcp` */
function protocolsText(protocols: Intervals): string {
	const others = allBut("protocol", protocols);
	return others.length < protocols.length
		? `not ${numbersText(others)}`
		: numbersText(protocols);
}

function numbersText(protocols: Intervals): string {
	return protocols
		.map(([least, greatest]) => {
			const most = Math.min(greatest, GREATEST_OF.protocol);
			if (least !== most) return `protocols ${least}-${most}`;
			return PROTOCOL_NAMES.get(least) ?? `protocol ${least}`;
		})
		.join(", ");
}

const PROTOCOL_NAMES = new Map([
	[ICMP, "icmp"],
	[TCP, "tcp"],
	[UDP, "udp"],
]);

/** Where values of one field are told apart: at the first of each group, and by lists of values. */
class Cuts {
	private readonly at = new Set<number>([0]);
	private readonly field: keyof typeof GREATEST_OF;
	private readonly lists = new Map<string, Intervals>();

	constructor(field: keyof typeof GREATEST_OF) {
		this.field = field;
	}

	add(set: Intervals): void {
		for (const [least, greatest] of set) {
			this.at.add(least);
			if (greatest < GREATEST_OF[this.field]) this.at.add(greatest + 1);
		}
	}

	/** Those of a list from all others. */
	split(list: Intervals | undefined): void {
		if (list !== undefined) this.lists.set(intervalsText(list), list);
	}

	/** The groups within a set. */
	within(set: Intervals): readonly Intervals[] {
		const sorted = [...this.at].sort((one, other) => one - other);
		let groups: readonly Intervals[] = sorted.map((least, index) =>
			intersection(set, [[least, (sorted[index + 1] ?? 0x1_0000_0000) - 1]]),
		);
		for (const list of this.lists.values()) {
			const others = allBut(this.field, list);
			groups = groups.flatMap((group) => [
				intersection(group, list),
				intersection(group, others),
			]);
		}
		return groups.filter((group) => group.length > 0);
	}
}

/** The clients of a space, cut by what the rules on their way compare sources, interfaces, ports and protocols with. */
function partsOf(
	space: Space,
	{
		decision,
		arrival,
	}: { readonly decision: Decision; readonly arrival: Arrival },
	{ ruleset, links, matters }: Context,
): readonly Part[] {
	const cuts = {
		source: new Cuts("source"),
		ports: new Cuts("destinationPort"),
		protocol: new Cuts("protocol"),
	};
	const takenBy = new Map<string, string>(
		space.interfaces.map((name) => [name, ""]),
	);
	let rules = 0;
	const asked = new Map<string, Bits>();
	const look = ({ rule, table, space: taken }: Visited): void => {
		if (!matters(table, rule)) return;
		rules++;
		const { address: value, mask } = rule.header.source;
		if (hasGaps(mask)) asked.set(bitsText({ mask, value }), { mask, value });
		else if (intervalsText(taken.source) !== intervalsText(space.source))
			cuts.source.add(taken.source);
		cuts.ports.add(taken.destinationPort);
		cuts.protocol.add(taken.protocol);
		for (const one of links.lists.boxesAsked(rule)) {
			const { source, destinationPort, protocol } = one;
			cuts.source.split(source);
			cuts.ports.split(destinationPort);
			cuts.protocol.split(protocol);
		}
		if (taken.interfaces.length < space.interfaces.length)
			for (const name of taken.interfaces)
				takenBy.set(name, `${takenBy.get(name)},${rules}`);
	};
	const { interfaces, where, filtered } = metBy(space, links);
	visitRules(ruleset, { begin: space, interfaces }, look, where);
	const begin = behindRouting(space, decision, arrival.packet);
	visitRules(ruleset, { begin, interfaces }, look, filtered);
	const groups = new Map<string, string[]>();
	for (const name of space.interfaces) {
		const key = takenBy.get(name) ?? "";
		groups.set(key, [...(groups.get(key) ?? []), name]);
	}
	const bits = bitsOf([...asked.values()]);
	const ports = cuts.ports.within(space.destinationPort);
	const protocols = cuts.protocol.within(space.protocol);
	return [...groups.values()].flatMap((at) =>
		cuts.source.within(space.source).flatMap((sources) =>
			ports.flatMap((port) =>
				protocols.flatMap((protocol) =>
					bits.map((some) => ({
						sources,
						interfaces: at,
						ports: port,
						protocols: protocol,
						bits: some,
					})),
				),
			),
		),
	);
}

/** The packets of a space as filter sees them: those that ways of the sample lead to, with the ports that they keep. */
function behindRouting(
	space: Space,
	decision: Decision,
	packet: Packet,
): Space {
	const sent = endsOf(decision).flatMap(({ packet: end }) => end ?? []);
	const keeps = sent.some((end) => portOf(end) === portOf(packet));
	const ports = sent.flatMap((end) => portOf(end) ?? []);
	return {
		...space,
		destination: normalized(
			sent.map(({ destination }) => [destination >>> 0, destination >>> 0]),
		),
		destinationPort: normalized([
			...ports.map((port) => [port, port] as const),
			...(keeps ? space.destinationPort : []),
		]),
	};
}

/** The set of one value. */
function one(value: number): Intervals {
	return [[value, value]];
}

function hasGaps(mask: number): boolean {
	const hosts = ~mask >>> 0;
	return (hosts & (hosts + 1)) !== 0;
}

/** `0.0.0.1/0.0.0.3` */
function bitsText({ mask, value }: Bits): string {
	return `${formatAddress(value | 0)}/${formatAddress(mask | 0)}`;
}

/** Each value that rules ask of these bits, and one that none asks for. */
function bitsOf(asked: readonly Bits[]): readonly (readonly Bits[])[] {
	const [first] = asked;
	if (first === undefined) return [[]];
	// Several masks: their bits together are one mask, all of whose values are told apart.
	const mask = asked.reduce((all, one) => all | one.mask, 0);
	return valuesOf(mask).map((value) => [{ mask, value }]);
}

const MOST_BITS = 6;

/** All values of the lowest bits of a mask. */
function valuesOf(mask: number): readonly number[] {
	const bits = Array.from({ length: 32 }, (_, at) => 1 << at).filter(
		(bit) => (mask & bit) !== 0,
	);
	let values = [0];
	for (const bit of bits.slice(0, MOST_BITS))
		values = values.flatMap((value) => [value, value | bit]);
	return values;
}
