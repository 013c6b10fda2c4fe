/** `ipset create NAME TYPE …`: what a set is made with (ipset 7.17, lib/ipset.c; `*_create` of 6.1). */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { masked } from "../element.ts";
import {
	bucketsizeOf,
	DEFAULT_HASHSIZE,
	DEFAULT_LIST_SIZE,
	DEFAULT_MAXELEM,
	GREATEST_BUCKET,
	hashsizeOf,
	LEAST_LIST_SIZE,
} from "../header.ts";
import type { IpSets } from "../ip-sets.ts";
import { kernelRefuses, programRefuses, syntaxError } from "../ipset-error.ts";
import type { Header } from "../members.ts";
import { type CreateOption, type SetType, setType } from "../set-types.ts";
import {
	addressSpanOf,
	GREATEST_U32,
	numberIn,
	portSpanOf,
	timeoutOf,
} from "./read-values.ts";

/** IPSET_BITMAP_MAX_RANGE (ip_set_bitmap.h, 6.1), and one. */
const MOST_OF_A_BITMAP = 65536;

/** Options without a value. */
const FLAGS: ReadonlySet<string> = new Set([
	"counters",
	"comment",
	"forceadd",
	"skbinfo",
]);
/** Taken and not heeded. */
const IGNORED: ReadonlySet<string> = new Set(["probes", "resize", "gc"]);

type Writable = { -readonly [Key in keyof Header]: Header[Key] };

/**
 * @param words behind the type
 * @param sets of the kernel that is asked
 * @throws IpsetRefusal
 */
export function readCreate(
	typeName: string,
	words: readonly string[],
	sets: Pick<IpSets, "mustFollow">,
): Header {
	const type =
		setType(typeName) ?? syntaxError(`typename '${typeName}' is unknown`);
	const header = emptyHeader(type);
	header.family = familyIn(type, words);
	const seen = new Set<string>();
	for (let at = 0; at < words.length; ) {
		const name = (words[at] as string).replace(/^--/, "");
		const isFlag = FLAGS.has(name) || name === "-4" || name === "-6";
		const value = words[at + 1];
		const mayIgnore = type.storage === "hash" && IGNORED.has(name);
		const isThere = isKnown(type, name) || mayIgnore;
		if (!isThere) sets.mustFollow(type.name, name);
		if (!isThere) programRefuses(`Unknown argument: \`${words[at]}'`);
		if (!isFlag && value === undefined)
			programRefuses(`Missing mandatory argument of option \`${name}'`);
		if (seen.has(name)) syntaxError(`${name} already specified`);
		seen.add(name);
		if (!mayIgnore) setOption(header, name, value ?? "");
		at += isFlag ? 1 : 2;
	}
	if (type.createOptions.includes("range")) {
		if (header.last < 0) programRefuses("Mandatory option `range' is missing");
		finishBitmap(header);
	}
	if (header.markmask === 0) kernelRefuses("markmask");
	return header;
}

function emptyHeader(type: SetType): Writable {
	return {
		type,
		family: type.family === "none" ? "none" : "inet",
		hashsize: DEFAULT_HASHSIZE,
		maxelem: DEFAULT_MAXELEM,
		bucketsize: GREATEST_BUCKET,
		forceadd: false,
		storesNull: true,
		markmask: -1,
		netmask: 32,
		first: 0,
		last: -1,
		size: DEFAULT_LIST_SIZE,
		timeout: null,
		counters: false,
		comment: false,
		skbinfo: false,
	};
}

function isKnown(type: SetType, name: string): boolean {
	if (name === "-4" || name === "-6") return type.family === "either";
	if (name === "from" || name === "to")
		return /^bitmap:/.test(type.name) || type.parts.includes("port");
	if (name === "network") return type.name === "bitmap:ip";
	return type.createOptions.includes(name as CreateOption);
}

