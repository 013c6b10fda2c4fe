/** The states of a TCP connection as conntrack sees it: `tcp_conntrack_names`, net/netfilter/nf_conntrack_proto_tcp.c (6.1). */

/** In the order of `enum tcp_conntrack`, so that the index is the kernel's number. */
export const TCP_STATE_NAMES = [
	"NONE",
	"SYN_SENT",
	"SYN_RECV",
	"ESTABLISHED",
	"FIN_WAIT",
	"CLOSE_WAIT",
	"LAST_ACK",
	"TIME_WAIT",
	"CLOSE",
	"SYN_SENT2",
] as const;
/** The TCP states of conntrack. @public */
export type TcpStateName = (typeof TCP_STATE_NAMES)[number];
