import { defineMatch } from "../extension/extension.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { SYN, TCP } from "../packet/packet.ts";

interface Options {
	readonly genre: string;
	readonly inverted: boolean;
	readonly ttl: number | null;
	readonly log: number | null;
}

/** MAXGENRELEN, less the closing NUL (include/uapi/linux/netfilter/nfnetlink_osf.h, 6.1). */
const GENRE_LENGTH = 31;

/** The operating system that a SYN looks like (iptables 1.8.9 libxt_osf.c, kernel 6.1 xt_osf.c). */
export const osf = defineMatch<Options>({
	name: "osf",
	hooks: ["INPUT", "PREROUTING", "FORWARD"],
	protocols: [TCP],
	options: [
		{ name: "genre", type: "string", mandatory: true, invertible: true },
		{ name: "ttl", type: "uint32", max: 2 },
		{ name: "log", type: "uint32", max: 2 },
	],
	build(given) {
		const genre = given.get("genre", "string");
		return {
			genre: cutOctets(genre?.text ?? "", GENRE_LENGTH),
			inverted: genre?.inverted ?? false,
			ttl: given.get("ttl", "uint32")?.value ?? null,
			log: given.get("log", "uint32")?.value ?? null,
		};
	},
	print: ({ genre, inverted, ttl, log }) =>
		[
			`${inverted ? " !" : ""} --genre ${genre}`,
			ttl === null ? "" : ` --ttl ${ttl}`,
			log === null ? "" : ` --log ${log}`,
		].join(""),
	hasOneAnswer: "way",
	/** The fingerprints are loaded by a program (`nfnl_osf`). */
	question: () => ({
		kind: "open",
		on: "the operating system of the client",
		isUnknown: true,
	}),
	answers: () => false,
	notModelled: () => "--genre",
	/**
	 * `nf_osf_match` looks at SYNs alone, and at no `!`: it is kept in the rule, and nothing asks for it
	 * (nfnetlink_osf.c, 6.1).
	 */
	compile: (_options, ports) => (skb) =>
		(skb.tcpFlags & SYN) !== 0 &&
		ports.unknown("the operating system that a SYN is of"),
});
