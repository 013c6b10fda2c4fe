import { leadingInteger } from "./leading-number.ts";

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
	["second", 1],
	["minute", 60],
	["hour", 3600],
	["day", 86400],
];

export interface Rate {
	/** Time between two packets, in 1/`scale` s, rounded down; 0 when it is too short to be told. */
	readonly period: number;
	/** Of the unit that was written: 1, 60, 3600 or 86400. */
	readonly unitSeconds: number;
}

/**
 * Reads `5/min` as iptables 1.8.9 does (`parse_rate` in libxt_limit.c and libxt_hashlimit.c): the
 * beginning of a unit's name is enough, what stands between number and slash is skipped.
 * @param bits how wide the number is there: 32 or 64
 * @returns `null` when it is no rate
 */
export function readRate(
	text: string,
	scale: number,
	bits: 32 | 64,
): Rate | null {
	const slash = text.indexOf("/");
	const unit = slash < 0 ? "second" : text.slice(slash + 1).toLowerCase();
	const seconds = UNITS.find(([name]) => name.startsWith(unit))?.[1];
	if (unit === "" || seconds === undefined) return null;
	const count = BigInt.asUintN(bits, leadingInteger(text));
	if (count === 0n) return null;
	return {
		period: Number(BigInt(scale * seconds) / count),
		unitSeconds: seconds,
	};
}

/** As iptables-save prints it, in the greatest unit that loses little (`print_rate`). */
export function printRate(
	period: number,
	scale: number,
): { readonly text: string; readonly unitSeconds: number } {
	const units = UNITS.toReversed();
	let chosen = units[0];
	for (const unit of units.slice(1)) {
		const length = unit[1] * scale;
		if (period > length || Math.floor(length / period) < length % period) break;
		chosen = unit;
	}
	const [name, seconds] = chosen ?? ["day", 86400];
	const short = { second: "sec", minute: "min" }[name] ?? name;
	return {
		text: `${Math.floor((seconds * scale) / period)}/${short}`,
		unitSeconds: seconds,
	};
}
