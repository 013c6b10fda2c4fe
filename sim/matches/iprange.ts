import { allOf } from "../extension/all-of.ts";
import { comparesAddresses } from "../extension/comparisons.ts";
import { defineMatch, type Test } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { formatAddress } from "../packet/address.ts";
import type { Address } from "../packet/packet.ts";

interface AddressRange {
	readonly min: Address;
	readonly max: Address;
	readonly inverted: boolean;
}

interface Options {
	readonly source: AddressRange | null;
	readonly destination: AddressRange | null;
}

/** Addresses from one to another (iptables 1.8.9 libxt_iprange.c, kernel 6.1 xt_iprange.c, revision 1). */
export const iprange = defineMatch<Options>({
	name: "iprange",
	options: [
		{ name: "src-range", type: "string", invertible: true },
		{ name: "dst-range", type: "string", invertible: true },
	],
	build(given) {
		const source = addressRange(given, "src-range");
		const destination = addressRange(given, "dst-range");
		if (!source && !destination)
			return given.refuse(
				"iprange match: You must specify `--src-range' or `--dst-range'",
				"Write the addresses: `--src-range 10.0.0.10-10.0.0.20`.",
			);
		return { source, destination };
	},
	print: ({ source, destination }) =>
		printRange("src-range", source) + printRange("dst-range", destination),
	readsHeadersAlone: true,
	compares: ({ source, destination }) => [
		...(source ? comparesAddresses("source", source) : []),
		...(destination ? comparesAddresses("destination", destination) : []),
	],
	comparesAll: () => true,
	compile({ source, destination }) {
		const tests: Test[] = [];
		if (source) {
			const { inverted } = source;
			const min = source.min >>> 0;
			const max = source.max >>> 0;
			tests.push((skb) => {
				const address = skb.source >>> 0;
				return (address >= min && address <= max) !== inverted;
			});
		}
		if (destination) {
			const { inverted } = destination;
			const min = destination.min >>> 0;
			const max = destination.max >>> 0;
			tests.push((skb) => {
				const address = skb.destination >>> 0;
				return (address >= min && address <= max) !== inverted;
			});
		}
		return allOf(tests);
	},
});

/** Ends the wrong way round are accepted (with a warning), and match nothing. */
function addressRange(
	given: GivenOptions,
	option: string,
): AddressRange | null {
	const range = given.get(option, "string");
	if (!range) return null;
	const read = (text: string): Address =>
		numericAddress(text) ??
		given.refuse(
			`iprange: Bad value for "--${option}" option: "${text}"`,
			"Write two addresses with a dash between them.",
			option,
		);
	const dash = range.text.indexOf("-");
	const min = read(dash < 0 ? range.text : range.text.slice(0, dash));
	const max = dash < 0 ? min : read(range.text.slice(dash + 1));
	return { min, max, inverted: range.inverted };
}

/** One to four numbers, the missing ones being 0 (`xtables_numeric_to_ipaddr`, iptables 1.8.9). */
function numericAddress(text: string): Address | null {
	const octets = text.split(".").map((part) => readUnsigned(part, 0, 255));
	if (octets.length > 4 || octets.some((octet) => octet < 0)) return null;
	const [first = 0, second = 0, third = 0, fourth = 0] = octets;
	return (first << 24) | (second << 16) | (third << 8) | fourth;
}

function printRange(option: string, range: AddressRange | null): string {
	if (!range) return "";
	const { min, max, inverted } = range;
	return `${inverted ? " !" : ""} --${option} ${formatAddress(min)}-${formatAddress(max)}`;
}
