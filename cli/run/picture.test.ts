import { describe, expect, it } from "vitest";
import {
	accountOf,
	connectionRecord,
} from "../../scenarios/judge/test-account.ts";
import {
	affinity,
	clientAt,
	recipeSetup,
	scenario,
	split,
	splitBySource,
	sticky,
} from "../../scenarios/language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
} from "../../scenarios/language/scenario.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { pictures, splitPictures } from "./picture.ts";

const plain = (_: unknown, text: string) => text;

/** One connection a second; each letter of `path` is the backend that it met, `.` is none. */
function picturedFrom(
	path: string,
	more: {
		readonly operationsAtMs?: readonly number[];
		readonly columns?: number;
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
	const { columns = 120 } = more;
	return pictures(["b1", "b2"], account, { paint: plain, columns })
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

	it("keeps to the columns of the screen, and says what has no room below", () => {
		const said = picturedFrom("12".repeat(50), {
			columns: 76,
			connection: () => ({ outcome: "unanswered" }),
		});
		expect(said.split("\n")).toEqual([
			`b1 ██████████ 50  b2 ██████████ 50   ${"12".repeat(16)}…`,
			"100 unanswered",
		]);
	});

	it("names the protocol of services that differ in it", () => {
		const services = [
			{ service: "web" },
			{ service: "names", protocol: "udp" },
		];
		expect(
			picturedFrom("12", { connection: (i) => services[i] as never }),
		).toBe(
			"web tcp   b1 ████████████████████ 1   1\nnames udp  b2 ████████████████████ 1   2",
		);
	});

	it("is nothing when nobody connected", () => {
		expect(picturedFrom("")).toBe("");
	});
});

describe("the splits that expectations ask for", () => {
	const setup = recipeSetup({
		ruleset: { name: "r", text: "" },
		clients: [
			clientAt("c1", "10.0.0.10"),
			clientAt("c2", "10.0.0.11"),
			clientAt("c3", "10.0.1.10"),
		],
	});
	const drawn = (
		expected: Expectation,
		of: (id: number) => Partial<ConnectionRecord>,
	) =>
		splitPictures(
			{
				scenario: scenario({
					name: "story",
					title: "",
					setup,
					steps: [],
					expect: [expected],
				}) as PlayableScenario,
				account: accountOf({
					connections: Array.from({ length: 6 }, (_, id) =>
						connectionRecord(id, of(id)),
					),
				}),
			},
			{ paint: plain, columns: 76 },
		).map((line) => line.replace(/ {3,}/g, "   "));

	it("is by translated source, those included that none was given", () => {
		const lines = drawn(
			splitBySource({ "203.0.113.5": 1, "203.0.113.6": 1, "203.0.113.7": 1 }),
			(id) =>
				id === 5
					? {}
					: { source: { address: `203.0.113.${id % 2 === 0 ? 6 : 5}` } },
		);
		expect(lines).toEqual([
			"by source  203.0.113.5 ███████ 2  203.0.113.6 ██████████ 3  203.0.113.7 0",
			"   not translated ███ 1   212124",
		]);
	});

	it("is by client, or by network of clients", () => {
		const of = (id: number) => ({
			client: `c${(id % 3) + 1}`,
			backend: id % 3 === 2 ? "b2" : "b1",
		});
		expect(drawn(split({ b1: 1, b2: 1 }, { per: "client" }), of)).toEqual([
			"by client",
			"  c1  b1 ████████████████████ 2   11",
			"  c2  b1 ████████████████████ 2   11",
			"  c3  b2 ████████████████████ 2   22",
		]);
		expect(drawn(sticky({ prefix: 24 }), of)).toEqual([
			"by client",
			"  10.0.0.0/24  b1 ████████████████████ 4   1111",
			"  10.0.1.0/24  b2 ████████████████████ 2   22",
		]);
	});

	it("is none where no expectation asks, and one address is given", () => {
		const source = { address: "203.0.113.5" };
		expect(drawn(affinity(), () => ({ source }))).toEqual([]);
	});
});
