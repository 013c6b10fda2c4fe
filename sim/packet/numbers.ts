/** A signed 32-bit value as the kernel prints it: `0x1`, `0xffffffff`. */
export function hex32(value: number): string {
	return `0x${(value >>> 0).toString(16)}`;
}

/** An octet as the kernel prints it: `0x08`, `0xff`. */
export function hex8(value: number): string {
	return `0x${value.toString(16).padStart(2, "0")}`;
}

/** Its four octets the other way round, signed: a field of a header as a little-endian processor reads it. */
export function swap32(value: number): number {
	return (
		(value << 24) |
		((value << 8) & 0xff0000) |
		((value >>> 8) & 0xff00) |
		(value >>> 24)
	);
}
