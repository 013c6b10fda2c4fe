/**
 * Settings as the inner loop reads them: plain numbers in one record, timeouts in jiffies. Made
 * anew whenever a setting changes.
 */

import {
	TCP_STATE_NAMES,
	type TcpStateName,
} from "../../contract/tcp-state-name.ts";
import { HZ } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Sysctls } from "./sysctls.ts";

/** Which setting holds the timeout of which TCP conntrack state (`tcp_timeouts`, 6.1). */
const TCP_TIMEOUT_SYSCTLS: Readonly<Record<TcpStateName, string | null>> = {
	/** Never used: an entry leaves NONE with its first packet. */
	NONE: "tcp_timeout_syn_sent",
	SYN_SENT: "tcp_timeout_syn_sent",
	SYN_RECV: "tcp_timeout_syn_recv",
	ESTABLISHED: "tcp_timeout_established",
	FIN_WAIT: "tcp_timeout_fin_wait",
	CLOSE_WAIT: "tcp_timeout_close_wait",
	LAST_ACK: "tcp_timeout_last_ack",
	TIME_WAIT: "tcp_timeout_time_wait",
	CLOSE: "tcp_timeout_close",
	/** Has no setting of its own: always two minutes. */
	SYN_SENT2: null,
};
const SYN_SENT2_SECONDS = 120;

/** The same of SCTP, by the numbers of its states; NONE has CLOSED's (`nf_conntrack_sctp_init_net`). */
const SCTP_TIMEOUT_SYSCTLS = [
	"closed",
	"closed",
	"cookie_wait",
	"cookie_echoed",
	"established",
	"shutdown_sent",
	"shutdown_recd",
	"shutdown_ack_sent",
	"heartbeat_sent",
];

/** What conntrack heeds of the settings. Timeouts in jiffies. */
export interface ConntrackConfig {
	/** By TCP conntrack state. */
	readonly tcpTimeouts: Int32Array;
	readonly tcpRetransmittedTimeout: number;
	readonly tcpUnacknowledgedTimeout: number;
	readonly tcpMaxRetransmissions: number;
	readonly tcpLoose: boolean;
	readonly tcpBeLiberal: boolean;
	readonly tcpIgnoreInvalidRst: boolean;
	/** What its kernel does where kernels differ. */
	readonly behaviour: Behaviour;
	/** By SCTP conntrack state. */
	readonly sctpTimeouts: Int32Array;
	readonly udpTimeout: number;
	readonly udpStreamTimeout: number;
	readonly icmpTimeout: number;
	readonly genericTimeout: number;
	/** 0: no limit. */
	readonly maxEntries: number;
	readonly buckets: number;
	readonly counting: boolean;
	/** Packets with a wrong checksum are INVALID when they come in. */
	readonly checksums: boolean;
}

/** Reads all of them. */
export function conntrackConfigOf(
	sysctls: Sysctls,
	behaviour: Behaviour,
): ConntrackConfig {
	const value = (name: string) => sysctls.get(`netfilter.nf_conntrack_${name}`);
	const jiffies = (name: string) => value(name) * HZ;
	return {
		tcpTimeouts: Int32Array.from(TCP_STATE_NAMES, (state) => {
			const name = TCP_TIMEOUT_SYSCTLS[state];
			return name === null ? SYN_SENT2_SECONDS * HZ : jiffies(name);
		}),
		tcpRetransmittedTimeout: jiffies("tcp_timeout_max_retrans"),
		tcpUnacknowledgedTimeout: jiffies("tcp_timeout_unacknowledged"),
		tcpMaxRetransmissions: value("tcp_max_retrans"),
		tcpLoose: value("tcp_loose") !== 0,
		tcpBeLiberal: value("tcp_be_liberal") !== 0,
		tcpIgnoreInvalidRst: value("tcp_ignore_invalid_rst") !== 0,
		behaviour,
		sctpTimeouts: Int32Array.from(SCTP_TIMEOUT_SYSCTLS, (state) =>
			jiffies(`sctp_timeout_${state}`),
		),
		udpTimeout: jiffies("udp_timeout"),
		udpStreamTimeout: jiffies("udp_timeout_stream"),
		icmpTimeout: jiffies("icmp_timeout"),
		genericTimeout: jiffies("generic_timeout"),
		maxEntries: value("max"),
		buckets: value("buckets"),
		counting: value("acct") !== 0,
		checksums: value("checksum") !== 0,
	};
}
