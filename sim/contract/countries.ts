/** Addresses of countries, as `-m geoip` asks for them. */
import {
	formatAddress,
	parseAddress,
	parsePrefixed,
} from "../packet/address.ts";

/** Of both ends, unsigned. */
export type AddressRange = readonly [least: number, greatest: number];

/** By a code of two letters or digits: ranges of addresses, `192.0.2.0/24`, `192.0.2.1-192.0.2.9` or one address. */
export type Countries = Readonly<Record<string, readonly string[]>>;

/** As an option of geoip names a country: the library writes it with capitals. */
export const COUNTRY_CODE = /^[A-Z0-9]{2}$/;

/** One of the ranges of a country; `null` when the text is none. */
export function readRange(text: string): AddressRange | null {
	const [first = "", second, ...more] = text.split("-");
	if (more.length > 0) return null;
	if (second !== undefined)
		return rangeOf(parseAddress(first), parseAddress(second));
	if (!text.includes("/"))
		return rangeOf(parseAddress(text), parseAddress(text));
	const network = parsePrefixed(text);
	if (network === null) return null;
	const { address, length, mask } = network;
	if (!Number.isInteger(length) || length < 0 || length > 32) return null;
	return rangeOf(address & mask, address | ~mask);
}

function rangeOf(
	least: number | null,
	greatest: number | null,
): AddressRange | null {
	if (least === null || greatest === null) return null;
	const range = [least >>> 0, greatest >>> 0] as const;
	return range[0] <= range[1] ? range : null;
}

/** The same as a text: `192.0.2.1-192.0.2.9`. */
export function printRange([least, greatest]: AddressRange): string {
	return `${formatAddress(least | 0)}-${formatAddress(greatest | 0)}`;
}

/**
 * What is wrong with them, and where: codes and ranges have their form, and the ranges of a country ascend
 * without overlapping, as those of its file do, which the kernel halves until it finds one.
 */
export function faultOfCountries(
	countries: Countries,
): { readonly path: string; readonly message: string } | null {
	for (const [code, ranges] of Object.entries(countries)) {
		if (!COUNTRY_CODE.test(code))
			return {
				path: code,
				message: `"${code}" is no code of a country: two capital letters or digits`,
			};
		let before = -1;
		for (const [index, text] of ranges.entries()) {
			const path = `${code}[${index}]`;
			const range = readRange(text);
			if (range === null)
				return {
					path,
					message: `"${text}" is no range of addresses: write 192.0.2.0/24 or 192.0.2.1-192.0.2.9`,
				};
			if (range[0] <= before)
				return {
					path,
					message: `"${text}" begins before the range in front of it ends: ranges ascend`,
				};
			before = range[1];
		}
	}
	return null;
}
