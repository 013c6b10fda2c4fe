import type { AddressRange } from "../contract/countries.ts";
import { defineMatch } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	readCodes,
	type SideUse,
	usesOfSides,
} from "./shared/codes-of-side.ts";

interface Options {
	readonly side: "source" | "destination";
	readonly inverted: boolean;
	/** Codes with capitals, each once. */
	readonly countries: readonly string[];
}

/** XT_GEOIP_MAX */
const MOST_COUNTRIES = 15;

const OPTIONS = [
	olderOption("src-cc"),
	olderOption("source-country", "src-cc"),
	olderOption("dst-cc"),
	olderOption("destination-country", "dst-cc"),
];

/**
 * The country of an address (xtables-addons 3.23: libxt_geoip.c, xt_geoip.c). iptables reads its ranges from
 * /usr/share/xt_geoip/CODE.iv4: of countries that the gateway was not given the model does not know them.
 */
export const geoip = defineMatch<Options>({
	name: "geoip",
	library: { package: "xtables-addons" },
	options: OPTIONS,
	checkFirst(given) {
		if (!given.has("src-cc") && !given.has("dst-cc"))
			given.refuse(
				"geoip: missing arguments",
				"Name countries: `--source-country DE,FR`.",
			);
	},
	build(given) {
		const [first, second] = usesOfSides(given, ["src-cc", "dst-cc"]);
		if (second !== undefined)
			return given.refuse(
				"geoip: Only exactly one of --source-country or --destination-country must be specified!",
				"Write a second `-m geoip` for the other one.",
				second.option,
			);
		return {
			side: first?.option === "dst-cc" ? "destination" : "source",
			inverted: first?.use.inverted ?? false,
			countries: first === undefined ? [] : readCountries(given, first),
		};
	},
	// The blank at the end is the library's own.
	print: ({ side, inverted, countries }) =>
		`${inverted ? " !" : ""} --${side}-country ${countries.join(",")} `,
	needs: ({ countries }) =>
		countries.map((name) => ({ kind: "country", name })),
	hasOneAnswer: "packet",
	question: ({ countries }, host) => ({
		kind: "open",
		on: `the addresses of ${countries.join(", ")}`,
		isUnknown: !countries.every((code) => host?.rangesOf(code)),
	}),
	answers: ({ countries }, { rangesOf }) =>
		countries.every((code) => rangesOf(code) !== null),
	lookups: ({ side, inverted, countries: codes }) => [
		{ list: "countries", how: "asks", codes, side, inverted },
	],
	/** `xt_geoip_mt4` */
	compile({ side, inverted, countries }, ports) {
		const known = countries.flatMap((code) => {
			const ranges = ports.rangesOf(code);
			return ranges === null ? [] : [ranges];
		});
		const unknown = countries.filter((code) => ports.rangesOf(code) === null);
		return (skb) => {
			const address = (side === "source" ? skb.source : skb.destination) >>> 0;
			if (known.some((ranges) => isWithin(ranges, address))) return !inverted;
			if (unknown.length > 0)
				return ports.unknown(
					`the addresses of ${unknown.join(", ")} are not known`,
				);
			return inverted;
		};
	},
});

/** `parse_geoip_cc`, `check_geoip_cc` */
function readCountries(given: GivenOptions, side: SideUse): readonly string[] {
	return readCodes(given, side, {
		most: MOST_COUNTRIES,
		tooMany: "geoip: too many countries specified",
		read: (code) =>
			/^[A-Za-z0-9]{2}$/.test(code)
				? code.toUpperCase()
				: given.refuse(
						`geoip: invalid country code '${code}'`,
						"A code is two letters or digits: DE.",
						side.option,
					),
	});
}

/** Ranges ascend. */
function isWithin(ranges: readonly AddressRange[], address: number): boolean {
	let low = 0;
	let high = ranges.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		const [least, greatest] = ranges[middle] as AddressRange;
		if (least > address) high = middle;
		else if (greatest < address) low = middle + 1;
		else return true;
	}
	return false;
}
