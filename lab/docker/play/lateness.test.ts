import { describe, expect, it } from "vitest";
import {
	recipeHealthCheck,
	recipeSetup,
} from "../../../scenarios/language/build/build.ts";
import type { WorldEvent } from "../../../sim/world/account/account.ts";
import { untilInTime, whyTooLate } from "./lateness.ts";

const CHECKED = recipeSetup({ healthCheck: recipeHealthCheck() });

/** The checker decides at 5 s, and its condition is written at that moment. */
function late(writtenMs: number | null, startedMs = 100): string | null {
	const events: WorldEvent[] = [
		{ kind: "condition", atMs: 10, name: "mail1up", write: "0" },
		{ kind: "belief", atMs: 5_000, backend: "b1", alive: false },
		{ kind: "condition", atMs: 5_010, name: "mail2up", write: "0" },
	];
	if (writtenMs !== null)
		events.push({
			kind: "condition",
			atMs: writtenMs,
			name: "mail1up",
			write: "1",
		});
	return whyTooLate(
		CHECKED,
		{ connections: [{ id: 0, startedMs: 100 }] },
		{ connections: [{ id: 0, startedMs }], events },
	);
}

describe("a play in live time", () => {
	it("is in time where conditions and connections are", () => {
		expect(late(5_900, 1_000)).toBeNull();
	});

	it("is too late where a condition is written long after the checker's decision", () => {
		expect(late(7_700)).toBe("the write of mail1up was 2.7 s late");
	});

	it("is too late where a client connects long after its time", () => {
		expect(late(5_100, 1_600)).toBe("connection #1 was 1.5 s late");
	});

	it("is not too late where a condition is not written at all, which shows by itself", () => {
		expect(late(null)).toBeNull();
	});
});

describe("plays until one is in time", () => {
	it.each([
		[[null], 1],
		[["a", null], 2],
		[["a", "b", "c", "d"], 3],
	] as const)("of %j counts number %i", async (late, counts) => {
		let plays = 0;
		const told: string[] = [];
		const played = await untilInTime(
			async () => {
				const tooLate = late[plays] ?? null;
				plays += 1;
				return { live: { tooLate } };
			},
			(why) => told.push(why),
		);
		expect(plays).toBe(counts);
		expect(played.live.tooLate).toBe(late[counts - 1]);
		expect(told).toEqual(late.slice(0, counts - 1));
	});
});
