import { expect, it } from "vitest";
import { compareScenario } from "../compare/lockstep/compare-scenario.ts";
import { driverWith } from "../compare/lockstep/test-driver.ts";
import {
	connect,
	connectOnly,
	hold,
	outcomes,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { createBudget } from "./budget.ts";
import { checkScenario } from "./run-scenario.ts";

function crowd(count: number, how: Parameters<typeof connect>[1] = {}) {
	const ruleset = { name: "none.rules", text: "*filter\nCOMMIT\n" };
	return scenario({
		name: "crowd",
		title: "A crowd",
		setup: recipeSetup({ ruleset }),
		steps: [connect(count, how)],
		expect: [outcomes("refused", count)],
	}) as PlayableScenario;
}

it("ends as unknown after so many steps, with what was played so far", () => {
	const result = checkScenario(crowd(1_000, { everyMs: 1 }), {
		limits: { steps: 500 },
	});
	expect(result.outcome).toBe("unknown");
	expect(result.unknown?.reason).toMatch(
		/^budget exhausted at 0\.\d+ s: more than 500 steps$/,
	);
	const { length } = result.account.connections;
	expect(length).toBeGreaterThan(50);
	expect(length).toBeLessThan(500);
	expect(result.judgements.map(({ outcome }) => outcome)).toEqual(["unknown"]);
});

it("ends as unknown after so much virtual time", () => {
	const { unknown, account } = checkScenario(crowd(100, { everyMs: 1_000 }), {
		limits: { virtualS: 10 },
	});
	expect(unknown?.reason).toMatch(/more than 10 s of virtual time$/);
	expect(account.connections).toHaveLength(11);
});

it("looks at the budget also while a crowd comes at once", () => {
	const { unknown, account } = checkScenario(crowd(50_000), {
		limits: { steps: 20 },
	});
	expect(unknown?.reason).toMatch(/more than 20 steps/);
	expect(account.connections.length).toBeLessThan(50_000);
});

it("says before the play that there is no memory for so many connections", () => {
	const many = crowd(1_000_000, { everyMs: 1, dialogue: connectOnly() });
	const { unknown, account } = checkScenario(many, {
		limits: { memoryMb: 300 },
	});
	expect(unknown?.reason).toMatch(
		/^budget exhausted at 0\.000 s: 1,000,000 connections take 429 MB at least, and \d+ MB are left; --max-memory allows more$/,
	);
	expect(account.connections).toEqual([]);
});

it("says what gives Node more memory, where its heap is the limit", () => {
	const many = crowd(1_000_000);
	const endless = {
		...many,
		steps: Array.from({ length: 20_000 }, () => many.steps).flat(),
	};
	expect(createBudget(endless).memory()).toMatch(
		/NODE_OPTIONS=--max-old-space-size=\d+ gives Node more$/,
	);
});

it("ends when the memory is used up that may be", () => {
	const standing = crowd(100_000, { everyMs: 1, dialogue: hold() });
	const budget = createBudget(standing, { memoryMb: 1 });
	expect(budget.memory()).toMatch(/of memory are used, and 1 MB may be/);
	// Long after the beginning, too.
	expect(budget.memory()).toMatch(/of memory are used, and 1 MB may be/);
});

it("is no agreement of model and kernel, where it ends a comparison", async () => {
	const { unknown, divergences } = await compareScenario(
		crowd(100, { everyMs: 1 }),
		{ driver: driverWith((ask) => ask), limits: { steps: 50 } },
	);
	expect(divergences).toEqual([]);
	expect(unknown?.reason).toMatch(/^budget exhausted/);
});
