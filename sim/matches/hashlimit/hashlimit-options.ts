import type { GivenOption, GivenOptions } from "../../extension/options.ts";
import { FLOATING_POINT_EXCEPTION } from "../../extension/refusal.ts";
import { cutOctets } from "../../extension/values/octets.ts";
import { readPrefixLength } from "../../extension/values/read-host.ts";
import { scanUnsigned } from "../../extension/values/read-number.ts";
import { leadingInteger } from "../shared/leading-number.ts";
import { readRate } from "../shared/rate.ts";
import type { HashlimitOptions } from "./hashlimit-key.ts";
import { bytesPerSecond, RATE_SCALE } from "./hashlimit-table.ts";

/** Reads the options of `-m hashlimit` (iptables 1.8.9 libxt_hashlimit.c, revision 3). */

const DEFAULT_BURST = 5;
const GREATEST_BURST = 1_000_000;
export const DEFAULT_GC_INTERVAL_MS = 1000;
/** HASHLIMIT_MAX_SIZE (xt_hashlimit.c, 6.1). */
const GREATEST_SIZE = 1_048_576;
/** The name's field, less the closing NUL. */
const GREATEST_NAME = 254;

/** Seconds until an idle address is forgotten when octets are counted, without and with a burst. */
export const BYTES_EXPIRE_SECONDS = 15;
export const BYTES_BURST_EXPIRE_SECONDS = 60;

const PARTS = ["srcip", "srcport", "dstip", "dstport"] as const;

const FACTORS: Readonly<Record<string, number>> = { k: 1024, m: 1024 * 1024 };
const factorOf = (letter: string): number => FACTORS[letter] ?? 1;

interface Average {
	readonly bytes: boolean;
	readonly average: number;
	/** Seconds after which an idle address is forgotten. */
	readonly unitSeconds: number;
}

/** Builds the options, or refuses them in iptables' words. */
export function readHashlimit(given: GivenOptions): HashlimitOptions {
	const upTo = given.get("hashlimit-upto", "string");
	const above = given.get("hashlimit-above", "string");
	const limit = upTo ?? above;
	const option = upTo ? "hashlimit-upto" : "hashlimit-above";
	const by = readMode(given);
	const interval = readInterval(given);
	const written = readBurst(given);
	if (limit === undefined) return refuseNoLimit(given);
	const rate =
		readBytes(given, option, limit.text) ??
		readPackets(given, option, limit.text);
	const burst = burstAt(given, rate, written);
	const rateMatch = given.has("hashlimit-rate-match");
	const unit = rate.bytes ? 1 : rate.unitSeconds;
	return {
		name: cutOctets(
			given.get("hashlimit-name", "string")?.text ?? "",
			GREATEST_NAME,
		),
		above: (above !== undefined) !== limit.inverted,
		bytes: rate.bytes,
		rateMatch,
		average: rateMatch ? Math.floor(rate.average / unit) : rate.average,
		burst,
		by,
		sourceMask: maskLength(given.get("hashlimit-srcmask", "prefixLength")),
		destinationMask: maskLength(given.get("hashlimit-dstmask", "prefixLength")),
		size: sizeOf(given, "hashlimit-htable-size"),
		max: sizeOf(given, "hashlimit-htable-max"),
		gcIntervalMs:
			given.get("hashlimit-htable-gcinterval", "uint32")?.value ??
			DEFAULT_GC_INTERVAL_MS,
		expireMs:
			given.get("hashlimit-htable-expire", "uint32")?.value ??
			expireSeconds(rate, burst) * 1000,
		intervalSeconds: interval || (rateMatch ? unit : 0),
	};
}

function expireSeconds(rate: Average, burst: number): number {
	return rate.bytes && burst > 0
		? BYTES_BURST_EXPIRE_SECONDS
		: rate.unitSeconds;
}

/** `512kb/s`; `null` when it is not of that form, and then it must be packets. */
function readBytes(
	given: GivenOptions,
	option: string,
	text: string,
): Average | null {
	const unit = text.indexOf("b/s");
	const count = leadingInteger(text);
	if (unit < 1 || count === 0n) return null;
	const bytes = BigInt.asUintN(
		64,
		count * BigInt(factorOf(text.charAt(unit - 1))),
	);
	const pieces = Number(BigInt.asUintN(32, bytes >> 4n));
	if (pieces === 0xffffffff)
		return given.refuse(
			"Floating point exception",
			"iptables itself ends here: take a lower rate.",
			option,
			FLOATING_POINT_EXCEPTION,
		);
	return {
		bytes: true,
		average: Math.floor(0xffffffff / (pieces + 1)),
		unitSeconds: BYTES_EXPIRE_SECONDS,
	};
}

