import type { AddressRange } from "../contract/countries.ts";
import { defineMatch } from "../extension/extension.ts";
import { olderOption } from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";

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
		const uses = (["src-cc", "dst-cc"] as const)
			.flatMap((option) =>
				given.all(option, "string").map((use) => ({ option, use })),
			)
			.sort((a, b) => a.use.word - b.use.word);
		const [first, second] = uses;
		if (second !== undefined)
			return given.refuse(
				"geoip: Only exactly one of --source-country or --destination-country must be specified!",
				"Write a second `-m geoip` for the other one.",
				second.option,
			);
		return {
			side: first?.option === "dst-cc" ? "destination" : "source",
			inverted: first?.use.inverted ?? false,
			countries:
				first === undefined
					? []
					: readCountries(given, first.option, first.use.text),
		};
	},
	// The blank at the end is the library's own.
	print: ({ side, inverted, countries }) =>
		`${inverted ? " !" : ""} --${side}-country ${countries.join(",")} `,
	needs: ({ countries }) =>
		countries.map((name) => ({ kind: "country", name })),
	question: ({ countries }, host) => ({
		kind: "open",
		on: `the addresses of ${countries.join(", ")}`,
		isUnknown: !countries.every((code) => host?.rangesOf(code)),
	}),
	// A walk that takes every way knows where its packet goes; who sends it stands for all clients.
	answers: ({ side, countries }, { rangesOf, decide }) =>
		countries.every((code) => rangesOf(code) !== null) &&
		(decide === undefined || side === "destination"),
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
function readCountries(
	given: GivenOptions,
	option: string,
	text: string,
): readonly string[] {
	const codes = text.split(",");
	const found: string[] = [];
	for (const code of codes.slice(0, MOST_COUNTRIES)) {
		if (!/^[A-Za-z0-9]{2}$/.test(code))
			return given.refuse(
				`geoip: invalid country code '${code}'`,
				"A code is two letters or digits: DE.",
				option,
			);
		const upper = code.toUpperCase();
		if (!found.includes(upper)) found.push(upper);
	}
	if (codes.length > MOST_COUNTRIES)
		return given.refuse(
			"geoip: too many countries specified",
			`A rule names at most ${MOST_COUNTRIES}; write a second one.`,
			option,
		);
	return found;
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
