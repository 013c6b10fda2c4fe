import { describe, expect, it } from "vitest";
import { TCP_STATE_NAMES } from "../../contract/tcp-state-name.ts";
import {
	FLAG_CLASSES,
	IGNORE,
	TCP_TRANSITION_TABLE,
	TCP_TRANSITIONS,
	transitionIndex,
} from "./tcp-states.ts";

describe("the TCP state table", () => {
	it("has a cell, with a reason, for every direction, flag class and state", () => {
		let cells = 0;
		for (const rows of Object.values(TCP_TRANSITIONS))
			for (const flags of FLAG_CLASSES)
				for (const state of TCP_STATE_NAMES) {
					expect(rows[flags][state][1]).toMatch(/\w{3}/);
					cells++;
				}
		expect(cells).toBe(2 * 6 * 10);
		expect(TCP_TRANSITION_TABLE).toHaveLength(cells);
	});

	it("says as a number what it says as a word", () => {
		const numbers = [...TCP_STATE_NAMES, "INVALID", "IGNORE"];
		for (const [direction, rows] of [
			TCP_TRANSITIONS.original,
			TCP_TRANSITIONS.reply,
		].entries())
			for (const [flagClass, flags] of FLAG_CLASSES.entries())
				for (const [state, name] of TCP_STATE_NAMES.entries())
					expect(
						numbers[
							TCP_TRANSITION_TABLE[
								transitionIndex(direction, flagClass, state)
							] as number
						],
					).toBe(rows[flags][name][0]);
	});

	it("numbers states as enum tcp_conntrack does", () => {
		expect(TCP_STATE_NAMES.indexOf("SYN_SENT")).toBe(1);
		expect(TCP_STATE_NAMES.indexOf("SYN_SENT2")).toBe(9);
		expect(IGNORE).toBe(11);
	});
});
