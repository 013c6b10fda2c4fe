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
