/** XT_STRING_MAX_PATTERN_SIZE (include/uapi/linux/netfilter/xt_string.h, 6.1). */
export const MOST_OCTETS = 128;

/** What the first octet of a character has in front of its bits, by how many octets follow. */
const LEAD_BYTES = [0, 0xc0, 0xe0, 0xf0];

/** The octets of a text in UTF-8, one character each. */
export function octetsOf(text: string): string {
	let octets = "";
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
		const lead = LEAD_BYTES[more] ?? 0;
		octets += String.fromCharCode(lead | (code >> (6 * more)));
		for (let rest = more - 1; rest >= 0; rest--)
			octets += String.fromCharCode(0x80 | ((code >> (6 * rest)) & 0x3f));
	}
	return octets;
}

/**
 * Reads text with octets in hexadecimal between bars: `GET|0d 0a|`. A backslash takes the next
 * character as it is (`parse_hex_string`, iptables 1.8.9 libxt_string.c).
 * @returns one character per octet
 */
export function readHexString(
	text: string,
	refuse: (message: string) => never,
): string {
	const source = octetsOf(text);
	if (source === "") return refuse("STRING must contain at least one char");
	let pattern = "";
	let inHex = false;
	let index = 0;
	while (index < source.length) {
		if (pattern.length >= MOST_OCTETS)
			return refuse(`STRING too long "${text}"`);
		if (source[index] === "\\") {
			if (inHex) return refuse("Cannot include literals in hex data");
			if (index + 1 >= source.length)
				return refuse("Bad literal placement at end of string");
			pattern += source[index + 1];
			index += 2;
			continue;
		}
		if (source[index] === "|") {
			inHex = !inHex;
			while (inHex && source[index + 1] === " ") index++;
			index++;
			if (index >= source.length) break;
		}
		if (!inHex) {
			pattern += source[index];
			index++;
			continue;
		}
		pattern += hexOctet(source, index, refuse);
		index += source[index + 2] === " " ? 3 : 2;
	}
	return pattern;
}

/** Two digits, behind which the block must go on or end. */
function hexOctet(
	source: string,
	index: number,
	refuse: (message: string) => never,
): string {
	if (index + 1 >= source.length) return refuse("Odd number of hex digits");
	if (index + 2 >= source.length) return refuse("Invalid hex block");
	for (const digit of source.slice(index, index + 2))
		if (!/[0-9a-fA-F]/.test(digit)) refuse(`Invalid hex char '${digit}'`);
	return String.fromCharCode(
		Number.parseInt(source.slice(index, index + 2), 16),
	);
}
