import { defineMatch } from "../../extension/extension.ts";
import { ERANGE, refusedName } from "../../extension/kernel-refusal.ts";
import { isProcName } from "../../extension/values/names.ts";
import { printRate } from "../shared/rate.ts";
import type { HashlimitOptions } from "./hashlimit-key.ts";
import {
	BYTES_BURST_EXPIRE_SECONDS,
	BYTES_EXPIRE_SECONDS,
	DEFAULT_GC_INTERVAL_MS,
	readHashlimit,
	refuseNoLimit,
} from "./hashlimit-options.ts";
import {
	byteCredits,
	bytesPerSecond,
	HashlimitTable,
	packetCredits,
	RATE_SCALE,
} from "./hashlimit-table.ts";

/** A limit for each address, port or pair of them (iptables 1.8.9 libxt_hashlimit.c, kernel 6.1 xt_hashlimit.c, revision 3). */
export const hashlimit = defineMatch<HashlimitOptions>({
	name: "hashlimit",
	flagCodes: { "hashlimit-rate-match": 12 },
	stateful: true,
	options: [
		{
			name: "hashlimit-upto",
			type: "string",
			invertible: true,
			excludes: ["hashlimit-above"],
		},
		{
			name: "hashlimit-above",
			type: "string",
			invertible: true,
			excludes: ["hashlimit-upto"],
		},
		{
			name: "hashlimit",
			type: "string",
			invertible: true,
			sameAs: "hashlimit-upto",
		},
		{ name: "hashlimit-srcmask", type: "prefixLength" },
		{ name: "hashlimit-dstmask", type: "prefixLength" },
		{ name: "hashlimit-burst", type: "string" },
		{ name: "hashlimit-htable-size", type: "uint32" },
		{ name: "hashlimit-htable-max", type: "uint32" },
		{ name: "hashlimit-htable-gcinterval", type: "uint32" },
		{ name: "hashlimit-htable-expire", type: "uint32" },
		{ name: "hashlimit-mode", type: "string" },
		{ name: "hashlimit-name", type: "string", mandatory: true, minLength: 1 },
		{ name: "hashlimit-rate-match", type: "none" },
		{ name: "hashlimit-rate-interval", type: "string" },
	],
	checkFirst(given) {
		if (!given.has("hashlimit-upto") && !given.has("hashlimit-above"))
			refuseNoLimit(given);
	},
	build: readHashlimit,
	print(options) {
		const { text, expireMs } = options.bytes
			? printBytes(options)
			: printPackets(options);
		const number = (name: string, value: number, unless: number) =>
			value === unless ? "" : ` --hashlimit-${name} ${value}`;
		return [
			` --hashlimit-${options.above ? "above" : "upto"}${text}`,
			options.by.length > 0 ? ` --hashlimit-mode ${options.by.join(",")}` : "",
			` --hashlimit-name ${options.name}`,
			number("htable-size", options.size, 0),
			number("htable-max", options.max, 0),
			number("htable-gcinterval", options.gcIntervalMs, DEFAULT_GC_INTERVAL_MS),
			number("htable-expire", options.expireMs, expireMs),
			number("srcmask", options.sourceMask, 32),
			number("dstmask", options.destinationMask, 32),
			options.rateMatch ? " --hashlimit-rate-match" : "",
			options.rateMatch
				? number("rate-interval", options.intervalSeconds, 1)
				: "",
		].join("");
	},
	/** `hashlimit_mt_check_common`. dmesg has no words for the first three. */
	check(options) {
		const { name, average, burst } = options;
		if (!isProcName(name))
			return refusedName(`xt_hashlimit: bad name "${name}"`);
		if (options.gcIntervalMs === 0 || options.expireMs === 0)
			return "xt_hashlimit: an interval of 0 ms";
		if (options.sourceMask > 32 || options.destinationMask > 32)
			return "xt_hashlimit: a mask that is no prefix";
		if (options.rateMatch)
			return average === 0 || average > 0xffffffff
				? { error: ERANGE, reason: "xt_hashlimit: invalid rate" }
				: null;
		if (options.bytes)
			return byteCredits(average) === 0
				? `xt_hashlimit: overflow, rate too high: ${average}`
				: null;
		const period = BigInt(average);
		const full = packetCredits(period * BigInt(burst));
		return burst === 0 || full < packetCredits(period)
			? {
					error: ERANGE,
					reason: `xt_hashlimit: overflow, try lower: ${average}/${burst}`,
				}
			: null;
	},
	/** The rest of `hashlimit_mt_check_common`. */
	shares: ({ name, rateMatch }, { hashlimitNames }) => ({
		name,
		as: rateMatch && hashlimitNames === "of one kind" ? "rate" : "bucket",
		otherwise: `xt_hashlimit: "${name}" is there ${rateMatch ? "without" : "with"} --hashlimit-rate-match`,
	}),
	question: () => ({ kind: "open", on: "the rate of packets" }),
	actsAtLoad: true,
	compile(options, ports) {
		const table = ports.named(
			"hashlimit",
			options.name,
			() => new HashlimitTable(options, ports.loadedMs, ports.behaviour),
		);
		const { above } = options;
		return (skb) => {
			const below = table.takes(skb, options, ports.nowMs());
			if (below === null) {
				skb.hotdrop = true;
				return false;
			}
			return below !== above;
		};
	},
});

interface PrintedRate {
	readonly text: string;
	/** An expiry that need not be printed beside this rate. */
	readonly expireMs: number;
}

function printPackets({ average, burst }: HashlimitOptions): PrintedRate {
	const { text, unitSeconds } = printRate(average, RATE_SCALE);
	return {
		text: ` ${text} --hashlimit-burst ${burst}`,
		expireMs: unitSeconds * 1000,
	};
}

const UNITS: readonly (readonly [letter: string, octets: number])[] = [
	["m", 1024 * 1024],
	["k", 1024],
	["", 1],
];

function printBytes({ average, burst }: HashlimitOptions): PrintedRate {
	const rate = bytesPerSecond(average);
	// What is rounded off there is cut to 32 bits as well: the mask is an unsigned int.
	const low = rate % 2 ** 32;
	const isExact = (octets: number) =>
		rate >= octets &&
		Math.floor(0xffffffff / (Math.floor((low - (low % octets)) / 16) + 1)) ===
			average;
	const [letter, octets] = UNITS.find(([, size]) => isExact(size)) ?? ["", 1];
	const text = ` ${Math.floor(rate / octets)}${letter}b/s`;
	if (burst === 0) return { text, expireMs: BYTES_EXPIRE_SECONDS * 1000 };
	const total = rate * burst;
	const [mark, size] = UNITS.find(([, least]) => total >= least) ?? ["", 1];
	return {
		text: `${text} --hashlimit-burst ${Math.floor(total / size)}${mark}b`,
		expireMs: BYTES_BURST_EXPIRE_SECONDS * 1000,
	};
}
