import { defineMatch } from "../../extension/extension.ts";
import type { GivenOptions } from "../../extension/options.ts";
import { dateOf, SECONDS_PER_DAY, weekday } from "./calendar.ts";
import {
	ALL_MONTHDAYS,
	ALL_WEEKDAYS,
	printDate,
	printDaytime,
	printMonthdays,
	printWeekdays,
	type Refuse,
	readDate,
	readDaytime,
	readMonthdays,
	readWeekdays,
} from "./time-values.ts";

interface Options {
	/** Seconds since 1970 (UTC), both inclusive. */
	readonly dateStart: number;
	readonly dateStop: number;
	/** Seconds since midnight, both inclusive; from 23:00 to 01:00 is across midnight. */
	readonly timeStart: number;
	readonly timeStop: number;
	/** Bits 1 to 31. */
	readonly monthdays: number;
	/** Bits 1 (Monday) to 7. */
	readonly weekdays: number;
	readonly kernelTimezone: boolean;
	readonly contiguous: boolean;
}

/** INT_MAX, which stands for no end, and is printed all the same. */
const LAST_DATE = 0x7fffffff;
const LAST_SECOND = SECONDS_PER_DAY - 1;

/** The wall clock (iptables 1.8.9 libxt_time.c, kernel 6.1 xt_time.c). */
export const time = defineMatch<Options>({
	name: "time",
	flagCodes: { contiguous: 4, localtz: 7, utc: 8, kerneltz: 9 },
	options: [
		{ name: "datestart", type: "string" },
		{ name: "datestop", type: "string" },
		{ name: "timestart", type: "string" },
		{ name: "timestop", type: "string" },
		{ name: "contiguous", type: "none" },
		{ name: "weekdays", type: "string", invertible: true },
		{ name: "monthdays", type: "string", invertible: true },
		{ name: "localtz", type: "none", excludes: ["utc"] },
		{ name: "utc", type: "none", excludes: ["localtz", "kerneltz"] },
		{ name: "kerneltz", type: "none", excludes: ["utc"] },
	],
	build(given) {
		const options: Options = {
			dateStart: value(given, "datestart", readDate) ?? 0,
			dateStop: value(given, "datestop", readDate) ?? LAST_DATE,
			timeStart: value(given, "timestart", readDaytime) ?? 0,
			timeStop: value(given, "timestop", readDaytime) ?? LAST_SECOND,
			monthdays: days(given, "monthdays", readMonthdays, ALL_MONTHDAYS),
			weekdays: days(given, "weekdays", readWeekdays, ALL_WEEKDAYS),
			kernelTimezone: given.has("kerneltz") || given.has("localtz"),
			contiguous: given.has("contiguous"),
		};
		if (options.contiguous && options.timeStart < options.timeStop)
			return given.refuseAtEnd(
				"time: --contiguous only makes sense when stoptime is smaller than starttime",
				"Take `--contiguous` away, or let the time reach across midnight.",
				"contiguous",
			);
		return options;
	},
	print(options) {
		const { timeStart, timeStop, monthdays, weekdays } = options;
		const words: string[] = [];
		if (timeStart !== 0 || timeStop !== LAST_SECOND)
			words.push(
				` --timestart ${printDaytime(timeStart)} --timestop ${printDaytime(timeStop)}`,
			);
		if (monthdays !== ALL_MONTHDAYS)
			words.push(` --monthdays ${printMonthdays(monthdays)}`);
		if (weekdays !== ALL_WEEKDAYS)
			words.push(` --weekdays ${printWeekdays(weekdays)}`);
		if (options.dateStart !== 0)
			words.push(` --datestart ${printDate(options.dateStart)}`);
		if (options.dateStop !== 0)
			words.push(` --datestop ${printDate(options.dateStop)}`);
		if (options.kernelTimezone) words.push(" --kerneltz");
		if (options.contiguous) words.push(" --contiguous");
		return words.join("");
	},
	hasOneAnswer: "way",
	question: () => ({ kind: "open", on: "the date and time" }),
	compile(options, ports) {
		if (options.kernelTimezone)
			return () => ports.unknown("the kernel's time zone is not modelled");
		return () =>
			isWithin(options, Math.floor((ports.epochMs + ports.nowMs()) / 1000));
	},
});

/** `time_mt` (6.1). */
function isWithin(options: Options, now: number): boolean {
	const { timeStart, timeStop } = options;
	if (now < options.dateStart || now > options.dateStop) return false;
	let day = Math.floor(now / SECONDS_PER_DAY);
	const daytime = now % SECONDS_PER_DAY;
	if (timeStart < timeStop) {
		if (daytime < timeStart || daytime > timeStop) return false;
	} else {
		if (daytime < timeStart && daytime > timeStop) return false;
		// What comes after midnight then belongs to the day before.
		if (options.contiguous && daytime <= timeStop) day--;
	}
	if ((options.weekdays & (1 << weekday(day))) === 0) return false;
	if (options.monthdays === ALL_MONTHDAYS) return true;
	return (options.monthdays & (1 << dateOf(day).day)) !== 0;
}

type Reader = (text: string, refuse: Refuse) => number;

function value(
	given: GivenOptions,
	option: string,
	read: Reader,
): number | null {
	const text = given.get(option, "string")?.text;
	return text === undefined ? null : read(text, refusal(given, option));
}

function days(
	given: GivenOptions,
	option: string,
	read: Reader,
	all: number,
): number {
	const bits = value(given, option, read);
	if (bits === null) return all;
	return given.get(option, "string")?.inverted ? bits ^ all : bits;
}

const REMEDIES: Readonly<Record<string, string>> = {
	datestart: "Write a date such as 2030-01-31T08:00, in UTC, up to 2038.",
	datestop: "Write a date such as 2030-01-31T08:00, in UTC, up to 2038.",
	timestart: "Write a time from 00:00 to 23:59:59, in UTC.",
	timestop: "Write a time from 00:00 to 23:59:59, in UTC.",
	monthdays: "List days from 1 to 31, with commas alone between them.",
	weekdays: "List days, Mon to Sun or 1 to 7, with commas alone between them.",
};

function refusal(given: GivenOptions, option: string): Refuse {
	return (message) => given.refuse(message, REMEDIES[option] ?? "", option);
}
