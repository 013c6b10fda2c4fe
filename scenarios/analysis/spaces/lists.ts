/** What is in sets of ipset, and in countries, as spaces: packets that no list tells apart are looked at once. */
import { readRange } from "../../../sim/contract/countries.ts";
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Rule } from "../../../sim/contract/ruleset.ts";
import type { SetUse } from "../../../sim/extension/host.ts";
import type {
	CountryLookup,
	HeaderField,
	Lookup,
} from "../../../sim/extension/traits.ts";
import { TCP, UDP } from "../../../sim/packet/packet.ts";
import { lookupsThatTell } from "../../../sim/ruleset/rule-traits.ts";
import { readSaved } from "../../../sim/sets/command/read-saved.ts";
import type { IpSet } from "../../../sim/sets/ip-set.ts";
import type { IpSets } from "../../../sim/sets/ip-sets.ts";
import type { Member } from "../../../sim/sets/members.ts";
import {
	dimensionOf,
	isAddress,
	type PartKind,
} from "../../../sim/sets/set-types.ts";
import {
	complement,
	type Intervals,
	intersection,
	intervalsText,
	normalized,
} from "./intervals.ts";

/** Packets whose fields lie in all of these; a field that is left out may have any value. */
export type Box = Readonly<
	Partial<Record<HeaderField | "protocol", Intervals>>
>;

/** What a list has: packets that are in it, and those that are exceptions of it (`nomatch` of a set). */
export interface ListMembers {
	readonly inside: readonly Box[];
	readonly excepted: readonly Box[];
}

/** The lists that a gateway was given: sets as a text of `ipset save`, and addresses of countries. */
export class Lists {
	private readonly sets: IpSets | null;
	private readonly countries: NonNullable<GatewaySetup["geoip"]>;
	private readonly known = new Map<string, ListMembers | null>();

	/** Where the text of sets has faults, nothing is known of any. */
	constructor({ sets, geoip = {} }: Pick<GatewaySetup, "sets" | "geoip">) {
		const read = sets === undefined ? null : readSaved(sets);
		this.sets = read === null || "fault" in read ? null : read;
		this.countries = geoip;
	}

	/**
	 * Packets that are treated alike by all boxes are treated alike by the list.
	 * @returns `null` where it is not known, or something besides headers tells who is in it
	 */
	membersOf(lookup: Lookup): ListMembers | null {
		const key =
			lookup.list === "set"
				? `set ${lookup.name} ${lookup.sides.join()}`
				: `countries ${lookup.side} ${lookup.codes.join()}`;
		const known = this.known.get(key);
		if (known !== undefined) return known;
		const made =
			lookup.list === "set"
				? this.membersOfSet(lookup)
				: this.membersOfCountries(lookup);
		this.known.set(key, made);
		return made;
	}

	/** Is it given that it has nothing that is asked for? Not where it could have none: `misfitOf` says that. */
	isEmpty(lookup: Lookup): boolean {
		if (lookup.how !== "asks" || this.misfitOf(lookup) !== null) return false;
		const members = this.membersOf(lookup);
		if (members === null) return false;
		const isOfExceptions = lookup.list === "set" && lookup.returnNomatch;
		const asked = isOfExceptions ? members.excepted : members.inside;
		return asked.every((box) =>
			Object.values(box).some((values) => values.length === 0),
		);
	}

	/** Why no packet is ever in the set as it is looked up, in words; `null`: one may be, or the set is not known. */
	misfitOf(lookup: Lookup): string | null {
		return lookup.list === "set" && this.sets !== null
			? misfitOf(this.sets, lookup)
			: null;
	}

	/** Names of sets that have what this one has: its own, those of lists that it is in, those of a list's members. */
	joined(name: string): readonly string[] {
		const holding = (this.sets?.all() ?? []).filter(({ list }) =>
			list.some((member) => member.name === name),
		);
		const held = this.sets?.find(name)?.list ?? [];
		return [name, ...[...holding, ...held].map((one) => one.name)];
	}

	/** What a rule asks lists about, or gets a mark from: packets that it tells apart from others. */
	boxesAsked(rule: Rule): readonly Box[] {
		return lookupsThatTell(rule).flatMap((lookup) => {
			const { inside = [], excepted = [] } = this.membersOf(lookup) ?? {};
			return [...inside, ...excepted];
		});
	}

	private membersOfSet(use: SetUse): ListMembers | null {
		const { sets } = this;
		return sets?.isToldByHeaders(use) === true ? membersOf(sets, use) : null;
	}

	private membersOfCountries({
		codes,
		side,
	}: CountryLookup): ListMembers | null {
		const texts = codes.map((code) => this.countries[code]);
		if (texts.includes(undefined)) return null;
		const ranges = texts.flatMap((some = []) =>
			some.flatMap((text) => {
				const range = readRange(text);
				return range === null ? [] : [range];
			}),
		);
		return { inside: [{ [side]: normalized(ranges) }], excepted: [] };
	}
}

