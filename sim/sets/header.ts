/** What sets are made with: how it is printed, and when two are the same. */

import type { Behaviour } from "../linux/behaviour.ts";
import { formatAddress } from "../packet/address.ts";
import { hex } from "./element.ts";
import type { KernelError } from "./ipset-error.ts";
import type { Header } from "./members.ts";
import type { CreateOption } from "./set-types.ts";

/** IPSET_DEFAULT_HASHSIZE, IPSET_MIMINAL_HASHSIZE, IPSET_DEFAULT_MAXELEM (ip_set_hash.h, 6.1). */
export const DEFAULT_HASHSIZE = 1024;
const LEAST_HASHSIZE = 64;
export const DEFAULT_MAXELEM = 65536;
/** AHASH_INIT_SIZE and AHASH_MAX_SIZE (ip_set_hash_gen.h, 6.1). */
const LEAST_BUCKET = 2;
export const GREATEST_BUCKET = 12;
/** IP_SET_LIST_DEFAULT_SIZE and IP_SET_LIST_MIN_SIZE (ip_set_list.h, 6.1). */
export const DEFAULT_LIST_SIZE = 8;
export const LEAST_LIST_SIZE = 4;

/** A power of two, from 64 on. */
export function hashsizeOf(wanted: number): number {
	const least = Math.max(wanted, LEAST_HASHSIZE);
	return 2 ** Math.ceil(Math.log2(least));
}

/** From 2 to 12, even. */
export function bucketsizeOf(wanted: number): number {
	const octet = wanted & 0xff;
	if (octet < LEAST_BUCKET) return LEAST_BUCKET;
	if (octet > GREATEST_BUCKET) return GREATEST_BUCKET;
	return octet + (octet % 2);
}

/**
 * Options as `ipset save` prints them, without `initval`, which is random, and `hashsize`, which the kernel
 * raises by chance as elements come.
 */
export function printHeader(header: Header): string {
	return header.type.createOptions
		.map((option) => printOption(option, header))
		.join("");
}

function printOption(option: CreateOption, header: Header): string {
	switch (option) {
		case "family":
			return ` family ${header.family}`;
		case "markmask":
			return ` markmask ${hex(header.markmask)}`;
		case "hashsize":
		case "initval":
			return "";
		case "maxelem":
			return ` maxelem ${header.maxelem}`;
		case "netmask":
			return header.netmask === 32 ? "" : ` netmask ${header.netmask}`;
		case "size":
			return ` size ${header.size}`;
		case "range":
			return ` range ${printRange(header)}`;
		case "timeout":
			return header.timeout === null ? "" : ` timeout ${header.timeout}`;
		case "counters":
			return header.counters ? " counters" : "";
		case "comment":
			return header.comment ? " comment" : "";
		case "forceadd":
			return header.forceadd ? " forceadd" : "";
		case "skbinfo":
			return header.skbinfo ? " skbinfo" : "";
		case "bucketsize":
			return header.bucketsize === null
				? ""
				: ` bucketsize ${header.bucketsize}`;
		default:
			return option satisfies never;
	}
}

function printRange({ type, first, last }: Header): string {
	return type.name === "bitmap:port"
		? `${first}-${last}`
		: `${formatAddress(first | 0)}-${formatAddress(last | 0)}`;
}

/** `same_set`: what `create -exist` takes for the set that is there. */
export function isSameHeader(a: Header, b: Header): boolean {
	return (
		a.type === b.type &&
		a.maxelem === b.maxelem &&
		a.timeout === b.timeout &&
		a.netmask === b.netmask &&
		a.markmask === b.markmask &&
		a.first === b.first &&
		a.last === b.last &&
		a.size === b.size &&
		a.counters === b.counters &&
		a.comment === b.comment &&
		a.skbinfo === b.skbinfo
	);
}

/** What the kernel says of an element whose first address is null; `null`: it stores it. */
export function nullRefusal({ type, storesNull }: Header): KernelError | null {
	if (storesNull) return null;
	return type.name === "hash:ip,port" ? "invalid" : "null-element";
}

/** Whether such a set stores an element whose first address is null. */
export function storesNull(
	{ type, family }: Header,
	{ nullAddresses }: Pick<Behaviour, "nullAddresses">,
): boolean {
	if (type.name === "hash:ip") return false;
	if (nullAddresses === "of hash:ip alone") return true;
	const isOther =
		type.name === "hash:ip,port" ||
		(type.name === "hash:net,net" && family === "inet6");
	return !isOther;
}
