import { defineMatch } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import type { GivenOptions } from "../extension/options.ts";
import {
	ESTIMATOR,
	type Rate,
	RateEstimator,
} from "../extension/rate-estimator.ts";
import { cutOctets } from "../extension/values/octets.ts";
import { scanDouble, toUint32 } from "../extension/values/read-double.ts";
import { readUnsigned } from "../extension/values/read-number.ts";

interface Options {
	readonly first: string;
	/** "" where the first is compared with numbers. */
	readonly second: string;
	readonly relative: boolean;
	readonly delta: boolean;
	readonly bytes: boolean;
	readonly packets: boolean;
	readonly mode: "lt" | "gt" | "eq" | null;
	readonly inverted: boolean;
	/** What is asked of either. */
	readonly values: readonly [Rate, Rate];
}

/** IFNAMSIZ, less the closing NUL. */
const NAME_LENGTH = 15;
const MODES = ["lt", "gt", "eq"] as const;

/** Bits per second of each unit, by its name in lower case. */
const UNITS: ReadonlyMap<string, number> = new Map([
	["bit", 1],
	["kibit", 1024],
	["kbit", 1e3],
	["mibit", 1024 ** 2],
	["mbit", 1e6],
	["gibit", 1024 ** 3],
	["gbit", 1e9],
	["tibit", 1024 ** 4],
	["tbit", 1e12],
	["bps", 8],
	["kibps", 8 * 1024],
	["kbps", 8e3],
	["mibps", 8 * 1024 ** 2],
	["mbps", 8e6],
	["gibps", 8 * 1024 ** 3],
	["gbps", 8e9],
	["tibps", 8 * 1024 ** 4],
	["tbps", 8e12],
]);

const named = (name: string, sameAs?: string) => ({
	name,
	type: "string" as const,
	repeatable: true,
	invertible: true,
	...(sameAs === undefined ? {} : { sameAs }),
});
const valued = (name: string, sameAs?: string) => ({
	...named(name, sameAs),
	words: "optional" as const,
});
const flag = (name: string) => ({
	name,
	type: "none" as const,
	repeatable: true,
	invertible: true,
});

/** Compares rates that `-j RATEEST` estimates (iptables 1.8.9 libxt_rateest.c, kernel 6.1 xt_rateest.c). */
export const rateest = defineMatch<Options>({
	name: "rateest",
	flagCodes: {
		"rateest-bps1": 2,
		"rateest-pps1": 3,
		"rateest-bps2": 4,
		"rateest-pps2": 5,
		"rateest-bps": 4,
		"rateest-pps": 5,
		"rateest-delta": 6,
		"rateest-lt": 7,
		"rateest-gt": 8,
		"rateest-eq": 9,
	},
	options: [
		named("rateest1"),
		named("rateest", "rateest1"),
		named("rateest2"),
		valued("rateest-bps1"),
		valued("rateest-pps1"),
		valued("rateest-bps2"),
		valued("rateest-pps2"),
		valued("rateest-bps", "rateest-bps2"),
		valued("rateest-pps", "rateest-pps2"),
		flag("rateest-delta"),
		flag("rateest-lt"),
		flag("rateest-gt"),
		flag("rateest-eq"),
	],
	build(given) {
		for (const name of ["rateest1", "rateest2"]) once(given, name, "rateest");
		const values = [1, 2].map((number) => ({
			bytes: rate(given, `rateest-bps${number}`),
			packets: packets(given, `rateest-pps${number}`),
		}));
		once(given, "rateest-delta", "rateest-delta");
		const second = given.get("rateest2", "string");
		return {
			first: nameOf(given, "rateest1"),
			second: nameOf(given, "rateest2"),
			relative: second !== undefined,
			delta: given.has("rateest-delta"),
			bytes: given.has("rateest-bps1") || given.has("rateest-bps2"),
			packets: given.has("rateest-pps1") || given.has("rateest-pps2"),
			...modeOf(given),
			values: values as unknown as Options["values"],
		};
	},
	print(options) {
		const { first, second, relative, delta, bytes, packets } = options;
		return [
			delta ? " --rateest-delta" : "",
			` --rateest${relative ? "1" : ""} ${first}`,
			bytes
				? printRates(options, "bps", ({ bytes }) => bitsPerSecond(bytes))
				: "",
			packets ? printRates(options, "pps", ({ packets }) => `${packets}`) : "",
			relative ? ` --rateest2 ${second}` : "",
		].join("");
	},
	check({ bytes, packets, mode }) {
		return mode === null || !(bytes || packets)
			? "xt_rateest: it takes one of lt, gt and eq, and one of bps and pps"
			: null;
	},
	joins: ({ first, second, relative }) => ({
		target: "RATEEST",
		names: relative ? [first, second] : [first],
		otherwise: "xt_rateest: there is no estimator of this name",
	}),
	question: () => ({ kind: "open", on: "the rates that -j RATEEST estimates" }),
	actsAtLoad: true,
	hasTimer: true,
	/** `xt_rateest_mt` */
	compile(options, ports) {
		const { first, second, relative, values, inverted } = options;
		const one = estimatorNamed(first, ports);
		const other = relative ? estimatorNamed(second, ports) : null;
		const compared = comparisonOf(options);
		return () => {
			const now = ports.nowMs();
			const ones = one.rates(now);
			const others = other === null ? [values[1]] : other.rates(now);
			if (ones === null || others === null)
				return ports.unknown("what the rate is by now");
			const holds = ones.flatMap((left) =>
				others.map((right) => compared(left, right)),
			);
			const [answer = false] = holds;
			if (holds.some((one) => one !== answer))
				return ports.unknown("whether the estimator's timer has just run");
			return answer !== inverted;
		};
	},
});

