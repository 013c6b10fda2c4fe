/** What the matrix amounts to, and how docs/kernels.md tells of it. */
import { describe, expect, it } from "vitest";
import {
	type Cell,
	MATRIX,
	outcomeOf,
	type PlayedFuzz,
	type PlayedScenarios,
	readMeasured,
} from "./measured.ts";
import { measuredLines } from "./measured-lines.ts";

const play = {
	date: "2026-11-29",
	sources: "0123456789ab",
	kernel: "linux 6.12.117-1 under tcg, iptables-nft 1.8.11-2",
	packets: 93_367,
	odds: [],
};
const scenarios: PlayedScenarios = {
	...play,
	agree: 260,
	differ: [],
	unknown: [],
	notCompared: [],
	shown: [],
};
const fuzz: PlayedFuzz = {
	...play,
	seed: 7,
	runs: 100,
	rulesets: 100,
	texts: 100,
	differ: [],
	unknown: [],
};
const quiet: Cell = { linux: "trixie/nft", scenarios, fuzz };
const one = [{ name: "port-range-spreads", why: "a | b" }];

describe("outcome", () => {
	it.each<readonly [string, Cell, ReturnType<typeof outcomeOf>]>([
		["all agree", quiet, "holds"],
		[
			"a scenario differs",
			{ ...quiet, scenarios: { ...scenarios, differ: one } },
			"violated",
		],
		[
			"a generated case differs",
			{ ...quiet, fuzz: { ...fuzz, differ: one } },
			"violated",
		],
		[
			"draws come in other numbers",
			{ ...quiet, scenarios: { ...scenarios, odds: ["a port"] } },
			"violated",
		],
		[
			"a scenario was not compared",
			{ ...quiet, scenarios: { ...scenarios, notCompared: one } },
			"lab",
		],
		["the scenarios were not played", { ...quiet, scenarios: null }, "lab"],
		["nothing was generated", { ...quiet, fuzz: null }, "lab"],
		[
			"a scenario ended as unknown",
			{ ...quiet, scenarios: { ...scenarios, unknown: one } },
			"unknown",
		],
	])("%s", (_, cell, outcome) => {
		expect(outcomeOf([quiet, cell])).toBe(outcome);
	});
});

describe("the page", () => {
	it("says of each Linux what was played", () => {
		const lines = measuredLines([quiet]);
		expect(lines).toContain(
			"| trixie/nft | linux 6.12.117-1 under tcg, iptables-nft 1.8.11-2 | 2026-11-29 | 260 of 260 | 0 | 0 | 0 | 93367 |",
		);
		expect(lines).toContain(
			"| trixie/nft | 2026-11-29 | 7 | 100 | 93367 | 100 | 0 | 0 |",
		);
		expect(lines.join("\n")).not.toContain("### On");
	});

	it("says of a Linux that it was not played", () => {
		const lines = measuredLines([
			{ linux: "sid/nft", scenarios: null, fuzz: null },
		]);
		expect(
			lines.filter((line) => line.startsWith("| sid/nft | not played")),
		).toHaveLength(2);
	});

	it("names what did not agree, without markup of its own", () => {
		const lines = measuredLines([
			{
				...quiet,
				scenarios: { ...scenarios, differ: one },
				fuzz: { ...fuzz, differ: [{ name: "fuzz-7-3", why: "x" }] },
			},
		]);
		expect(lines).toContain("- differs: `port-range-spreads`: a \\| b");
		expect(lines).toContain(
			"- To see these again: `marktwin fuzz --seed 7 --runs 100 --with vm:trixie/nft`",
		);
	});
});

it("has a cell for each Linux of the matrix", () => {
	expect(readMeasured().map(({ linux }) => linux)).toEqual([
		...new Set(readMeasured().map(({ linux }) => linux)),
	]);
	expect(readMeasured()).toHaveLength(MATRIX.length);
});
