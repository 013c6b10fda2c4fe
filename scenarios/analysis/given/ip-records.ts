/** What `ip -j addr`, `ip -j route` and `ip -j rule` print, as far as it is used; IPv6 among it. */
import * as v from "valibot";

const flags = v.optional(v.array(v.string()), []);
const number = v.pipe(v.number(), v.integer());

/** Of `ip -j addr`. */
export const addressRecord = v.object({
	ifname: v.string(),
	flags,
	mtu: v.optional(v.pipe(number, v.minValue(0)), 1500),
	addr_info: v.optional(
		v.array(
			v.object({
				family: v.optional(v.string()),
				local: v.optional(v.string()),
				/** The other end of a point-to-point link. */
				address: v.optional(v.string()),
				prefixlen: v.optional(number, 32),
			}),
		),
		[],
	),
});

const nextHop = v.object({
	gateway: v.optional(v.string()),
	/** A next hop of another family. */
	via: v.optional(v.object({ family: v.string(), host: v.string() })),
	dev: v.optional(v.string()),
	flags,
});

/** Of `ip -j route show table all`. */
export const routeRecord = v.object({
	...nextHop.entries,
	type: v.optional(v.string(), "unicast"),
	dst: v.string(),
	table: v.optional(v.string(), "main"),
	protocol: v.optional(v.string()),
	scope: v.optional(v.string()),
	prefsrc: v.optional(v.string()),
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
	src: v.optional(v.string(), "all"),
	srclen: v.optional(number),
	dst: v.optional(v.string()),
	dstlen: v.optional(number),
	fwmark: v.optional(v.union([v.string(), number])),
	fwmask: v.optional(v.union([v.string(), number])),
	table: v.optional(v.string()),
	action: v.optional(v.string()),
});

export type AddressRecord = v.InferOutput<typeof addressRecord>;
export type RouteRecord = v.InferOutput<typeof routeRecord>;
export type RuleRecord = v.InferOutput<typeof ruleRecord>;
