import { leadingUnsigned } from "../shared/leading-number.ts";
import { dateOf, dayNumber, SECONDS_PER_DAY } from "./calendar.ts";

/** Reads and prints what stands behind the options of `-m time` (iptables 1.8.9, libxt_time.c). */

/** Tells why a value is refused, in iptables' words. */
export type Refuse = (message: string) => never;

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Bits 1 to 31, and 1 to 7. */
export const ALL_MONTHDAYS = 0xfffffffe | 0;
export const ALL_WEEKDAYS = 0xfe;

/** Each part of a date: what ends it, and the greatest value it may have. */
const DATE_PARTS: readonly (readonly [end: string, most: number])[] = [
	["-", 2038],
	["-", 12],
	["T", 31],
	[":", 23],
	[":", 59],
	["", 59],
];

/** `YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`, in seconds since 1970 (UTC). */
export function readDate(text: string, refuse: Refuse): number {
	const values = [1970, 1, 1, 0, 0, 0];
	let rest = text;
	for (const [index, [end, most]] of DATE_PARTS.entries()) {
		const { value, length } = leadingUnsigned(rest);
		const stop = rest.charAt(length);
		if (
			(stop !== "" && stop !== end) ||
			value > most ||
			(index === 0 && value < 1970)
		)
			return refuse(
				`Invalid date "${text}" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]`,
			);
		values[index] = value;
		if (stop === "") break;
		rest = rest.slice(length + 1);
	}
	const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] =
		values;
	const seconds =
		dayNumber(year, month, day) * SECONDS_PER_DAY +
		secondsOf(hour, minute, second);
	return seconds < 0 ? refuse("mktime returned an error") : seconds;
}

/** `hh:mm[:ss]`, in seconds since midnight. */
export function readDaytime(text: string, refuse: Refuse): number {
	const wrong = (rest: string) =>
		refuse(
			`invalid time "${rest}" specified, should be hh:mm[:ss] format and within the boundaries`,
		);
	const [hour = "", minute, second, ...more] = text.split(":");
	const isPart = (part: string, most: number) => {
		const { value, length } = leadingUnsigned(part);
		return length === part.length && value <= most;
	};
	const number = (part: string) => leadingUnsigned(part).value;
	if (minute === undefined || !isPart(hour, 23)) return wrong(text);
	const afterHour = text.slice(hour.length + 1);
	if (!isPart(minute, 59)) return wrong(afterHour);
	if (second === undefined) return secondsOf(number(hour), number(minute), 0);
	if (more.length > 0 || !isPart(second, 59))
		return wrong(afterHour.slice(minute.length + 1));
	return secondsOf(number(hour), number(minute), number(second));
}

const secondsOf = (hour: number, minute: number, second: number): number =>
	3600 * hour + 60 * minute + second;

/** A list of days, 1 to 31, as bits. Of each only two characters are looked at. */
export function readMonthdays(list: string, refuse: Refuse): number {
	let bits = 0;
	for (const part of segments(list)) {
		const text = part.slice(0, 2);
		const day = smallNumber(text);
		if (day === null || day < 0 || day > 31)
			return refuse(`${text} is not a valid day for --monthdays`);
		bits |= 1 << day;
	}
	return bits;
}

/** A list of days, by number (1 is Monday) or by name, of which two letters count, as bits. */
export function readWeekdays(list: string, refuse: Refuse): number {
	let bits = 0;
	for (const part of segments(list)) {
		const text = part.slice(0, 3);
		const number = smallNumber(text);
		if (number === 0) return refuse("No, the week does NOT begin with Sunday.");
		const name = WEEKDAYS.findIndex(
			(known) => known.slice(0, 2) === text.slice(0, 2),
		);
		if (number === null && name < 0)
			return refuse(`${text} is not a valid day specifier`);
		bits |= 1 << (number ?? name + 1);
	}
	// The kernel keeps one octet of it.
	return bits & 0xff;
}

/** An empty part at the end of a list is not looked at. */
function segments(list: string): readonly string[] {
	const parts = list.split(",");
	return parts.at(-1) === "" ? parts.slice(0, -1) : parts;
}

/** `strtoul` with base 0 of a text of three characters at most, negative ones too; "" is 0. */
function smallNumber(written: string): number | null {
	const [, digits] = /^\s*-(\d+)$/.exec(written) ?? [];
	if (digits !== undefined) {
		const number = smallNumber(digits);
		return number === null ? null : -number;
	}
	const text = /^\s*\+?\d/.test(written)
		? written.trimStart().replace("+", "")
		: written;
	if (/^0[xX][0-9a-fA-F]$/.test(text)) return Number.parseInt(text, 16);
	if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
	return /^([1-9]\d*)?$/.test(text) ? Number(text) : null;
}

export function printDate(seconds: number): string {
	const { year, month, day } = dateOf(Math.floor(seconds / SECONDS_PER_DAY));
	const daytime = printDaytime(seconds % SECONDS_PER_DAY);
	return `${`${year}`.padStart(4, "0")}-${two(month)}-${two(day)}T${daytime}`;
}

export function printDaytime(seconds: number): string {
	const minutes = Math.floor(seconds / 60);
	return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

export function printMonthdays(bits: number): string {
	const days = Array.from({ length: 31 }, (_, index) => index + 1);
	return days.filter((day) => bits & (1 << day)).join(",");
}

export function printWeekdays(bits: number): string {
	return WEEKDAYS.filter((_, index) => bits & (2 << index)).join(",");
}

const two = (value: number): string => `${value}`.padStart(2, "0");
