import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Operation } from "../../../sim/contract/gateway.ts";
import {
	at,
	connect,
	outcomes,
	recipeSetup,
	scenario,
	takeOver,
} from "../../language/build/build.ts";
import type {
	PlayableScenario,
	ScenarioStep,
} from "../../language/scenario.ts";
import { commandLine } from "../../result/invocation.ts";
import { judgeComparison } from "../verdict.ts";
import { compareScenario } from "./compare-scenario.ts";
import { printDivergence } from "./divergence.ts";
import { driverWith } from "./test-driver.ts";

const RECIPE = readFileSync(
	new URL("../../suites/recipe/recipe.rules", import.meta.url),
	"utf8",
);

function playable(steps: readonly ScenarioStep[]): PlayableScenario {
	const ruleset = { name: "recipe.rules", text: RECIPE };
	return scenario({
		name: "a-story",
		title: "a story",
		story: "",
		setup: recipeSetup({ ruleset }),
		steps,
		expect: [outcomes("completed", { atLeast: 1 })],
	}) as PlayableScenario;
}

const honest = driverWith((ask) => ask);
/** Its nth counter has another period. */
const everyThird = driverWith((ask) =>
	ask.kind === "operation" && ask.operation.kind === "restore"
		? { ...ask, operation: inThrees(ask.operation) }
		: ask,
);
function inThrees(operation: Operation & { kind: "restore" }): Operation {
	return {
		...operation,
		text: operation.text.replace("--every 2", "--every 3"),
	};
}

it("finds nothing where nothing differs, and judges what was played", async () => {
	const comparison = await compareScenario(
		playable([connect(6, { everyMs: 50 })]),
		{
			driver: honest,
		},
	);
	expect(comparison.divergences).toEqual([]);
	expect(comparison.packets).toBeGreaterThan(60);
	expect(comparison.result?.outcome).toBe("holds");
});

it("draws the ports that the kernel drew", async () => {
	const { divergences } = await compareScenario(
		playable([
			connect(2, { port: 40_000, everyMs: 4_000 }),
			...at(1_000, takeOver()),
		]),
		{ driver: honest },
	);
	expect(divergences).toEqual([]);
});

it("shows the packet at which the two part, what each says, and the rules on either side", async () => {
	const comparison = await compareScenario(
		playable([connect(3, { everyMs: 1_000 })]),
		{
			driver: everyThird,
			file: "my.scenario.ts",
		},
	);
	const [divergence] = comparison.divergences;
	expect(divergence).toMatchObject({
		kind: "packets",
		atMs: 2_001,
		asked: expect.stringMatching(
			/^bond0\.204 ← tcp 10\.0\.0\.10:\d+ > 10\.0\.0\.1:25 S /,
		),
		model: [expect.stringContaining("> 192.168.0.1:25 S ")],
		kernel: [expect.stringContaining("> 192.168.0.2:25 S ")],
	});
	expect(divergence?.rules.model).toContain("mangle:MAILMARK:rule:2");
	expect(divergence?.rules.kernel).toContain("mangle:MAILMARK:rule:3");
	expect(divergence?.rules.kernel).not.toContain("mangle:MAILMARK:rule:2");
	expect(commandLine(comparison.replay)).toBe(
		"marktwin compare my.scenario.ts --filter a-story --seed 1",
	);
	expect(divergence && printDivergence(divergence).join("\n")).toMatch(
		/^packets differ at 2001 ms: .*\n {2}model {3}bond0\.205 → .*\n {2}kernel {2}bond0\.205 → /,
	);
});

it("compares what is there at the end, not only what came out", async () => {
	const twice = driverWith((ask) =>
		ask.kind === "operation" && ask.operation.kind === "restore"
			? {
					...ask,
					operation: {
						...ask.operation,
						text: `${ask.operation.text}*filter\n-A FORWARD -p tcp\nCOMMIT\n`,
					},
				}
			: ask,
	);
	const { divergences } = await compareScenario(playable([connect(1)]), {
		driver: twice,
	});
	expect(divergences.map(({ kind }) => kind)).toEqual(["ruleset"]);
	expect(divergences[0]?.kernel).toContainEqual(
		expect.stringMatching(/FORWARD -p tcp$/),
	);
});

it("is a divergence, or unknown as far as nothing differed", async () => {
	const played = playable([connect(3, { everyMs: 1_000 })]);
	const differs = await compareScenario(played, { driver: everyThird });
	expect(judgeComparison(differs)).toMatchObject({ verdict: "diverges" });
	const same = await compareScenario(played, { driver: honest });
	expect(judgeComparison(same)).toMatchObject({ verdict: "agrees" });
	const unknown = { rule: "", text: "", line: 0, reason: "chance" };
	const ended = { ...same, unknown };
	expect(judgeComparison(ended)).toMatchObject({ verdict: "unknown" });
	const { divergences } = differs;
	expect(judgeComparison({ ...ended, divergences })).toMatchObject({
		verdict: "diverges",
	});
});
