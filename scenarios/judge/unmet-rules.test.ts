import { expect, it } from "vitest";
import {
	connect,
	recipeSetup,
	scenario,
	service,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { unmetRules } from "./unmet-rules.ts";

const withRules = (
	text: string,
	more: Parameters<typeof recipeSetup>[0] = {},
	steps = connect(2),
) =>
	checkScenario(
		scenario({
			name: "story",
			title: "story",
			setup: recipeSetup({ ruleset: { name: "my.rules", text }, ...more }),
			steps: [steps],
			expect: [],
		}) as PlayableScenario,
	);

it("tells which connections the rules met nothing of", () => {
	const other =
		"*nat\n-A PREROUTING -i wan0 -p tcp --dport 443 -j DNAT --to-destination 192.168.7.1\nCOMMIT\n";
	expect(unmetRules(withRules(other))).toBe(
		"my.rules: none of its rules matched a packet; the connections go to 10.0.0.1:25 by bond0.204",
	);
});

it("tells of the services that were asked", () => {
	const services = [80, 25].map((port) =>
		service(`of ${port}`, { address: "10.0.0.1", port }),
	);
	expect(
		unmetRules(
			withRules(
				"*nat\n-A PREROUTING -i wan0 -j DNAT --to-destination 192.168.7.1\nCOMMIT\n",
				{ services },
				connect(2, { service: "of 25" }),
			),
		),
	).toMatch(/; the connections go to 10\.0\.0\.1:25 by bond0\.204$/);
});

it("tells nothing where a rule matched, or where there are no rules", () => {
	expect(
		unmetRules(withRules("*filter\n-A INPUT -p tcp\nCOMMIT\n")),
	).toBeNull();
	expect(unmetRules(withRules("*filter\nCOMMIT\n"))).toBeNull();
});

it("tells of a ruleset without any table", () => {
	for (const text of ["", "# nothing here\n"])
		expect(unmetRules(withRules(text))).toBe(
			"my.rules: it has no table, so no packet met a rule",
		);
});

/** Its trap is that rules of PREROUTING meet nothing that the router itself sends. */
const MEETS_NO_RULE = "local-client-not-balanced";

it("tells it of one scenario that comes with marktwin, which shows it", async () => {
	for (const { scenario: one } of await loadBuiltInScenarios()) {
		const told = unmetRules(checkScenario(one));
		if (one.name === MEETS_NO_RULE) expect(told).not.toBeNull();
		else expect(told, one.name).toBeNull();
	}
});
