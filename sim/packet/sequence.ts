/** Serial comparison of TCP sequence numbers, which wrap around (include/net/tcp.h, 6.1). */

/** Is `one` earlier than `other`? */
export function before(one: number, other: number): boolean {
	return ((one - other) | 0) < 0;
}

/** Is `one` later than `other`? */
export function after(one: number, other: number): boolean {
	return ((other - one) | 0) < 0;
}
