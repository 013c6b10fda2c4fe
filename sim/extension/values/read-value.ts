/**
 * What the argument of an option turns into, by the option's type, with the refusals of libxtables
 * (iptables 1.8.9, libxtables/xtoptions.c, the `xtopt_parse_*` functions; libxtables/xtables.c).
 */

import type { Behaviour } from "../../linux/behaviour.ts";
import type { OptionEntry, OptionType } from "../options.ts";
import { Refusal } from "../refusal.ts";
import { protocolNumber, servicePort } from "./names.ts";
import { octets } from "./octets.ts";
import { noteName, UNKNOWN_PROTOCOL } from "./open-names.ts";
import { scanDouble } from "./read-double.ts";
import {
	readHost,
	readHostMask,
	readMac,
	readMask,
	type ValueReader,
} from "./read-host.ts";
import { readNetwork } from "./read-network.ts";
import { readUnsigned, readUnsigned64, scanUnsigned } from "./read-number.ts";

export type AnyReader = ValueReader<OptionType>;

const U32 = 0xffffffff;

function outOfRange(
	entry: OptionEntry,
	extension: string,
	min: number | bigint,
	max: number | bigint,
): never {
	throw new Refusal(
		`${extension}: bad value for option "--${entry.name}", or out of range (${min}-${max}).`,
		`Write a number from ${min} to ${max}.`,
	);
}

function unsigned<T extends "uint8" | "uint16" | "uint32">(
	typeMax: number,
): ValueReader<T> {
	return (text, entry, extension) => {
		const min = entry.min ?? 0;
		const max = entry.max ?? typeMax;
		const value = readUnsigned(text, min, max);
		return value < 0 ? outOfRange(entry, extension, min, max) : value;
	};
}

const unsigned64: ValueReader<"uint64"> = (text, entry, extension) => {
	const min = BigInt(entry.min ?? 0);
	const max = entry.max === undefined ? (1n << 64n) - 1n : BigInt(entry.max);
	const value = readUnsigned64(text);
	return value === null || value < min || value > max
		? outOfRange(entry, extension, min, max)
		: value;
};

function tooMany(entry: OptionEntry, extension: string): never {
	throw new Refusal(
		`${extension}: Too many components for option "--${entry.name}" (max: 2)`,
		"Write at most `FROM:TO`.",
	);
}

/** Splits `N`, `N:M`, `:M` and `N:` and hands each present part on (`xtopt_parse_mint`). */
function range<T extends number | bigint>(
	least: T,
	most: T,
	read: (part: string) => T | null,
): (
	text: string,
	entry: OptionEntry,
	extension: string,
	behaviour: Behaviour,
) => readonly [T, T] {
	return (text, entry, extension, { emptyRanges }) => {
		const isStrict = emptyRanges === "refused";
		let lowest = least;
		const highest = isStrict && entry.max !== undefined ? entry.max : most;
		const parts = text.split(":");
		let from = 0;
		const values = parts.map((part, index) => {
			const rest = text.slice(from);
			from += part.length + 1;
			if (index === 2) return tooMany(entry, extension);
			if (part === "") return index === 0 ? least : most;
			const { end } = scanUnsigned(part, 0);
			const value = end < 0 ? null : read(part.slice(0, end));
			if (value === null || value < lowest || value > highest)
				throw new Refusal(
					`${extension}: bad value for option "--${entry.name}" near "${rest}", or out of range (${lowest}-${highest}).`,
					`Write \`FROM:TO\`, each at most ${highest}.`,
				);
			if (end < part.length)
				throw new Refusal(
					`${extension}: Argument to "--${entry.name}" has unexpected characters near "${rest.slice(end)}".`,
					"Write `FROM:TO`, with a colon alone between the numbers.",
				);
			if (isStrict) lowest = value;
			return value;
		});
		const [low = least, high = low] = values;
		return [low, high];
	};
}

const smallRange = (most: number) =>
	range(0, most, (part) => {
		const value = readUnsigned(part, 0, most);
		return value < 0 ? null : value;
	});

const double: ValueReader<"double"> = (text, entry, extension) => {
	const value = readDouble(text);
	const { min = 0, max = 0 } = entry;
	if (value === null || (min !== max && (value < min || value > max)))
		return outOfRange(entry, extension, min, max);
	return value;
};

/** strtod(3) of the whole text: NaN is within any limits. */
function readDouble(text: string): number | null {
	const { value, end } = scanDouble(text);
	return end === 0 || end < text.length ? null : value;
}

const string: ValueReader<"string"> = (text, entry) => {
	const { minLength = 0, maxLength = 0 } = entry;
	const length = minLength + maxLength > 0 ? octets(text) : 0;
	if (length < minLength)
		throw new Refusal(
			`Argument must have a minimum length of ${minLength} characters`,
			"Write a longer one.",
		);
	if (maxLength > 0 && length > maxLength)
		throw new Refusal(
			`Argument must have a maximum length of ${maxLength} characters`,
			"Write a shorter one.",
		);
	return text;
};

const markMask: ValueReader<"markMask"> = (text, { name }, extension) => {
	const { value, end } = scanUnsigned(text, 0);
	if (end < 0 || value > U32) return badMark(extension, name);
	if (end === text.length) return { value: value | 0, mask: -1 };
	if (text[end] !== "/") return garbageBehindMark(extension, name);
	const { value: mask, end: maskEnd } = scanUnsigned(text, end + 1);
	if (maskEnd < 0 || mask > U32) return badMark(extension, name);
	if (maskEnd < text.length) return garbageBehindMark(extension, name);
	return { value: value | 0, mask: mask | 0 };
};