/** The family is read before all else. */
function familyIn(type: SetType, words: readonly string[]): Header["family"] {
	if (type.family === "none") return "none";
	const at = words.findIndex((word) => /^(--)?family$/.test(word));
	const short = words.find((word) => word === "-4" || word === "-6");
	const name = at >= 0 ? words[at + 1] : short;
	switch (name) {
		case undefined:
		case "inet":
		case "ipv4":
		case "-4":
		case "any":
		case "unspec":
			return "inet";
		case "inet6":
		case "ipv6":
		case "-6":
			return "inet6";
		default:
			return syntaxError(`unknown inet family ${name}`);
	}
}

function setOption(header: Writable, name: string, value: string): void {
	switch (name) {
		case "hashsize":
			header.hashsize = hashsizeOf(numberIn(value, 0, GREATEST_U32));
			return;
		case "maxelem":
			header.maxelem = numberIn(value, 0, GREATEST_U32);
			return;
		case "bucketsize":
			header.bucketsize = bucketsizeOf(numberIn(value, 0, 255));
			return;
		case "initval":
			numberIn(value, 0, GREATEST_U32);
			return;
		case "markmask":
			header.markmask = numberIn(value, 0, GREATEST_U32) | 0;
			return;
		case "netmask":
			header.netmask = netmaskOf(value, header);
			return;
		case "size":
			header.size = Math.max(LEAST_LIST_SIZE, numberIn(value, 0, GREATEST_U32));
			return;
		case "timeout":
			header.timeout = timeoutOf(value);
			return;
		case "counters":
		case "comment":
		case "forceadd":
		case "skbinfo":
			header[name] = true;
			return;
		case "range":
		case "network":
			setRange(header, value);
			return;
		case "from":
		case "to":
			throw new UnknownSignal(
				`the old option ${name} of ${header.type.name} is not modelled; write range`,
			);
		default:
			return;
	}
}

function netmaskOf(value: string, { family }: Header): number {
	const most = family === "inet6" ? 128 : 32;
	const length = /^\d+$/.test(value) ? Number(value) : 0;
	if (length >= 1 && length <= most) return length;
	return syntaxError(`netmask is out of the inclusive range of 1-${most}`);
}

/** Unsigned, the lesser one first. */
function setRange(header: Writable, value: string): void {
	let from: number;
	let to: number;
	if (header.type.name === "bitmap:port") {
		const span = portSpanOf(value);
		if (span.to === null) programRefuses("Mandatory option `range' is missing");
		[from, to] = [span.port, span.to ?? 0];
	} else {
		const span = addressSpanOf(value);
		if (span.length === null && span.to === null)
			syntaxError(`IP/cidr or IP-IP range must be specified: ${value}`);
		if (span.length !== null && span.length >= 32) kernelRefuses("cidr");
		const length = span.length ?? 32;
		from = masked(span.from, length) >>> 0;
		to =
			span.to === null
				? (span.from | ~masked(-1, length)) >>> 0
				: span.to >>> 0;
	}
	header.first = Math.min(from, to);
	header.last = Math.max(from, to);
}

/** `bitmap_ip_create`. */
function finishBitmap(header: Writable): void {
	const { netmask } = header;
	if (header.type.name === "bitmap:port" || netmask === 32) {
		if (header.last - header.first + 1 > MOST_OF_A_BITMAP)
			kernelRefuses("bitmap-size");
		return;
	}
	header.first = masked(header.first | 0, netmask) >>> 0;
	header.last = (header.last | ~masked(-1, netmask)) >>> 0;
	const bits = rangeBits(header.first, header.last);
	if (bits === null || netmask <= bits) kernelRefuses("bitmap-range");
	if (2 ** (netmask - (bits ?? 0)) > MOST_OF_A_BITMAP)
		kernelRefuses("bitmap-size");
}

/** `range_to_mask`: length of the prefix that both have; `null` for what is no network. */
function rangeBits(from: number, to: number): number | null {
	let mask = 0xfffffffe | 0;
	let bits = 32;
	while (--bits > 0 && mask !== 0 && (to & mask) >>> 0 !== from) mask <<= 1;
	return mask === 0 && (from !== 0 || to !== 0xffffffff) ? null : bits;
}
