/** What `ip -j addr`, `ip -j route` and `ip -j rule` print, as far as it is used; IPv6 among it. */
import * as v from "valibot";
import { parseAddress } from "../../../sim/packet/address.ts";

const flags = v.optional(v.array(v.string()), []);
const number = v.pipe(v.number(), v.integer());
const NETWORK_BITS = { inet: 32, inet6: 128 };

/** What looks like IPv4, with a prefix length or without, is so: an address, and 0 to 32 bits. */
const word = v.pipe(
	v.string(),
	v.check(
		isWord,
		({ input }) => `no address or network of IPv4 is written as ${input}`,
	),
);

function isWord(text: string): boolean {
	if (!/^[\d./]+$/.test(text) || !text.includes(".")) return true;
	const [address = "", length = "32", ...more] = text.split("/");
	return (
		parseAddress(address) !== null &&
		/^\d{1,2}$/.test(length) &&
		Number(length) <= NETWORK_BITS.inet &&
		more.length === 0
	);
}

/** Of `ip -j addr`. */
export const addressRecord = v.object({
	ifname: v.string(),
	flags,
	mtu: v.optional(v.pipe(number, v.minValue(0)), 1500),
	addr_info: v.optional(
		v.array(
			v.pipe(
				v.object({
					family: v.optional(v.string()),
					local: v.optional(word),
					/** The other end of a point-to-point link. */
					address: v.optional(word),
					prefixlen: v.optional(number, 32),
				}),
				v.check(
					({ prefixlen, family }) =>
						prefixlen >= 0 &&
						prefixlen <=
							(family === "inet6" ? NETWORK_BITS.inet6 : NETWORK_BITS.inet),
					({ input }) => `no network has the prefix length ${input.prefixlen}`,
				),
			),
		),
		[],
	),
});

const nextHop = v.object({
	gateway: v.optional(word),
	/** A next hop of another family. */
	via: v.optional(v.object({ family: v.string(), host: v.string() })),
	dev: v.optional(v.string()),
	flags,
	weight: v.optional(number),
});

/** Of `ip -j route show table all`. */
export const routeRecord = v.object({
	...nextHop.entries,
	type: v.optional(v.string(), "unicast"),
	dst: word,
	table: v.optional(v.string(), "main"),
	protocol: v.optional(v.string()),
	scope: v.optional(v.string()),
	prefsrc: v.optional(word),
	metric: v.optional(number, 0),
	tos: v.optional(v.string()),
	encap: v.optional(v.string()),
	nexthops: v.optional(v.array(nextHop)),
	/** Of IPv6 alone. */
	pref: v.optional(v.string()),
});

/** Of `ip -j rule`. What else is in it selects packets as well. */
export const ruleRecord = v.looseObject({
	priority: v.optional(number, 0),
	src: v.optional(word, "all"),
	srclen: v.optional(number),
	dst: v.optional(word),
	dstlen: v.optional(number),
	fwmark: v.optional(v.union([v.string(), number])),
	fwmask: v.optional(v.union([v.string(), number])),
	table: v.optional(v.string()),
	action: v.optional(v.string()),
});

export type AddressRecord = v.InferOutput<typeof addressRecord>;
export type RouteRecord = v.InferOutput<typeof routeRecord>;
export type RuleRecord = v.InferOutput<typeof ruleRecord>;
