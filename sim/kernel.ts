/** Numbers of the kernel and of protocols that several rooms speak of, each by its symbol in Linux 6.1. */

/** Ticks a second of Debian's kernels (`CONFIG_HZ`, amd64): jiffies are counted in them. */
export const HZ = 250;

/** Index of `lo` in every network namespace (include/net/flow.h). */
export const LOOPBACK_IFINDEX = 1;

/** Of `lo`, octets, without the link's header (drivers/net/loopback.c). */
export const LOOPBACK_MTU = 65536;

/** 127.0.0.1 (include/uapi/linux/in.h). */
export const INADDR_LOOPBACK = 0x7f000001;
/** 255.255.255.255, signed as all addresses here (include/uapi/linux/in.h). */
export const INADDR_BROADCAST = -1;

// Protocols of IPv4 (`IPPROTO_…`, include/uapi/linux/in.h).
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const DCCP = 33;
export const GRE = 47;
export const ESP = 50;
export const AH = 51;
export const SCTP = 132;
export const UDPLITE = 136;

// Types of ICMP messages (include/uapi/linux/icmp.h).
export const ICMP_ECHOREPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETERPROB = 12;
export const ICMP_TIMESTAMP = 13;
export const ICMP_TIMESTAMPREPLY = 14;
export const ICMP_INFO_REQUEST = 15;
export const ICMP_INFO_REPLY = 16;
export const ICMP_ADDRESS = 17;
export const ICMP_ADDRESSREPLY = 18;
/** The greatest type that the kernel knows. */
export const NR_ICMP_TYPES = 18;

// Codes of ICMP_DEST_UNREACH.
export const ICMP_NET_UNREACH = 0;
export const ICMP_HOST_UNREACH = 1;
export const ICMP_PROT_UNREACH = 2;
export const ICMP_PORT_UNREACH = 3;
export const ICMP_FRAG_NEEDED = 4;
export const ICMP_PKT_FILTERED = 13;

// Codes of ICMP_REDIRECT.
export const ICMP_REDIR_HOST = 1;

// Codes of ICMP_TIME_EXCEEDED.
export const ICMP_EXC_TTL = 0;
export const ICMP_EXC_FRAGTIME = 1;
