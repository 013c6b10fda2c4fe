import type { GivenOptions } from "../../extension/options.ts";
import { CTINFO_UNTRACKED, NO_ENTRY, type Skb } from "../../packet/skb/skb.ts";

/**
 * States that `-m conntrack` and `-m state` ask for, as bits: `XT_CONNTRACK_STATE_*`,
 * include/uapi/linux/netfilter/xt_conntrack.h (6.1).
 */
const STATE_INVALID = 1;
const STATE_ESTABLISHED = 2;
const STATE_RELATED = 4;
const STATE_NEW = 8;
export const STATE_SNAT = 64;
export const STATE_DNAT = 128;
const STATE_UNTRACKED = 256;

/** In the order in which a word is looked up. */
export const STATES: readonly (readonly [name: string, bit: number])[] = [
	["INVALID", STATE_INVALID],
	["NEW", STATE_NEW],
	["ESTABLISHED", STATE_ESTABLISHED],
	["RELATED", STATE_RELATED],
	["UNTRACKED", STATE_UNTRACKED],
];

/** In the order of iptables-save. */
const PRINTED: readonly (readonly [name: string, bit: number])[] = [
	["INVALID", STATE_INVALID],
	["NEW", STATE_NEW],
	["RELATED", STATE_RELATED],
	["ESTABLISHED", STATE_ESTABLISHED],
	["UNTRACKED", STATE_UNTRACKED],
	["SNAT", STATE_SNAT],
	["DNAT", STATE_DNAT],
];

export function printStates(mask: number): string {
	return PRINTED.filter(([, bit]) => mask & bit)
		.map(([name]) => name)
		.join(",");
}

/**
 * Reads a list of names separated by commas. The beginning of a name is enough, in either case
 * (`strncasecmp` with the word's length, iptables 1.8.9 libxt_conntrack.c).
 * @param refuse is told the list from the word on that is no name
 */
export function readNames(
	list: string,
	names: readonly (readonly [name: string, bit: number])[],
	refuse: (rest: string) => never,
): number {
	let bits = 0;
	let from = 0;
	for (const word of list.split(",")) {
		const upper = word.toUpperCase();
		const found = names.find(([name]) => name.startsWith(upper));
		if (word === "" || !found) return refuse(list.slice(from));
		bits |= found[1];
		from += word.length + 1;
	}
	return bits;
}

/** Ends with iptables' words for a list that names no state. */
export function refuseList(
	given: GivenOptions,
	option: string,
	rest: string,
	names: readonly (readonly [name: string, bit: number])[],
): never {
	return given.refuse(
		`Bad ${option} "${rest}"`,
		`Separate names by commas alone; they are ${names.map(([name]) => name).join(", ")}.`,
		option,
	);
}

/** `XT_CONNTRACK_STATE_BIT(ctinfo)`: reply packets have the bits of their original ones. */
const STATE_OF_CTINFO = Int32Array.of(
	STATE_ESTABLISHED,
	STATE_RELATED,
	STATE_NEW,
	STATE_ESTABLISHED,
	STATE_RELATED,
);

/** The state of a packet, one bit. */
export function stateBit(skb: Skb): number {
	if (skb.entry === NO_ENTRY) {
		// What -j CT has attached is a connection that nothing belongs to yet (nf_ct_set in xt_ct_target).
		if (skb.template !== null) return STATE_NEW;
		return skb.ctinfo === CTINFO_UNTRACKED ? STATE_UNTRACKED : STATE_INVALID;
	}
	return STATE_OF_CTINFO[skb.ctinfo] ?? 0;
}
