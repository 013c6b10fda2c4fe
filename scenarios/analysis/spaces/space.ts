/**
 * Sets of packets by their headers: what a rule and the jumps that lead to it ask of them. A set may be
 * larger than what the rules take, never smaller: what becomes of a packet of it is for the walk to tell.
 */
import type { InterfaceMatch, Rule } from "../../../sim/contract/ruleset.ts";
import type { Comparison, HeaderField } from "../../../sim/extension/traits.ts";
import { comparisonsOf } from "../../../sim/ruleset/rule-traits.ts";
import { OWN_INTERFACE } from "../walk/walker.ts";
import {
	ALL,
	complement,
	type Intervals,
	intersection,
	intervalsText,
	isAll,
	isApart,
	isWithin,
	normalized,
} from "./intervals.ts";

export interface Space extends Readonly<Record<HeaderField, Intervals>> {
	/** Protocol numbers. */
	readonly protocol: Intervals;
	/** By which interfaces packets come in: names, sorted. */
	readonly interfaces: readonly string[];
}

/** The field that tells most apart comes first. */
export const HEADER_FIELDS = [
	"destination",
	"source",
	"sourcePort",
	"destinationPort",
] as const satisfies readonly HeaderField[];

const NUMBERS = [...HEADER_FIELDS, "protocol"] as const;

/** The greatest value of a field. */
export const GREATEST_OF: Readonly<Record<(typeof NUMBERS)[number], number>> = {
	source: 0xffff_ffff,
	destination: 0xffff_ffff,
	sourcePort: 0xffff,
	destinationPort: 0xffff,
	protocol: 0xff,
};

/**
 * The other values of a field. Where its greatest one is among them, the last interval is open: it goes on to the
 * greatest number of 32 bits, as that of all values does.
 */
export function allBut(
	field: (typeof NUMBERS)[number],
	set: Intervals,
): Intervals {
	return complement(set).filter(([least]) => least <= GREATEST_OF[field]);
}

/** Values of a field that are in one set or in another. */
export function joinedIn(
	field: (typeof NUMBERS)[number],
	sets: readonly Intervals[],
): Intervals {
	const all = normalized(sets.flat());
	return allBut(field, all).length === 0 ? ALL : all;
}

/** All packets. */
export function everything(interfaces: readonly string[]): Space {
	return {
		source: ALL,
		destination: ALL,
		sourcePort: ALL,
		destinationPort: ALL,
		protocol: ALL,
		interfaces: [...interfaces].sort(),
	};
}

/** By which packets of the gateway's own programs come to rules, in place of an interface. */
export const OWN_INTERFACES: readonly string[] = [OWN_INTERFACE];

/** Is it one of packets that the gateway itself sends? */
export function isFromGateway({
	interfaces,
}: Pick<Space, "interfaces">): boolean {
	return interfaces[0] === OWN_INTERFACE;
}

/** What two spaces have in common; `null`: nothing. */
export function common(one: Space, other: Space): Space | null {
	// Mostly it is the destination that differs, which is found out without a list.
	if (isApart(one.destination, other.destination)) return null;
	const interfaces = one.interfaces.filter((name) =>
		other.interfaces.includes(name),
	);
	if (interfaces.length === 0) return null;
	const fields: Partial<Record<(typeof NUMBERS)[number], Intervals>> = {};
	for (const field of NUMBERS) {
		const both =
			one[field] === other[field]
				? one[field]
				: intersection(one[field], other[field]);
		if (both.length === 0) return null;
		fields[field] = both;
	}
	return { ...(fields as Required<typeof fields>), interfaces };
}

/** Equal spaces have equal texts. */
export function spaceText(space: Space): string {
	return [
		...NUMBERS.map((field) =>
			isAll(space[field]) ? "" : intervalsText(space[field]),
		),
		space.interfaces.join(","),
	].join("|");
}

/** By rules, and then by interfaces. */
const takenByRules = new WeakMap<
	readonly Rule[],
	Map<readonly string[], Taken>
>();
type Taken = readonly (Space | null)[];

/**
 * The packets that each rule's header and its comparisons with constants take; `null`: none. It is kept
 * for the rules of a chain, since large ones are visited for each service.
 * @param interfaces of the gateway
 */
export function takenBy(
	rules: readonly Rule[],
	interfaces: readonly string[],
): Taken {
	const ofRules =
		takenByRules.get(rules) ?? new Map<readonly string[], Taken>();
	takenByRules.set(rules, ofRules);
	const known = ofRules.get(interfaces);
	if (known !== undefined) return known;
	const all = everything(interfaces);
	const taken = rules.map((rule) => takenOf(rule, all));
	ofRules.set(interfaces, taken);
	return taken;
}

function takenOf(rule: Rule, all: Space): Space | null {
	const { protocol, protocolInverted, inInterface } = rule.header;
	const wanted: Intervals = protocol === 0 ? ALL : [[protocol, protocol]];
	const interfaces = all.interfaces.filter(
		(name) => inInterface === null || takesInterface(inInterface, name),
	);
	const start: Space = {
		...all,
		protocol: protocolInverted ? allBut("protocol", wanted) : wanted,
		interfaces,
	};
	return comparisonsOf(rule).reduce(narrowed, common(start, all));
}

function narrowed(
	space: Space | null,
	{ fields, ranges, inverted }: Comparison,
): Space | null {
	// What may lie in one field or in another narrows neither; what lies in none of them narrows all.
	if (fields.length > 1 && !inverted) return space;
	let narrower = space;
	for (const field of fields) {
		const wanted = inverted ? allBut(field, ranges) : ranges;
		const both = narrower === null ? [] : intersection(narrower[field], wanted);
		if (narrower === null || both.length === 0) return null;
		narrower = { ...narrower, [field]: both };
	}
	return narrower;
}

/** Does a rule's `-i` or `-o` take packets of this interface? */
export function takesInterface(
	{ name: wanted, inverted }: InterfaceMatch,
	name: string,
): boolean {
	const isIt = wanted.endsWith("+")
		? name.startsWith(wanted.slice(0, -1))
		: name === wanted;
	return isIt !== inverted;
}

/** A space without the ports that narrower ones have, which are the same in all else; `null`: none is left. */
export function withoutPortsOf(
	space: Space,
	narrower: readonly Space[],
): Space | null {
	let destinationPort = space.destinationPort;
	const [first] = destinationPort;
	if (destinationPort.length === 1 && first?.[0] === first?.[1]) return space;
	for (const one of narrower) {
		if (isAll(one.destinationPort)) continue;
		const isAllElse =
			NUMBERS.every(
				(field) =>
					field === "destinationPort" || isWithin(space[field], one[field]),
			) && space.interfaces.every((name) => one.interfaces.includes(name));
		if (isAllElse)
			destinationPort = intersection(
				destinationPort,
				allBut("destinationPort", one.destinationPort),
			);
	}
	return destinationPort.length === 0 ? null : { ...space, destinationPort };
}
