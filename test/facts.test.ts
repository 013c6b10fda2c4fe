import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkScenario } from "../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../scenarios/suites/index.ts";
import { FACTS } from "./facts.ts";

const ROOT = join(import.meta.dirname, "..");
const loaded = new Map(
	(await loadBuiltInScenarios()).map(({ scenario }) => [
		scenario.name,
		scenario,
	]),
);

describe("what a kernel was measured to do", () => {
	it("is told fact by fact, each with a name of its own", () => {
		expect(new Set(FACTS.map(({ id }) => id)).size).toBe(FACTS.length);
	});

	it.each(FACTS)("$id: $says", ({ shownBy }) => {
		expect(shownBy).not.toEqual([]);
		for (const proof of shownBy) {
			if ("file" in proof) {
				const text = readFileSync(join(ROOT, proof.file), "utf8");
				expect(text).toContain(proof.test);
				continue;
			}
			const scenario = loaded.get(proof.scenario);
			if (!scenario)
				expect.fail(`there is no scenario named ${proof.scenario}`);
			expect(`${scenario.name} ${checkScenario(scenario).outcome}`).toBe(
				`${scenario.name} holds`,
			);
		}
	});

	it("is what every scenario of the kernel suites is about", () => {
		const named = new Set(
			FACTS.flatMap(({ shownBy }) =>
				shownBy.map((proof) => ("scenario" in proof ? proof.scenario : "")),
			),
		);
		const others = [...loaded.values()].filter(
			({ suite, name }) => suite.startsWith("kernel-") && !named.has(name),
		);
		expect(others.map(({ name }) => name)).toEqual([]);
	});
});
