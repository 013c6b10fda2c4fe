import { expect, test } from "vitest";
import { dateOf, dayNumber, weekday } from "./calendar.ts";

test("every day from 1970 to 2106 is the one that JavaScript has", () => {
	for (let days = 0; days <= 49_710; days++) {
		const date = new Date(days * 86_400_000);
		const [year, month, day] = [
			date.getUTCFullYear(),
			date.getUTCMonth() + 1,
			date.getUTCDate(),
		];
		if (dayNumber(year, month, day) !== days)
			throw new Error(`${date.toISOString()} is not day ${days}`);
		const found = dateOf(days);
		if (found.year !== year || found.month !== month || found.day !== day)
			throw new Error(`day ${days} is not ${JSON.stringify(found)}`);
		if (weekday(days) % 7 !== date.getUTCDay())
			throw new Error(`day ${days} is not weekday ${weekday(days)}`);
	}
});

test("what lies outside a month carries over, as in mktime", () => {
	expect(dateOf(dayNumber(2030, 2, 30))).toEqual({
		year: 2030,
		month: 3,
		day: 2,
	});
	expect(dateOf(dayNumber(2030, 0, 1))).toEqual({
		year: 2029,
		month: 12,
		day: 1,
	});
});
