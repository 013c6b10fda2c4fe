import { describe, expect, it } from "vitest";
import { compareScenario } from "../../scenarios/compare/lockstep/compare-scenario.ts";
import { driverWith } from "../../scenarios/compare/lockstep/test-driver.ts";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import {
	at,
	connect,
	recipeSetup,
	restore,
	scenario,
} from "../../scenarios/language/build/build.ts";
import type {
	PlayableScenario,
	ScenarioStep,
} from "../../scenarios/language/scenario.ts";
import { printTotals } from "./print.ts";

const honest = driverWith((ask) => ask);
const twisted = driverWith((ask) =>
	ask.kind === "operation" && ask.operation.kind === "restore"
		? {
				...ask,
				operation: {
					...ask.operation,
					text: ask.operation.text.replaceAll("192.168.0.", "192.168.9."),
				},
			}
		: ask,
);

const NTH = "-m statistic --mode nth --every 2 --packet 0";
const RANDOM = "-m statistic --mode random --probability 0.5";
const rules = (draw: string) => `*nat
-A PREROUTING -p tcp --dport 26 -j REDIRECT
-A PREROUTING -p tcp --dport 25 ${draw} -j DNAT --to-destination 192.168.0.1
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

async function compared(
	name: string,
	{
		steps = [connect(8, { everyMs: 50 })],
		driver = honest,
		draw = NTH,
	}: {
		readonly steps?: readonly ScenarioStep[];
		readonly driver?: typeof honest;
		readonly draw?: string;
	} = {},
) {
	const ruleset = { name: "my.rules", text: rules(draw) };
	const setup = recipeSetup({ ruleset });
	const one = scenario({ name, title: name, setup, steps, expect: [] });
	return judgeComparison(
		await compareScenario(one as PlayableScenario, { driver }),
	);
}

type Judged = Awaited<ReturnType<typeof compared>>;

function coverageOf(judged: readonly Judged[]): readonly string[] {
	const paint = (_: unknown, text: string) => text;
	const view = { paint, columns: 100, isWhole: false };
	return printTotals(judged, [], {
		tookMs: 1,
		version: "a kernel",
		view,
	}).filter((line) => line.includes("matched no packet"));
}

describe("the end of a comparison", () => {
	it("names rulesets of which some rules matched no packet, as run does", async () => {
		const two = [await compared("one"), await compared("two")];
		expect(coverageOf(two)).toEqual([
			"my.rules: 1 of 3 rules matched no packet, in 2 scenarios",
		]);
		// Of one story alone nothing is expected to meet each rule.
		expect(coverageOf(two.slice(0, 1))).toEqual([]);
	});

	it("counts what one connection alone has met", async () => {
		const steps = [connect(1)];
		const two = [
			await compared("one", { steps }),
			await compared("two", { steps }),
		];
		expect(coverageOf(two)).toEqual([
			"my.rules: 2 of 3 rules matched no packet, in 2 scenarios",
		]);
	});

	it("counts no play at which the two parted", async () => {
		const all = [
			await compared("one"),
			await compared("two"),
			await compared("three", { driver: twisted }),
		];
		expect(all.map(({ verdict }) => verdict)).toEqual([
			"agrees",
			"agrees",
			"diverges",
		]);
		expect(coverageOf(all)).toEqual([
			"my.rules: 1 of 3 rules matched no packet, in 2 scenarios",
		]);
	});

	it("counts what the kernel drew, and not what the model would draw", async () => {
		const draw = RANDOM;
		// The kernel never takes the first of the two.
		const driver = driverWith((ask) => ask, { happens: () => false });
		const drawn = [
			await compared("one", { draw, driver }),
			await compared("two", { draw, driver }),
		];
		expect(drawn.map(({ verdict }) => verdict)).toEqual(["agrees", "agrees"]);
		expect(coverageOf(drawn)).toEqual([
			"my.rules: 2 of 3 rules matched no packet, in 2 scenarios",
		]);
		// Once the counters are set back, another play would tell, with other draws.
		const steps = [
			connect(8, { everyMs: 50 }),
			...at(1000, restore({ name: "my.rules", text: rules(draw) })),
		];
		const again = [
			await compared("one", { draw, driver, steps }),
			await compared("two", { draw, driver, steps }),
		];
		expect(again.map(({ verdict }) => verdict)).toEqual(["agrees", "agrees"]);
		expect(coverageOf(again)).toEqual([]);
	});
});
