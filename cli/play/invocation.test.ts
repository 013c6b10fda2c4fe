import { expect, it } from "vitest";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import {
	brokenInvocation,
	fuzzInvocation,
	replayInvocation,
	savedInvocation,
	type Way,
	wholeInvocation,
} from "./invocation.ts";

const rules = new Map<string, string>();
const ON_MODEL = { kind: "model", linux: null } as const;
const ON_VM = { kind: "vm", linux: null } as const;
const IN_CONTAINERS = {
	kind: "docker",
	linux: { ...DEFAULT_LINUX, backend: "nft" },
} as const;

it("says what was played, and where; what is usual is left out", () => {
	expect(wholeInvocation("run", [], { rules, on: ON_MODEL })).toEqual({
		command: "run",
		names: [],
	});
	const elsewhere = wholeInvocation("compare", ["live"], {
		rules,
		seed: 7,
		filter: "b1 dead",
		with: IN_CONTAINERS,
		kernel: "vm",
	});
	expect(commandLine(elsewhere)).toBe(
		"marktwin compare live --filter 'b1 dead' --seed 7 --with docker:bookworm/nft --kernel vm",
	);
});

const loaded = (
	file: string,
	parts: Partial<LoadedScenario> = {},
): LoadedScenario =>
	({
		file,
		scenario: { name: "mine", setup: { seed: 1 } },
		...parts,
	}) as LoadedScenario;

it("plays just one scenario again: a built-in one by its name, one of a file by the file and a filter", () => {
	const line = (
		command: "run" | "compare",
		one: LoadedScenario,
		way: Way & { readonly seed?: number },
	) => commandLine(replayInvocation(command, one, way));
	expect(line("run", loaded(""), { rules, on: ON_VM, maxSteps: 10 })).toBe(
		"marktwin run mine --seed 1 --on vm --max-steps 10",
	);
	const same = new Map([["recipe.rules", "sp ace/$my.rules"]]);
	const replaced = ["recipe.rules"];
	expect(
		line("compare", loaded("it's.json", { replaced }), {
			rules: same,
			seed: 9,
			kernel: "my kernel",
			with: IN_CONTAINERS,
		}),
	).toBe(
		"marktwin compare 'it'\\''s.json' --filter mine --seed 9 --rules 'recipe.rules=sp ace/$my.rules' --with docker:bookworm/nft --kernel 'my kernel'",
	);
});

it("names what was assumed", () => {
	const assume = new Map([
		["set:blocked", "no"],
		["match:osf", "either"],
	] as const);
	const replay = replayInvocation("run", loaded("my.ts"), { rules, assume });
	expect(commandLine(replay)).toBe(
		"marktwin run my.ts --filter mine --seed 1 --assume set:blocked=no --assume match:osf=either",
	);
});

it("leaves rules out that stand in for those of other scenarios, which would be refused", () => {
	const two = new Map([
		["a.rules", "x.rules"],
		["b.rules", "y.rules"],
	]);
	const one = loaded("my.json", { replaced: ["b.rules"] });
	expect(replayInvocation("run", one, { rules: two }).rules).toEqual([
		{ name: "b.rules", file: "y.rules" },
	]);
});

it("tries a broken file again in the same way", () => {
	const way = { rules: new Map([["a", "b"]]), on: IN_CONTAINERS } as const;
	expect(commandLine(brokenInvocation("run", "-x.ts", way))).toBe(
		"marktwin run --rules a=b --on docker:bookworm/nft -- -x.ts",
	);
});

it("draws a fuzz, a case and a text again, and compares what was saved", () => {
	const options = { with: ON_VM, runs: 100, save: "findings" } as const;
	expect(fuzzInvocation({ ...options, path: "t17" }, 3)).toEqual({
		command: "fuzz",
		names: [],
		seed: 3,
		path: "t17",
	});
	const kernel = "linux-image-amd64";
	expect(
		commandLine(fuzzInvocation({ ...options, minutes: 0.5, kernel }, 3)),
	).toBe("marktwin fuzz --seed 3 --minutes 0.5 --kernel linux-image-amd64");
	expect(
		commandLine(savedInvocation("a b/fuzz-3-1.json", { with: ON_VM, kernel })),
	).toBe("marktwin compare 'a b/fuzz-3-1.json' --kernel linux-image-amd64");
});