/** `ip_set_test`, `ip_set_add`: a set of more dimensions, or of another family, is passed over. */
function misfitOf(sets: IpSets, use: SetUse): string | null {
	const set = sets.find(use.name);
	if (set === null) return null;
	const { type, family } = set.header;
	if (type.storage === "list") {
		const whys = set.list.map(({ name }) => misfitOf(sets, { ...use, name }));
		return whys.includes(null) ? null : (whys[0] ?? null);
	}
	if (family === "inet6") return `${use.name} is a set of IPv6 addresses`;
	const dimension = dimensionOf(type);
	const given = use.sides.length;
	return given >= dimension
		? null
		: `${use.name} is a set of type ${type.name}, which needs ${dimension} directions, and \`${use.sides.join(",")}\` ${given === 1 ? "is one" : `are ${given}`}`;
}

const NOBODY: ListMembers = { inside: [], excepted: [] };

function membersOf(sets: IpSets, use: SetUse): ListMembers {
	const set = sets.find(use.name);
	if (set === null) return NOBODY;
	if (set.header.type.storage !== "list") return boxesOf(set, use);
	const parts = set.list.map(({ name }) => membersOf(sets, { ...use, name }));
	return {
		inside: parts.flatMap(({ inside }) => inside),
		excepted: parts.flatMap(({ excepted }) => excepted),
	};
}

/** Elements that are alike in all but one address, or port: a box, whose address is one of theirs. */
interface Group {
	readonly rest: Box;
	readonly members: Member[];
}

function boxesOf(set: IpSet, { sides }: SetUse): ListMembers {
	const { parts: kinds } = set.header.type;
	if (sides.length < kinds.length) return NOBODY;
	const network = kinds.findIndex((kind) => kind.startsWith("net"));
	const merged = Math.max(network, 0);
	const groups = new Map<string, Group>();
	for (const member of set.members.all()) {
		const rest = restOf(set, member, { sides, merged });
		const key = Object.entries(rest)
			.map(([field, values]) => `${field} ${intervalsText(values)}`)
			.join();
		const known = groups.get(key);
		if (known === undefined) groups.set(key, { rest, members: [member] });
		else known.members.push(member);
	}
	const field = fieldOf(kinds[merged] as PartKind, sides[merged]);
	const found = [...groups.values()].map(({ rest, members }) => {
		const { inside, excepted } = split(set, members, kinds[merged] as PartKind);
		return {
			inside: { ...rest, [field]: inside },
			excepted: { ...rest, [field]: excepted },
		};
	});
	const isSome = (box: Box) => (box[field]?.length ?? 0) > 0;
	return {
		inside: found.map(({ inside }) => inside).filter(isSome),
		excepted: found.map(({ excepted }) => excepted).filter(isSome),
	};
}

/** Of an element, all but the part that is merged. */
function restOf(
	set: IpSet,
	member: Member,
	{
		sides,
		merged,
	}: { readonly sides: SetUse["sides"]; readonly merged: number },
): Box {
	const { type } = set.header;
	const rest: Partial<Record<keyof Box, Intervals>> = {};
	for (const [index, kind] of type.parts.entries()) {
		if (index !== merged)
			rest[fieldOf(kind, sides[index])] = [valuesOf(set, member, kind)];
		if (kind === "port")
			rest.protocol =
				type.name === "bitmap:port"
					? normalized([
							[TCP, TCP],
							[UDP, UDP],
						])
					: [[member.parts.protocol, member.parts.protocol]];
	}
	return rest;
}

/** The longest prefix that fits says whether an address is in the set, or an exception of it. */
function split(
	set: IpSet,
	members: readonly Member[],
	kind: PartKind,
): { readonly inside: Intervals; readonly excepted: Intervals } {
	const byLength = new Map<number, Member[]>();
	for (const member of members) {
		const length = lengthOf(set, member, kind);
		const alike = byLength.get(length) ?? [];
		byLength.set(length, alike);
		alike.push(member);
	}
	let [inside, excepted]: [Intervals, Intervals] = [[], []];
	for (const [, alike] of [...byLength].sort(([one], [other]) => one - other)) {
		const those = (wanted: boolean) =>
			normalized(
				alike.flatMap((one) =>
					one.nomatch === wanted ? [valuesOf(set, one, kind)] : [],
				),
			);
		const [fitting, exceptions] = [those(false), those(true)];
		inside = intersection(
			normalized([...inside, ...fitting]),
			complement(exceptions),
		);
		excepted = intersection(
			normalized([...excepted, ...exceptions]),
			complement(fitting),
		);
	}
	return { inside, excepted };
}

function fieldOf(kind: PartKind, side: "src" | "dst" | undefined): HeaderField {
	if (isAddress(kind)) return side === "src" ? "source" : "destination";
	return side === "src" ? "sourcePort" : "destinationPort";
}

/** Of a part of an element. */
function valuesOf(
	set: IpSet,
	member: Member,
	kind: PartKind,
): readonly [least: number, greatest: number] {
	const { parts } = member;
	if (kind === "port") return [parts.port, parts.port];
	const size = 2 ** (32 - lengthOf(set, member, kind));
	const address = kind === "ip2" || kind === "net2" ? parts.ip2 : parts.ip;
	const least = Math.floor((address >>> 0) / size) * size;
	return [least, least + size - 1];
}

function lengthOf(
	{ header }: IpSet,
	{ parts }: Member,
	kind: PartKind,
): number {
	if (kind === "net") return parts.length;
	if (kind === "net2") return parts.length2;
	// Hosts of hash:ip and bitmap:ip may be networks of one length.
	return header.type.parts.length === 1 && kind === "ip" ? header.netmask : 32;
}
