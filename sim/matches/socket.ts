import { IPS_SRC_NAT_DONE } from "../conntrack/table/status.ts";
import { defineMatch } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { ALL_BITS, writesMark } from "../extension/mark-uses.ts";
import { type Address, ICMP, type Packet, TCP, UDP } from "../packet/packet.ts";
import { portAt } from "../packet/skb/payload-ports.ts";
import {
	CTINFO_ESTABLISHED_REPLY,
	CTINFO_RELATED_REPLY,
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import { hasHeader } from "../packet/skb/skb-fragment.ts";
import { beginsConnection } from "./shared/begins-connection.ts";

const FLAGS = ["transparent", "nowildcard", "restore-skmark"] as const;

interface Options {
	readonly flags: readonly (typeof FLAGS)[number][];
}

/** Both, which are read together. */
const OCTETS_OF_PORTS = 4;

interface End {
	readonly protocol: "tcp" | "udp";
	readonly address: Address;
	readonly port: number;
}

/** The address and port for which a socket is looked (`nf_sk_lookup_slow_v4`, 6.1); `null`: there is none to look for. */
function localEnd(skb: Skb, { conntrack }: ExtensionHost): End | null {
	const end = headerEnd(skb);
	if (end === null || skb.entry === NO_ENTRY) return end;
	const reply =
		skb.protocol === ICMP ? CTINFO_RELATED_REPLY : CTINFO_ESTABLISHED_REPLY;
	const isTranslatedBack =
		skb.ctinfo === reply &&
		(conntrack.status(skb.entry) & IPS_SRC_NAT_DONE) !== 0;
	return isTranslatedBack
		? {
				...end,
				address: conntrack.source(skb.entry, "original"),
				port: conntrack.sourcePort(skb.entry, "original"),
			}
		: end;
}

/** Of a fragment, whatever stands where a header would is taken for one. */
function portOf(skb: Skb): number {
	return skb.fragment === null ? skb.destinationPort : portAt(skb, 2);
}

/** Of an ICMP error: where the packet came from that it is about. */
function headerEnd(skb: Skb): End | null {
	const { protocol, destination, about } = skb;
	if (skb.fragment !== null && !hasHeader(skb)) return null;
	const to = { address: destination, port: portOf(skb) };
	if (protocol === TCP) return { protocol: "tcp", ...to };
	if (protocol === UDP) return { protocol: "udp", ...to };
	return about === null ? null : quotedEnd(about);
}

/** Of a fragment as well, the first octets are taken for ports (`extract_icmp4_fields`, net/ipv4/netfilter/nf_socket_ipv4.c, 6.1). */
function quotedEnd(about: Packet): End | null {
	const { kind, source: address } = about;
	if (kind === "tcp" || kind === "udp")
		return { protocol: kind, address, port: about.sourcePort };
	if (kind !== "other" || about.payload.length < OCTETS_OF_PORTS) return null;
	const protocol = about.protocol === TCP ? "tcp" : "udp";
	if (about.protocol !== TCP && about.protocol !== UDP) return null;
	return { protocol, address, port: portAt(about, 0) };
}

/** Has the router a socket for this packet? (iptables 1.8.9 libxt_socket.c, kernel 6.1 xt_socket.c, revision 3) */
export const socket = defineMatch<Options>({
	name: "socket",
	flagCodes: { transparent: 0, nowildcard: 1, "restore-skmark": 2 },
	hooks: ["PREROUTING", "INPUT"],
	needsDefrag: true,
	options: FLAGS.map((name) => ({ name, type: "none" })),
	build: (given) => ({ flags: FLAGS.filter((name) => given.has(name)) }),
	print: ({ flags }) => flags.map((name) => ` --${name}`).join(""),
	/** The packet gets the mark of the socket (`socket_match`, 6.1). */
	marks: ({ flags }) =>
		flags.includes("restore-skmark")
			? writesMark("packet", ALL_BITS, null)
			: [],
	hasOneAnswer: "packet",
	question: () => ({
		kind: "open",
		on: "the sockets of the gateway",
		isUnknown: true,
	}),
	/**
	 * The socket of a connection is bound to an address; one that takes connections or datagrams at all addresses is
	 * passed over but for `--nowildcard` (`socket_match`, 6.1). Whether there is a connection, only the program knows.
	 * No program of a setup has a transparent socket, or a mark at its sockets.
	 */
	compile: ({ flags }, host) => {
		const [transparent, nowildcard, restores] = FLAGS.map((flag) =>
			flags.includes(flag),
		);
		return (skb) => {
			const end = localEnd(skb, host);
			if (end === null) return false;
			const { protocol, address, port } = end;
			const heldAt = host.portHeldAt(protocol, address, port);
			if (heldAt === null || transparent) return false;
			if (heldAt === "any" && !nowildcard) {
				if (protocol === "udp" || beginsConnection(skb, host)) return false;
				return host.unknown(`the connections of the gateway's port ${port}`);
			}
			if (restores) skb.mark = 0;
			return true;
		};
	},
});
