/** Hardware addresses as the libraries of xtables-addons 3.23 read them (mac.c). */
import type { GivenOptions, OptionEntry } from "../options.ts";
import { readUnsigned } from "./read-number.ts";

/** Of a mask, in bits. */
const GREATEST_MASK = 48;
const OCTET = /^[ \t-\r]*[+-]?(?:0x)?([\da-f]+)$/i;

/**
 * Six octets, which may have a mask behind them, of which the library makes no use.
 * @param extension as its library names it
 * @returns octets in capitals with colons between them; "" where the option was not given
 */
export function hardwareAddress(
	given: GivenOptions,
	extension: string,
	{ name }: OptionEntry,
): string {
	let address = "";
	for (const [index, { text, inverted }] of given
		.all(name, "string")
		.entries()) {
		if (index > 0)
			return given.refuse(
				`${extension}: "--${name}" option may only be specified once`,
				"Take one of the two away.",
				name,
			);
		if (inverted)
			return given.refuse(
				`${extension}: "--${name}" option cannot be inverted`,
				"Take the `!` away.",
				name,
			);
		const read = readAddress(text);
		if (read === null)
			return given.refuse(
				`${extension}: Bad value for "--${name}" option: "${text}"`,
				"Write six hexadecimal octets: `02:00:0a:00:00:0a`.",
				name,
			);
		address = read;
	}
	return address;
}

function readAddress(text: string): string | null {
	const [octets = "", mask, ...more] = text.split("/");
	if (more.length > 0) return null;
	if (mask !== undefined && readUnsigned(mask, 0, GREATEST_MASK) < 0)
		return null;
	const values = octets.split(":").map(readOctet);
	if (values.length !== 6 || values.includes(null)) return null;
	return values.join(":");
}

/** `strtoul`; two digits in capitals. */
function readOctet(word: string): string | null {
	const [, digits] = OCTET.exec(word) ?? [];
	if (digits === undefined) return null;
	const value = Number.parseInt(digits, 16);
	if (value > 255 || (value > 0 && word.includes("-"))) return null;
	return value.toString(16).toUpperCase().padStart(2, "0");
}
