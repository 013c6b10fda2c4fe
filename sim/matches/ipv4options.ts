import { defineMatch } from "../extension/extension.ts";
import {
	notInverted,
	olderFlag,
	olderOption,
} from "../extension/options/older-options.ts";
import type { GivenOptions } from "../extension/options.ts";
import { readUnsigned } from "../extension/values/read-number.ts";

interface Options {
	/** One bit for each number of an option, unsigned. */
	readonly map: number;
	readonly inverted: number;
	readonly any: boolean;
}

const NUMBERS: ReadonlyMap<string, number> = new Map([
	["nop", 1],
	["security", 2],
	["lsrr", 3],
	["timestamp", 4],
	["record-route", 7],
	["ssrr", 9],
	["mtu-probe", 11],
	["mtu-reply", 12],
	["traceroute", 18],
	["router-alert", 20],
]);

/** Bits of the map, of which the lowest is never printed. */
const BITS = 32;
const GREATEST = 255;
/** Of a packet of the model: none has options. */
const NO_OPTIONS = 0;

const FLAGS = olderOption("flags");
const ANY = olderFlag("any");

/** Options of the IPv4 header (xtables-addons 3.23: libxt_ipv4options.c, xt_ipv4options.c). */
export const ipv4options = defineMatch<Options>({
	name: "ipv4options",
	flagCodes: { any: "a" },
	library: { package: "xtables-addons" },
	options: [FLAGS, ANY],
	build(given) {
		notInverted(given, "ipv4options", FLAGS);
		notInverted(given, "ipv4options", ANY);
		const uses = given.all(FLAGS.name, "string");
		const flags = uses.flatMap(({ text }) => readFlags(given, text));
		const bits = (some: typeof flags) =>
			some.reduce((sum, { bit }) => (sum | bit) >>> 0, 0);
		return {
			map: bits(flags),
			inverted: bits(flags.filter(({ inverted }) => inverted)),
			any: given.has(ANY.name),
		};
	},
	// The blank at the end is the library's own.
	print: ({ map, inverted, any }) =>
		[
			map === 0 ? "" : ` --flags ${printFlags(map, inverted)}`,
			any ? " --any" : "",
			" ",
		].join(""),
	/** `ipv4options_mt` */
	compile({ map, inverted, any }) {
		const found = ((NO_OPTIONS ^ inverted) & map) >>> 0;
		const matches = any ? found !== 0 : found === map;
		return () => matches;
	},
});

function readFlags(given: GivenOptions, text: string) {
	return text.split(",").map((word) => {
		const inverted = word.startsWith("!");
		const symbol = inverted ? word.slice(1) : word;
		const number = NUMBERS.get(symbol) ?? readUnsigned(symbol, 0, GREATEST);
		if (number < 0)
			return given.refuse(
				`ipv4options: Bad option value "${symbol}"`,
				`Write a number, or one of ${[...NUMBERS.keys()].join(", ")}.`,
				FLAGS.name,
			);
		if (number === 0)
			return given.refuse(
				"ipv4options: Option value may not be zero",
				"Write a number from 1 to 31.",
				FLAGS.name,
			);
		// What is out of range counts modulo 32, as the processor shifts.
		return { bit: (1 << number) >>> 0, inverted };
	});
}

function printFlags(map: number, inverted: number): string {
	let left = map;
	let text = "";
	for (let number = 1; number < BITS; number++) {
		const bit = (1 << number) >>> 0;
		if ((left & bit) === 0) continue;
		left = (left & ~bit) >>> 0;
		text += `${inverted & bit ? "!" : ""}${number}${left === 0 ? "" : ","}`;
	}
	return text;
}
