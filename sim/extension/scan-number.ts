/** Hexadecimal without digits is the number 0 that an `x` follows. */
const NUMBER =
	/[ \t\n\v\f\r]*\+?(?:0[xX](?<hex>[0-9a-fA-F]+)|(?<octal>0[0-7]*)|(?<decimal>[1-9][0-9]*))/y;

/**
 * Reads the number that `text` begins with at `from`, in the manner of C's `strtoul` with base 0
 * (`xtables_strtoul`, iptables 1.8.9 libxtables/xtables.c): blanks and a plus sign may lead, `0x` is
 * hexadecimal, a leading zero octal; a minus sign begins none.
 * @returns the value, and where the reading stopped; `null` when there is no number
 * @example scanNumber("0x10/7") // { value: 16, end: 4 }
 */
export function scanNumber(
	text: string,
	from = 0,
): { readonly value: number; readonly end: number } | null {
	NUMBER.lastIndex = from;
	const groups = NUMBER.exec(text)?.groups;
	if (!groups) return null;
	const { hex, octal, decimal } = groups;
	const end = NUMBER.lastIndex;
	if (hex !== undefined) return { value: Number.parseInt(hex, 16), end };
	if (octal !== undefined) return { value: Number.parseInt(octal, 8), end };
	return { value: Number(decimal), end };
}

/** A whole word that is a number from `min` to `max`, or `null`. */
export function readNumber(text: string, max: number, min = 0): number | null {
	const scanned = scanNumber(text);
	if (scanned?.end !== text.length) return null;
	return scanned.value >= min && scanned.value <= max ? scanned.value : null;
}
