/** The states of an SCTP association as conntrack sees it: `sctp_conntrack_names`, net/netfilter/nf_conntrack_proto_sctp.c (6.1). */

/** In the order of `enum sctp_conntrack`, so that the index is the kernel's number. */
export const SCTP_STATE_NAMES = [
	"NONE",
	"CLOSED",
	"COOKIE_WAIT",
	"COOKIE_ECHOED",
	"ESTABLISHED",
	"SHUTDOWN_SENT",
	"SHUTDOWN_RECD",
	"SHUTDOWN_ACK_SENT",
	"HEARTBEAT_SENT",
] as const;
/** The SCTP states of conntrack. @public */
export type SctpStateName = (typeof SCTP_STATE_NAMES)[number];
