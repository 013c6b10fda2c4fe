/** Answers of a protocol's tracker besides NF_ACCEPT and NF_DROP: the kernel's negated verdicts. */

/** The packet belongs to no connection; it goes on without an entry. */
export const TRACK_INVALID = -1;
/** The entry is gone; look the packet up again (`-NF_REPEAT`). */
export const TRACK_REPEAT = -4;
