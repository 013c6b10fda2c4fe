/** A signed 32-bit value as the kernel prints it: `0x1`, `0xffffffff`. */
export function hex32(value: number): string {
	return `0x${(value >>> 0).toString(16)}`;
}
