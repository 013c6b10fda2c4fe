/** strtod(3): decimal and hexadecimal numbers, infinity and NaN. */

const DECIMAL = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i;
const HEXADECIMAL =
	/^0x(?:([0-9a-f]+)(?:\.([0-9a-f]*))?|\.([0-9a-f]+))(?:p([+-]?\d+))?/i;

/** The number that a text begins with. `end` is the index behind it, 0 when there is none. */
export function scanDouble(text: string): {
	readonly value: number;
	readonly end: number;
} {
	const [lead = "", sign] = /^[ \t\n\v\f\r]*([+-]?)/.exec(text) ?? [];
	const rest = text.slice(lead.length);
	const found = scanMagnitude(rest);
	if (found === null) return { value: 0, end: 0 };
	return {
		value: sign === "-" ? -found.value : found.value,
		end: lead.length + found.length,
	};
}

function scanMagnitude(
	text: string,
): { readonly value: number; readonly length: number } | null {
	const [word] = /^(?:infinity|inf|nan(?:\(\w*\))?)/i.exec(text) ?? [];
	if (word !== undefined) {
		const isNan = word.toLowerCase().startsWith("nan");
		return {
			value: isNan ? Number.NaN : Number.POSITIVE_INFINITY,
			length: word.length,
		};
	}
	const [hexadecimal, whole = "", fraction = "", only = "", power = "0"] =
		HEXADECIMAL.exec(text) ?? [];
	if (hexadecimal !== undefined) {
		const digits = whole + fraction + only;
		const exponent = Number(power) - 4 * (fraction.length + only.length);
		return {
			value: Number.parseInt(digits, 16) * 2 ** exponent,
			length: hexadecimal.length,
		};
	}
	const [decimal] = DECIMAL.exec(text) ?? [];
	return decimal === undefined
		? null
		: { value: Number(decimal), length: decimal.length };
}

/** As x86-64 converts a double to 32 bits: through 64, and what has no place there comes to 0. */
export function toUint32(value: number): number {
	return Math.abs(value) < 2 ** 63
		? Number(BigInt.asUintN(32, BigInt(Math.trunc(value))))
		: 0;
}