function readPackets(
	given: GivenOptions,
	option: string,
	text: string,
): Average {
	const rate =
		readRate(text, RATE_SCALE, 64) ??
		given.refuse(
			`hashlimit: Bad value for "--${option}" option: "${text}"`,
			"Write packets per second, minute, hour or day (`5/min`), or octets (`512kb/s`).",
			option,
		);
	if (rate.period === 0)
		return given.refuse(
			`Rate too fast "${text}"`,
			`The greatest rate is ${RATE_SCALE}/sec.`,
			option,
		);
	return { bytes: false, average: rate.period, unitSeconds: rate.unitSeconds };
}

/** Of a use that has none, which asks for it before anything else. */
export function refuseNoLimit(given: GivenOptions): never {
	return given.refuse(
		"You have to specify --hashlimit",
		"Say how much is too much: `--hashlimit-above 10/sec`.",
	);
}

/** @returns packets or octets; `null` when it was not given */
function readBurst(given: GivenOptions): number | null {
	const option = given.get("hashlimit-burst", "string");
	if (!option) return null;
	const { text } = option;
	const { value: number, end } = scanUnsigned(text, 0);
	if (end < 0 || number < 1 || (end === text.length && number > GREATEST_BURST))
		return given.refuse(...BAD_BURST);
	return number * factorOf(text.charAt(end));
}

const BAD_BURST = [
	`bad value for option "--hashlimit-burst", or out of range (1-${GREATEST_BURST}).`,
	"Write a number of packets; or of octets (`64kb`) when those are counted.",
	"hashlimit-burst",
] as const;

/** What the burst comes to beside the rate (`hashlimit_mt_check`). */
function burstAt(
	given: GivenOptions,
	rate: Average,
	burst: number | null,
): number {
	if (burst === null) return rate.bytes ? 0 : DEFAULT_BURST;
	if (!rate.bytes)
		return burst > GREATEST_BURST ? given.refuseAtEnd(...BAD_BURST) : burst;
	const second = bytesPerSecond(rate.average);
	if (second === 0)
		return given.refuseAtEnd(
			"Floating point exception",
			"iptables itself ends here; take a rate of 16 octets or more.",
			"hashlimit-burst",
			FLOATING_POINT_EXCEPTION,
		);
	if (burst < second)
		return given.refuseAtEnd(
			`burst cannot be smaller than ${second}b`,
			"Let the burst be what comes in a second, or more.",
			"hashlimit-burst",
		);
	return Math.ceil(burst / second);
}

function readMode(given: GivenOptions): HashlimitOptions["by"] {
	const text = given.get("hashlimit-mode", "string")?.text ?? "";
	const words = text.split(/[,|]/).filter((word) => word !== "");
	if (words.some((word) => !PARTS.some((part) => part === word)))
		return given.refuse(
			`hashlimit: Bad value for "--hashlimit-mode" option: "${text}"`,
			`The modes are ${PARTS.join(", ")}.`,
			"hashlimit-mode",
		);
	return PARTS.filter((part) => words.includes(part));
}

/** The kernel writes into the rule what it makes of it. 0 when it was not given. */
function sizeOf(given: GivenOptions, option: string): number {
	return Math.min(given.get(option, "uint32")?.value ?? 0, GREATEST_SIZE);
}

/** 0 when it was not given. */
function readInterval(given: GivenOptions): number {
	const text = given.get("hashlimit-rate-interval", "string")?.text;
	if (text === undefined) return 0;
	const seconds = Number(BigInt.asIntN(32, leadingInteger(text)));
	return seconds > 0
		? seconds
		: given.refuse(
				`hashlimit: Bad value for "--hashlimit-rate-interval" option: "${text}"`,
				"Write a number of seconds, 1 or more.",
				"hashlimit-rate-interval",
			);
}

/** The kernel is told the length itself, `NO_LENGTH` among it. */
function maskLength(option: GivenOption<"prefixLength"> | undefined): number {
	return (option && readPrefixLength(option.text)) ?? 32;
}
