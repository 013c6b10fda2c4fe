import { describe, expect, it } from "vitest";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { pictures } from "./picture.ts";

const plain = (_: unknown, text: string) => text;

/** One connection a second; each letter of `path` is the backend that it met, `.` is none. */
function picturedFrom(
	path: string,
	more: {
		readonly operationsAtMs?: readonly number[];
		readonly connection?: (index: number) => Partial<ConnectionRecord>;
	} = {},
): string {
	const connections = [...path].map((letter, index): ConnectionRecord => {
		const backend = letter === "." ? null : `b${letter}`;
		return {
			id: index,
			step: "",
			client: "c1",
			sourcePort: 40000 + index,
			startedMs: index * 1000,
			backend,
			met: backend === null ? [] : [backend],
			syns: 1,
			retransmittedMs: [],
			connectedMs: null,
			greetedMs: null,
			endedMs: null,
			outcome: "completed",
			accepted: false,
			gatewayAnswers: [],
			...more.connection?.(index),
		};
	});
	const operations = (more.operationsAtMs ?? []).map((atMs) => ({
		label: "",
		atMs,
		text: "",
		outcome: { ok: true } as const,
	}));
	const account = { connections, operations, events: [] };
	// Columns are aligned by blanks; how many is of no interest here.
	return pictures(["b1", "b2"], account, plain)
		.map((line) => line.replace(/ {3,}/g, "   "))
		.join("\n");
}

describe("the picture of a scenario", () => {
	it("shows shares and order", () => {
		expect(picturedFrom("1212")).toBe(
			"b1 ██████████ 2  b2 ██████████ 2   1212",
		);
	});

	it("has a line for each service where there are several", () => {
		const services = ["web", "mail", "web"];
		expect(
			picturedFrom("122", {
				connection: (i) => ({ service: services[i] ?? "" }),
			}),
		).toBe(
			"web   b1 ██████████ 1  b2 ██████████ 1   12\nmail  b2 ████████████████████ 1   2",
		);
	});

	it("shows that something happened between connections", () => {
		expect(picturedFrom("12122212", { operationsAtMs: [4000, 6000] })).toBe(
			"b1 ████████ 3  b2 █████████████ 5   1212│22│12",
		);
	});

	it("shows what met no backend, and how that ended", () => {
		const refused = { outcome: "refused" } as const;
		expect(
			picturedFrom("1..", { connection: (i) => (i > 0 ? refused : {}) }),
		).toBe("b1 ███████ 1  b2 0   1··   2 refused");
	});

	it("counts connections that met more than one", () => {
		const met = ["b1", "b2"];
		expect(picturedFrom("1", { connection: () => ({ met }) })).toContain(
			"1 moved",
		);
	});

	it("stays on one line, however many there are", () => {
		const shown = picturedFrom("12".repeat(500), {
			operationsAtMs: Array.from({ length: 40 }, (_, index) => index * 20_000),
		});
		expect(shown.length).toBeLessThan(130);
		expect(shown).toContain("…");
	});

	it("is nothing when nobody connected", () => {
		expect(picturedFrom("")).toBe("");
	});
});
