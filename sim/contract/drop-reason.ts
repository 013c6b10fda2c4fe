/** Why the stack drops a packet where no rule does: one table for the model, its traces and reports. */

interface DropWords {
	/** Stands behind "dropped: ". */
	readonly words: string;
	/** Where 6.1 does it. */
	readonly symbol: string;
}

/** By the reason's name, which is what `Fate` holds. */
const DROP_REASONS = {
	"link is down": {
		words: "the link is down",
		symbol: "dev_queue_xmit, net/core/dev.c",
	},
	"no carrier": {
		words: "the link has no carrier",
		symbol: "noop_enqueue, net/sched/sch_generic.c",
	},
	"forwarding is off": {
		words: "it is not for the gateway, and net.ipv4.ip_forward is 0",
		symbol: "ip_route_input_slow, net/ipv4/route.c",
	},
	"no route": {
		words: "no route leads to its destination",
		symbol: "ip_route_input_slow, net/ipv4/route.c",
	},
	"no route after a rule changed it": {
		words: "no route leads to where a rule of OUTPUT sends it",
		symbol: "ip_route_me_harder, net/ipv4/netfilter.c",
	},
	"loopback source": {
		words:
			"its source is in 127.0.0.0/8, which leaves by lo alone where net.ipv4.conf.*.route_localnet is 0; a translation in POSTROUTING comes too late",
		symbol: "__mkroute_output, net/ipv4/route.c",
	},
	"martian source": {
		words: "martian source: an address that no host can send from",
		symbol: "ip_handle_martian_source, net/ipv4/route.c",
	},
	"martian destination": {
		words: "martian destination: an address that no link may carry",
		symbol: "ip_route_input_slow, net/ipv4/route.c",
	},
	"spoofed source": {
		words: "spoofed source: one of the gateway's own addresses",
		symbol: "fib_validate_source, net/ipv4/fib_frontend.c",
	},
	"reverse path": {
		words:
			"the route back to its source does not lead to where it came from (net.ipv4.conf.*.rp_filter)",
		symbol: "__fib_validate_source, net/ipv4/fib_frontend.c",
	},
	blackhole: {
		words: "a route or a rule of ip rule says blackhole",
		symbol: "ip_error, net/ipv4/route.c",
	},
	prohibited: {
		words: "a route or a rule of ip rule says prohibit",
		symbol: "ip_error, net/ipv4/route.c",
	},
	"unreachable route": {
		words: "its route says unreachable",
		symbol: "ip_error, net/ipv4/route.c",
	},
	"the frame was not for the gateway alone": {
		words:
			"its frame was sent to all hosts of the link, and such are not forwarded",
		symbol: "ip_forward, net/ipv4/ip_forward.c",
	},
	"TTL exceeded": {
		words: "its TTL ends here",
		symbol: "ip_forward, net/ipv4/ip_forward.c",
	},
	"longer than the link's MTU": {
		words: "it is longer than the link's MTU, and DF forbids to cut it",
		symbol: "ip_exceeds_mtu, net/ipv4/ip_forward.c",
	},
	"wrong checksum": {
		words: "its checksum is wrong",
		symbol: "csum_error of tcp_v4_rcv, __udp4_lib_rcv, icmp_rcv",
	},
	"broken fragment": {
		words: "the fragment contradicts others, or is there already",
		symbol: "ip_frag_queue, net/ipv4/ip_fragment.c",
	},
	"the socket may not broadcast": {
		words: "its socket may not send to all of a network (SO_BROADCAST)",
		symbol: "ip_route_output, net/ipv4/raw.c",
	},
	"table full": {
		words:
			"conntrack's table is full (net.netfilter.nf_conntrack_max), and no entry can be dropped for it",
		symbol: "__nf_conntrack_alloc, net/netfilter/nf_conntrack_core.c",
	},
	"port taken": {
		words:
			"another connection has the port that NAT gives it, and no other port is free",
		symbol: "nf_ct_resolve_clash, net/netfilter/nf_conntrack_core.c",
	},
	"unconfirmed clash": {
		words:
			"another connection has the same addresses and ports in reply direction",
		symbol: "nf_ct_resolve_clash, net/netfilter/nf_conntrack_core.c",
	},
	"lost race": {
		words:
			"a first packet that was in the gateway at the same time has been confirmed before it, with the same addresses and ports",
		symbol: "nf_ct_resolve_clash, net/netfilter/nf_conntrack_core.c",
	},
	"hash chain too long": {
		words: "the chain of conntrack's hash that it belongs into is too long",
		symbol: "__nf_conntrack_confirm, net/netfilter/nf_conntrack_core.c",
	},
	"masqueraded elsewhere": {
		words:
			"its connection is masqueraded with the address of another interface, and is removed",
		symbol: "nf_nat_oif_changed, net/netfilter/nf_nat_proto.c",
	},
	"taken by SYNPROXY": {
		words: "SYNPROXY has taken it, and speaks for the server",
		symbol: "synproxy_tg4, net/ipv4/netfilter/ipt_SYNPROXY.c",
	},
	"wrong SYN cookie": {
		words: "its acknowledgement is no cookie of SYNPROXY's",
		symbol: "ipv4_synproxy_hook, net/netfilter/nf_synproxy_core.c",
	},
	"untranslatable error": {
		words: "NAT cannot translate this ICMP error",
		symbol: "nf_nat_icmp_reply_translation, net/netfilter/nf_nat_proto.c",
	},
	"redirect about a translated packet": {
		words: "an ICMP redirect about a translated connection",
		symbol: "nf_nat_icmp_reply_translation, net/netfilter/nf_nat_proto.c",
	},
} as const satisfies Readonly<Record<string, DropWords>>;

/** Why the IP stack dropped a packet, where no rule did. @public */
export type DropReason = keyof typeof DROP_REASONS;

/** `null` for what is no reason of the stack's: the place of a rule or policy. */
export function dropWords(by: string): DropWords | null {
	return Object.hasOwn(DROP_REASONS, by)
		? DROP_REASONS[by as DropReason]
		: null;
}

/** Behind "dropped": `by filter:INPUT:rule:3`, or `(the link is down)`. */
export function droppedWords(by: string): string {
	const stack = dropWords(by);
	return stack === null ? `by ${by}` : `(${stack.words})`;
}

/** What a packet waits for that is neither sent nor dropped. */
export const WAITS_FOR = {
	neighbour: "the neighbour's address",
	fragments: "the rest of its fragments",
	race: "the packets that it races with",
} as const;
