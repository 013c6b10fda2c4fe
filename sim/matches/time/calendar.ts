/** Days and dates of the Gregorian calendar, counted from 1970-01-01; `sim` has no `Date`. */

export const SECONDS_PER_DAY = 86400;

/** Days from 1970-01-01 to a date. Month and day may lie outside their ranges, and carry over. */
export function dayNumber(year: number, month: number, day: number): number {
	const years = year + Math.floor((month - 1) / 12);
	const monthIndex = (((month - 1) % 12) + 12) % 12;
	// Years that begin in March have their leap day at the end.
	const marchYear = monthIndex < 2 ? years - 1 : years;
	const marchMonth = (monthIndex + 10) % 12;
	const leapDays =
		Math.floor(marchYear / 4) -
		Math.floor(marchYear / 100) +
		Math.floor(marchYear / 400);
	const dayOfYear = Math.floor((153 * marchMonth + 2) / 5) + day - 1;
	return marchYear * 365 + leapDays + dayOfYear - DAYS_BEFORE_1970;
}

/** From 0000-03-01 to 1970-01-01. */
const DAYS_BEFORE_1970 = 719468;

/** The date of a day from 1970-01-01 on. */
export function dateOf(days: number): {
	readonly year: number;
	readonly month: number;
	readonly day: number;
} {
	let year = 1970 + Math.floor(days / 366);
	while (dayNumber(year + 1, 1, 1) <= days) year++;
	let month = 1;
	while (month < 12 && dayNumber(year, month + 1, 1) <= days) month++;
	return { year, month, day: days - dayNumber(year, month, 1) + 1 };
}

/** 1 is Monday, 7 Sunday. */
export function weekday(days: number): number {
	return ((days + 3) % 7) + 1;
}
