/**
 * Which clients of a service a ruleset tells apart: the sources and interfaces that its rules compare with
 * cut the clients into parts; a client of each part is walked, and parts that are treated alike are one class.
 */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { formatAddress } from "../../../sim/packet/address.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { Decision } from "../walk/decision.ts";
import { type Arrival, TooManyWaysError, type Walker } from "../walk/walker.ts";
import { visitRules } from "./candidates.ts";
import {
	complement,
	type Intervals,
	intersection,
	isAll,
	normalized,
} from "./intervals.ts";
import { addressesText } from "./ranges-text.ts";
import { type Links, sampleOf } from "./sample.ts";
import type { Ranges } from "./service.ts";
import type { Space } from "./space.ts";

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

/** Parts of the clients that are walked; what is beyond is a gap. */
const MOST_PARTS = 400;

interface Part {
	readonly sources: Intervals;
	readonly interfaces: readonly string[];
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
	const parts = partsOf(space, context);
	if (parts.length > MOST_PARTS)
		gaps.push(
			`rules tell ${parts.length} groups of clients of one service apart: ${MOST_PARTS} of them were looked at`,
		);
	// The destination is the service's, whichever client asks for it.
	const asked = destinationOf(walked.arrival.packet);
	const add = (part: Part): void => {
		const sample = sampleOf(
			{
				...space,
				...asked,
				source: part.sources,
				interfaces: part.interfaces,
			},
			links,
			avoid,
		);
		if (sample === null) return;
		const source = withBits(sample.packet.source, part.bits);
		const packet = { ...walked.arrival.packet, source };
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
		classes.set(key, {
			arrival: known?.arrival ?? from,
			decision: known?.decision ?? found,
			part: known === undefined ? part : joined(known.part, part),
		});
	};
	if (parts.length > 1)
		for (const part of parts.slice(0, MOST_PARTS)) add(part);
	// All clients are alike, or no other can be made up but the one that there is.
	if (classes.size === 0) {
		const [part = { sources: space.source, interfaces: [], bits: [] }] = parts;
		classes.set("", { ...walked, part });
	}
	const named = [...classes.values()];
	return named.map(({ part, arrival: from, decision: found }) => ({
		name: named.length === 1 ? "all clients" : nameOf(part, space),
		sources: isAll(part.sources) ? null : part.sources,
		arrival: from,
		decision: found,
	}));
}

function nameOf(part: Part, space: Space): string {
	const { sources, interfaces } = part;
	const bits = [...new Set(part.bits.map(bitsText))];
	const others = complement(sources);
	const from = isAll(sources)
		? "clients"
		: others.length < sources.length
			? `clients outside of ${addressesText(others)}`
			: `clients of ${addressesText(sources)}`;
	if (bits.length > 0) return `${from} that fit ${bits.join(" or ")}`;
	return interfaces.length === space.interfaces.length ||
		interfaces.length === 0
		? from
		: `${from} at ${interfaces.join(", ")}`;
}

/** The clients of a space, cut by what the rules on their way compare sources and interfaces with. */
function partsOf(
	space: Space,
	{ ruleset, links, matters }: Context,
): readonly Part[] {
	const cuts = new Set<number>([0]);
	const groups = new Map<string, string[]>();
	const takenBy = new Map<string, string>(
		links.names.map((name) => [name, ""]),
	);
	let rules = 0;
	const asked = new Map<string, Bits>();
	const begin = { begin: space, interfaces: links.names };
	visitRules(ruleset, begin, ({ rule, table, space: taken }) => {
		if (!matters(table, rule)) return;
		rules++;
		const { address: value, mask } = rule.header.source;
		if (hasGaps(mask)) asked.set(bitsText({ mask, value }), { mask, value });
		else
			for (const [least, greatest] of taken.source) {
				cuts.add(least);
				if (greatest < 0xffff_ffff) cuts.add(greatest + 1);
			}
		if (taken.interfaces.length < space.interfaces.length)
			for (const name of taken.interfaces)
				takenBy.set(name, `${takenBy.get(name)},${rules}`);
	});
	for (const name of space.interfaces) {
		const key = takenBy.get(name) ?? "";
		groups.set(key, [...(groups.get(key) ?? []), name]);
	}
	const sorted = [...cuts].sort((one, other) => one - other);
	const atoms = sorted
		.map(
			(least, index): Intervals => [
				[least, (sorted[index + 1] ?? 0x1_0000_0000) - 1],
			],
		)
		.map((atom) => intersection(atom, space.source))
		.filter((atom) => atom.length > 0);
	return [...groups.values()].flatMap((interfaces) =>
		atoms.flatMap((sources) =>
			bitsOf([...asked.values()]).map((bits) => {
				return { sources, interfaces, bits };
			}),
		),
	);
}

/** The one destination that a packet has. */
function destinationOf(
	packet: Packet,
): Pick<Space, "destination"> & Partial<Pick<Space, "destinationPort">> {
	const address = packet.destination >>> 0;
	const destination: Intervals = [[address, address]];
	if (packet.kind !== "tcp" && packet.kind !== "udp") return { destination };
	const { destinationPort: port } = packet;
	return { destination, destinationPort: [[port, port]] };
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
