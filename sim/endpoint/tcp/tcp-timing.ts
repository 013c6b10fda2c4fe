/**
 * How long hosts wait and how often they try: the 6.1 kernel's defaults, as tables with their source.
 */

/** First retransmission when nothing is known of the path (`TCP_TIMEOUT_INIT`, include/net/tcp.h). */
export const INITIAL_RTO_MS = 1_000;
/** Later ones when the handshake has told nothing of the path, since it was repeated itself (`TCP_TIMEOUT_FALLBACK`, RFC 6298). */
export const FALLBACK_RTO_MS = 3_000;
/** `TCP_RTO_MIN` */
export const MIN_RTO_MS = 200;
/** `TCP_RTO_MAX` */
export const MAX_RTO_MS = 120_000;
/** `TCP_TIMEWAIT_LEN` */
export const TIME_WAIT_MS = 60_000;
/** `TCP_FIN_TIMEOUT`: how long an orphan waits in FIN_WAIT_2. */
export const FIN_WAIT_2_MS = 60_000;
/** `TCP_TIMEOUT_MIN`, two jiffies of Debian's 250 per second: a SYN goes out again that soon once an old connection has been reset. */
export const SOON_MS = 8;
/** `TCP_SYN_RETRIES`: SYNs at 0, 1, 3, 7, 15, 31 and 63 s, and `ETIMEDOUT` at 127 s. */
export const SYN_RETRIES = 6;
/** `TCP_SYNACK_RETRIES`: until 31 s after the first one; forgotten at 63 s. */
export const SYN_ACK_RETRIES = 5;
/**
 * `TCP_RETR2` (15) as the time that `retransmits_timed_out` makes of it, from the first
 * retransmission that is no probe on: nine doublings from 200 ms, then six times 120 s.
 */
export const GIVE_UP_MS = 924_600;
/** The same for a socket that its process has closed: `tcp_orphan_retries` 0 counts as 8. */
export const GIVE_UP_ORPHAN_MS = 102_200;
/** `TCP_RETR2`: how often a window of 0 is asked about in vain (`tcp_probe_timer`, net/ipv4/tcp_timer.c). */
export const WINDOW_PROBES = 15;
/** The same for a socket that its process has closed (`tcp_orphan_retries`). */
export const WINDOW_PROBES_ORPHAN = 8;
