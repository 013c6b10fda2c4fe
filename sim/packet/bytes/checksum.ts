/**
 * The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of all 16-bit
 * words. Over octets that contain their own right checksum it is 0.
 * @param start sum of words that belong in front (a pseudo header)
 */
export function internetChecksum(bytes: Uint8Array, start = 0): number {
	let sum = start;
	const even = bytes.length & ~1;
	for (let index = 0; index < even; index += 2)
		sum += ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
	if (even !== bytes.length) sum += (bytes[even] as number) << 8;
	while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
	return ~sum & 0xffff;
}

/**
 * A checksum after a change of a word, of 16 or 32 bits (`csum_replace4`): of the two zeros of one's complement, 0 is the one that comes out.
 */
export function replaced(sum: number, from: number, to: number): number {
	const halves = (word: number) => (word >>> 16) + (word & 0xffff);
	const total = 0xffff - sum + halves(to) + 2 * 0xffff - halves(from);
	return 0xffff - (total % 0xffff || 0xffff);
}
