/** Whoever is measured balances, else its figures are of something else. */
import { afterEach, expect, it } from "vitest";
import {
	recipeSetup,
	scenario,
} from "../../../scenarios/language/build/build.ts";
import { resolveRules } from "../../../scenarios/load/load-scenarios.ts";
import { recipeRules } from "../../../scenarios/suites/index.ts";
import { BUILD_TIMEOUT_MS, describeOnDocker } from "../engine/test-engine.ts";
import type { Lab } from "../lab.ts";
import { prepareLab } from "../play/docker-lab.ts";
import { thisProcess } from "../resources/owner.ts";
import { routerWish } from "../router/router-kernel.ts";
import { contestants } from "./contestants.ts";
import { closed, playLoad, untilServed } from "./play-load.ts";

describeOnDocker("in the router's place", () => {
	let lab: Lab | null = null;
	afterEach(async () => {
		await lab?.down();
		lab = null;
	});

	it.each([
		"recipe without conditions, host kernel",
		"haproxy",
		"nginx stream",
	])(
		"%s balances evenly",
		async (name) => {
			const prepared = await prepareLab(routerWish({}), () => {});
			const recipe = await recipeRules();
			const one = await resolveRules(
				scenario({
					name: "one",
					title: "",
					steps: [],
					expect: [],
					setup: recipeSetup({ ruleset: recipe }),
				}),
				".",
				{ file: "" },
			);
			// As on a host without the module: what is measured with it is the recipe, which is tested elsewhere.
			const host = { release: "any", hasCondition: false };
			const contestant = contestants(host, {
				recipe: recipe.text,
				machine: null,
			}).find((each) => each.name === name);
			lab = await prepared.start(one, {
				kernel: contestant?.kernel ?? { kind: "proxy", release: "" },
				owner: thisProcess(),
			});
			await contestant?.begin(lab);
			await untilServed(lab, one);
			const records = await playLoad(lab, one, closed(1, 500));
			expect(records.filter(({ error }) => error !== "")).toEqual([]);
			const count = (backend: string) =>
				records.filter((record) => record.backend === backend).length;
			expect(records.length).toBeGreaterThan(20);
			expect(Math.abs(count("b1") - count("b2"))).toBeLessThanOrEqual(
				// Each of a proxy's threads takes its own turns.
				records.length * 0.2,
			);
		},
		BUILD_TIMEOUT_MS,
	);
});
