/**
 * What conntrack has noted about an entry: `enum ip_conntrack_status`,
 * include/uapi/linux/netfilter/nf_conntrack_common.h (6.1).
 */
export const IPS_EXPECTED = 1;
export const IPS_SEEN_REPLY = 2;
export const IPS_ASSURED = 4;
export const IPS_CONFIRMED = 8;
export const IPS_SRC_NAT = 16;
export const IPS_DST_NAT = 32;
export const IPS_SRC_NAT_DONE = 128;
export const IPS_DST_NAT_DONE = 256;
export const IPS_DYING = 512;
/** Its time-out is never prolonged. */
export const IPS_FIXED_TIMEOUT = 1024;
/**
 * It lost a race for its original tuple, which is another entry's: it can be found by its replies alone,
 * and no list shows it.
 */
export const IPS_NAT_CLASH = 4096;
