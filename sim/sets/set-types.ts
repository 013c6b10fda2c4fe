/**
 * The types of sets that ipset knows: what an element is made of, and which options there are
 * (ipset 7.17, lib/ipset_*.c, in the revisions of Linux 6.1, net/netfilter/ipset/).
 */

/** What a part of an element is; a `2` is the second address. */
export type PartKind =
	| "ip"
	| "net"
	| "ip2"
	| "net2"
	| "port"
	| "mark"
	| "mac"
	| "device";

export type CreateOption =
	| "family"
	| "markmask"
	| "hashsize"
	| "maxelem"
	| "netmask"
	| "size"
	| "range"
	| "timeout"
	| "counters"
	| "comment"
	| "forceadd"
	| "skbinfo"
	| "bucketsize"
	| "initval";

export type AddOption =
	| "timeout"
	| "nomatch"
	| "wildcard"
	| "before"
	| "after"
	| "packets"
	| "bytes"
	| "comment"
	| "skbmark"
	| "skbprio"
	| "skbqueue";

export interface SetType {
	readonly name: string;
	/** Older name. */
	readonly alias?: string;
	/** `either`: as it is made, `inet` or `inet6`; `none`: elements have no addresses. */
	readonly family: "either" | "inet" | "none";
	/** `opaque`: what is in it is kept, and what packets it fits is not modelled. */
	readonly storage: "hash" | "bitmap" | "list" | "opaque";
	/** In the order in which they are written. */
	readonly parts: readonly PartKind[];
	/** In the order in which `ipset save` prints them. */
	readonly createOptions: readonly CreateOption[];
	readonly addOptions: readonly AddOption[];
	/** Sets of unequal features cannot be swapped (`enum ip_set_feature`). */
	readonly features: string;
}

const HASH_TAIL = [
	"hashsize",
	"maxelem",
	"timeout",
	"counters",
	"comment",
	"forceadd",
	"skbinfo",
	"bucketsize",
	"initval",
] as const;
const BITMAP_TAIL = ["timeout", "counters", "comment", "skbinfo"] as const;
const ADD_TAIL = [
	"packets",
	"bytes",
	"comment",
	"skbmark",
	"skbprio",
	"skbqueue",
] as const;

/** Older names by which some types go. */
const ALIASES: Readonly<Record<string, string>> = {
	"hash:ip": "iphash",
	"hash:net": "nethash",
	"hash:ip,port": "ipporthash",
	"hash:ip,port,ip": "ipportiphash",
	"hash:ip,port,net": "ipportnethash",
	"bitmap:ip": "ipmap",
	"bitmap:port": "portmap",
	"list:set": "setlist",
};

function hash(name: string, parts: readonly PartKind[]): SetType {
	const hasNets = parts.some((part) => part === "net" || part === "net2");
	const options: readonly CreateOption[] = HASH_TAIL.flatMap((option) => {
		if (name === "hash:ip" && option === "timeout")
			return ["netmask" as const, option];
		return [option];
	});
	return withAlias({
		name,
		family: parts.includes("mac") ? "none" : "either",
		storage: "hash",
		parts,
		createOptions: [
			...(parts.includes("mac") ? [] : (["family"] as const)),
			...(parts.includes("mark") ? (["markmask"] as const) : []),
			...options,
		],
		addOptions: [
			"timeout",
			...(hasNets ? (["nomatch"] as const) : []),
			...(parts.includes("device") ? (["wildcard"] as const) : []),
			...ADD_TAIL,
		],
		features: parts.map((part) => FEATURES[part]).join(" "),
	});
}

const FEATURES: Readonly<Record<PartKind, string>> = {
	ip: "ip",
	net: "ip nomatch",
	ip2: "ip2",
	net2: "ip2 nomatch",
	port: "port",
	mark: "mark",
	mac: "mac",
	device: "iface",
};

function bitmap(name: string, part: "ip" | "port"): SetType {
	return withAlias({
		name,
		family: part === "ip" ? "inet" : "none",
		storage: "bitmap",
		parts: [part],
		createOptions: [
			"range",
			...(part === "ip" ? (["netmask"] as const) : []),
			...BITMAP_TAIL,
		],
		addOptions: ["timeout", ...ADD_TAIL],
		features: FEATURES[part],
	});
}

/** Their elements are kept as they are written. */
function opaque(type: SetType): SetType {
	return { ...type, storage: "opaque", features: type.name };
}

function withAlias(type: SetType): SetType {
	const alias = ALIASES[type.name];
	return alias === undefined ? type : { ...type, alias };
}

const TYPES: readonly SetType[] = [
	hash("hash:ip", ["ip"]),
	hash("hash:net", ["net"]),
	hash("hash:ip,port", ["ip", "port"]),
	hash("hash:ip,port,ip", ["ip", "port", "ip2"]),
	hash("hash:net,port", ["net", "port"]),
	hash("hash:ip,port,net", ["ip", "port", "net2"]),
	hash("hash:mac", ["mac"]),
	hash("hash:ip,mark", ["ip", "mark"]),
	hash("hash:net,net", ["net", "net2"]),
	hash("hash:net,iface", ["net", "device"]),
	bitmap("bitmap:port", "port"),
	bitmap("bitmap:ip", "ip"),
	withAlias({
		name: "list:set",
		family: "none",
		storage: "list",
		parts: [],
		createOptions: ["size", ...BITMAP_TAIL],
		addOptions: ["timeout", "before", "after", ...ADD_TAIL],
		features: "name",
	}),
	opaque(hash("hash:ip,mac", ["ip", "port"])),
	opaque(hash("hash:net,port,net", ["net", "port", "net2"])),
	opaque({ ...bitmap("bitmap:ip,mac", "ip"), parts: ["ip", "port"] }),
];

/** @returns `null` for a name that ipset does not know */
export function setType(name: string): SetType | null {
	return TYPES.find((one) => one.name === name || one.alias === name) ?? null;
}

/** How many parts an element has: rules that say fewer directions never match. */
export function dimensionOf({ parts, storage }: SetType): number {
	return storage === "list" ? 1 : parts.length;
}

/** Is this part of an element an address, or a network? */
export function isAddress(kind: PartKind): boolean {
	return kind === "ip" || kind === "net" || kind === "ip2" || kind === "net2";
}

export function hasNets({ parts }: SetType): boolean {
	return parts.includes("net") || parts.includes("net2");
}
