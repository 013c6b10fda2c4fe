import { defineMatch } from "../extension/extension.ts";
import { ALL_BITS, readsMark } from "../extension/mark-uses.ts";
import { INADDR_BROADCAST, LOOPBACK_IFINDEX } from "../kernel.ts";
import type { Skb } from "../packet/skb/skb.ts";

/** 224.0.0.0/24 (`ipv4_is_local_multicast`). */
const LINK_GROUPS = 0xe00000;
const FLAGS = ["loose", "validmark", "accept-local", "invert"] as const;

interface Options {
	readonly flags: readonly (typeof FLAGS)[number][];
}

/** As a client asks for its address: from an address of 0.0.0.0/8 to all, or to a group of the link's. */
function isForAllFromNone({ source, destination }: Skb): boolean {
	return (
		source >>> 24 === 0 &&
		(destination === INADDR_BROADCAST || destination >>> 8 === LINK_GROUPS)
	);
}

/** Would an answer go back the same way? (iptables 1.8.9 libxt_rpfilter.c, kernel 6.1 ipt_rpfilter.c) */
export const rpfilter = defineMatch<Options>({
	name: "rpfilter",
	flagCodes: { loose: 0, validmark: 1, "accept-local": 2, invert: 3 },
	hooks: ["PREROUTING"],
	options: FLAGS.map((name) => ({ name, type: "none" })),
	build: (given) => ({ flags: FLAGS.filter((name) => given.has(name)) }),
	print: ({ flags }) => flags.map((name) => ` --${name}`).join(""),
	check(_options, { table }) {
		return table === "raw" || table === "mangle"
			? null
			: `ipt_rpfilter: only valid in 'raw' or 'mangle' table, not '${table}'`;
	},
	/** The route back is looked up with the packet's mark (`rpfilter_mt`, 6.1). */
	marks: ({ flags }) =>
		flags.includes("validmark") ? readsMark("packet", ALL_BITS) : [],
	question: () => ({
		kind: "open",
		on: "the route back to the source",
		isUnknown: true,
	}),
	/** `rpfilter_mt`, 6.1. */
	compile({ flags }, ports) {
		const [isLoose, byMark, acceptsLocal, inverted] = FLAGS.map((flag) =>
			flags.includes(flag),
		);
		const holds = (skb: Skb): boolean => {
			if (skb.inInterface === LOOPBACK_IFINDEX) return true;
			if (isForAllFromNone(skb)) return true;
			const route = ports.routeBack(skb, byMark ? skb.mark : 0);
			if (route === null) return false;
			if (route.type !== "unicast" && !(route.type === "local" && acceptsLocal))
				return false;
			return isLoose === true || route.interfaces.includes(skb.inInterface);
		};
		return (skb) => holds(skb) !== inverted;
	},
});