/** Its rules are loaded where -j RATEEST has made the estimator alone. */
function estimatorNamed(name: string, ports: ExtensionHost): RateEstimator {
	return ports.named(
		ESTIMATOR,
		name,
		() => new RateEstimator({ interval: 0, weightLog: 1 }, ports.loadedMs),
	);
}

type Compare = (one: Rate, other: Rate) => boolean;

const COMPARISONS = {
	lt: (one: number, other: number) => one < other,
	gt: (one: number, other: number) => one > other,
	eq: (one: number, other: number) => one === other,
} as const;

/** Compares what the first estimator says with what the second one does, or with the rule's own numbers. */
function comparisonOf(options: Options): Compare {
	const { mode, delta, relative, bytes, packets, values } = options;
	const compare = COMPARISONS[mode ?? "eq"];
	const first = delta ? lessThan(values[0]) : asItIs;
	const second = delta && relative ? lessThan(values[1]) : asItIs;
	return (one, other) => {
		const left = first(one);
		const right = second(other);
		return (
			(!bytes || compare(left.bytes, right.bytes)) &&
			(!packets || compare(left.packets, right.packets))
		);
	};
}

function asItIs(rate: Rate): Rate {
	return rate;
}

/** By how much a rate is below this one. */
function lessThan(most: Rate): (rate: Rate) => Rate {
	return (rate) => ({
		bytes: Math.max(0, most.bytes - rate.bytes),
		packets: Math.max(0, most.packets - rate.packets),
	});
}

/** @param spoken how the words call the option */
function once(given: GivenOptions, option: string, spoken: string): void {
	const uses = given.all(option, "string");
	if (uses.some(({ inverted }) => inverted))
		given.refuse(
			`rateest: ${spoken} can't be inverted`,
			"Take the `!` away.",
			option,
		);
	if (uses.length > 1)
		given.refuse(
			`rateest: can't specify --${option} twice`,
			"Take one of the two away.",
			option,
		);
}

function nameOf(given: GivenOptions, option: string): string {
	return cutOctets(given.get(option, "string")?.text ?? "", NAME_LENGTH);
}

function rate(given: GivenOptions, option: string): number {
	once(given, option, "rateest-bps");
	const rate = given.get(option, "string");
	if (rate === undefined || rate.isBare) return 0;
	return (
		readBytesPerSecond(rate.text) ??
		given.refuse(
			`rateest: could not parse rate \`${rate.text}'`,
			"Write a number, or one with its unit: `1000`, `5kbit`, `2MBps`.",
			option,
		)
	);
}

function packets(given: GivenOptions, option: string): number {
	once(given, option, "rateest-pps");
	const rate = given.get(option, "string");
	if (rate === undefined || rate.isBare) return 0;
	const value = readUnsigned(rate.text, 0, 0xffffffff);
	if (value >= 0) return value;
	return given.refuse(
		`rateest: could not parse pps \`${rate.text}'`,
		"Write a number of packets per second.",
		option,
	);
}

function modeOf(given: GivenOptions): Pick<Options, "mode" | "inverted"> {
	const uses = MODES.flatMap((mode) =>
		given.all(`rateest-${mode}`, "none").map(({ inverted, word }) => ({
			mode,
			inverted,
			word,
		})),
	).sort((one, other) => one.word - other.word);
	for (const mode of MODES)
		if (given.all(`rateest-${mode}`, "none").length > 1)
			given.refuse(
				"rateest: can't specify lt/gt/eq twice",
				"Take one of the two away.",
				`rateest-${mode}`,
			);
	return {
		mode: uses.at(-1)?.mode ?? null,
		inverted: uses.some(({ inverted }) => inverted),
	};
}

function printRates(
	{ delta, relative, mode, inverted, values }: Options,
	unit: "bps" | "pps",
	print: (asked: Rate) => string,
): string {
	const not = inverted ? " !" : "";
	const second = ` ${print(values[1])}`;
	if (delta)
		return ` --rateest-${unit}1 ${print(values[0])}${not} --rateest-${mode} --rateest-${unit}2${second}`;
	return `${not} --rateest-${mode} --rateest-${unit}${relative ? "" : second}`;
}

/** `rateest_print_rate`. */
function bitsPerSecond(bytes: number): string {
	const bits = bytes * 8;
	if (bits >= 1e9) return `${halfToEven(bits / 1e6)}Mbit`;
	if (bits >= 1e6) return `${halfToEven(bits / 1e3)}Kbit`;
	return `${bits}bit`;
}

/** `%.0f`. */
function halfToEven(value: number): number {
	const down = Math.floor(value);
	if (value - down !== 0.5) return Math.round(value);
	return down % 2 === 0 ? down : down + 1;
}

/**
 * Octets per second, in 32 bits; a number without a unit is bits (`rateest_get_rate`, iptables 1.8.9).
 * `null` when it is no rate.
 */
function readBytesPerSecond(text: string): number | null {
	const { value, end } = scanDouble(text);
	if (end === 0) return null;
	const unit = text.slice(end);
	const scale = unit === "" ? 1 : UNITS.get(unit.toLowerCase());
	return scale === undefined ? null : toUint32((value * scale) / 8);
}