const MARK_REMEDY = "Write a number or `VALUE/MASK`: `0x1`, `0x10/0xf0`.";

function badMark(extension: string, name: string): never {
	throw new Refusal(
		`${extension}: bad integer value for option "--${name}", or out of range.`,
		MARK_REMEDY,
	);
}

function garbageBehindMark(extension: string, name: string): never {
	throw new Refusal(
		`${extension}: trailing garbage after value for option "--${name}".`,
		MARK_REMEDY,
	);
}

/**
 * getaddrinfo(3) reads a decimal number into an int, takes a negative one for a name, and lets the port
 * wrap at 65536. Nothing at all is 0.
 */
function resolvePort(text: string, standIn = 0): number {
	const port =
		decimalPort(text) ??
		servicePort(text) ??
		noteName("service", text, standIn);
	if (port !== null) return port;
	throw new Refusal(
		`Port "${text}" does not resolve to anything.`,
		"Write the port's number, or a name of /etc/services.",
	);
}

function decimalPort(text: string): number | null {
	if (text === "") return 0;
	const [, sign, digits] = /^\s*([+-]?)(\d+)$/.exec(text) ?? [];
	if (digits === undefined) return null;
	const number = BigInt(digits);
	// `ULONG_MAX`, which makes a negative int.
	if (number >= 1n << 64n) return null;
	const int = Number(BigInt.asIntN(32, sign === "-" ? -number : number));
	return int < 0 ? null : int % 65536;
}

/** Each part is looked at before the next one is counted (`xtopt_parse_mport`). */
const portRange: ValueReader<"portRange"> = (
	text,
	entry,
	extension,
	{ emptyRanges },
) => {
	const parts = text.split(":");
	const [low = "", high] = parts;
	const first = low === "" ? 0 : resolvePort(low);
	if (high === undefined) return [first, first];
	const last = high === "" ? 65535 : resolvePort(high, 65535);
	if (last < first && emptyRanges === "refused")
		throw new Refusal(
			`Port range ${first}-${last} is negative.`,
			"Write the lesser port first.",
		);
	if (parts.length > 2) return tooMany(entry, extension);
	return [first, last];
};

/**
 * A protocol's number by number or name; names may stand for more than an octet. UNKNOWN_PROTOCOL for a
 * name that only the machine knows.
 * @throws Refusal when there is none
 */
export function readProtocol(text: string): number {
	const number = readUnsigned(text, 0, 255);
	const known =
		number < 0
			? (protocolNumber(text) ?? noteName("protocol", text, UNKNOWN_PROTOCOL))
			: number;
	if (known !== null) return known;
	throw new Refusal(
		`unknown protocol "${text}" specified`,
		"Write a name such as `tcp`, `udp`, `icmp`, or a number from 0 to 255.",
	);
}

const TOS_NAMES: ReadonlyMap<string, number> = new Map([
	["minimize-delay", 16],
	["maximize-throughput", 8],
	["maximize-reliability", 4],
	["minimize-cost", 2],
	["normal-service", 0],
]);

const tosMask: ValueReader<"tosMask"> = (text, entry) => {
	const { value, end } = scanUnsigned(text, 0);
	if (end < 0 || value > 255) {
		const named = TOS_NAMES.get(text.toLowerCase());
		if (named !== undefined) return { value: named, mask: entry.max ?? 255 };
		throw new Refusal(
			`Symbolic name "${text}" is unknown`,
			"Write `VALUE/MASK`, each at most 255, or a name such as `Minimize-Delay`.",
		);
	}
	if (end === text.length) return { value, mask: 255 };
	const mask = text[end] === "/" ? scanUnsigned(text, end + 1) : null;
	if (mask === null || mask.end !== text.length || mask.value > 255)
		throw new Refusal(
			`Illegal value: "${text}"`,
			"Write `VALUE/MASK`, each at most 255.",
		);
	return { value, mask: mask.value };
};

const LOG_LEVELS: ReadonlyMap<string, number> = new Map([
	["alert", 1],
	["crit", 2],
	["debug", 7],
	["emerg", 0],
	["error", 3],
	["info", 6],
	["notice", 5],
	["panic", 0],
	["warning", 4],
]);

const syslogLevel: ValueReader<"syslogLevel"> = (text) => {
	const number = readUnsigned(text, 0, 7);
	const level = number < 0 ? LOG_LEVELS.get(text) : number;
	if (level !== undefined && level >= 0) return level;
	throw new Refusal(
		`log level "${text}" unknown`,
		"Write 0 to 7 or one of emerg, alert, crit, error, warning, notice, info, debug.",
	);
};

/** One reader per type of option. */
export const READERS: { readonly [T in OptionType]: ValueReader<T> } = {
	none: () => true,
	uint8: unsigned<"uint8">(255),
	uint16: unsigned<"uint16">(65535),
	uint32: unsigned<"uint32">(U32),
	uint64: unsigned64,
	uint8Range: smallRange(255),
	uint16Range: smallRange(65535),
	uint32Range: smallRange(U32),
	uint64Range: range(0n, (1n << 64n) - 1n, readUnsigned64),
	double,
	string,
	markMask,
	port: (text) => resolvePort(text),
	portRange,
	// An octet of `struct xt_option_call`: mptcp, the one name for a greater number, comes to tcp.
	protocol: (text) => readProtocol(text) & 0xff,
	host: readHost,
	hostMask: readHostMask,
	network(text) {
		const { address, mask } = readNetwork(text, false);
		return { address, mask };
	},
	prefixLength: readMask,
	mac: readMac,
	tosMask,
	syslogLevel,
};
