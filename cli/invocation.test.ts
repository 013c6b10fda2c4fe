import { expect, it } from "vitest";
import type { LoadedScenario } from "../scenarios/load/load-scenarios.ts";
import { replayCommand, wholeCommand } from "./invocation.ts";

const rules = new Map<string, string>();

it("says what was played, and where; what is usual is left out", () => {
	expect(
		wholeCommand("run", [], { rules, on: "model", iptables: "legacy" }),
	).toBe("marktwin run");
	expect(
		wholeCommand("compare", ["live"], {
			rules,
			seed: 7,
			filter: "b1 dead",
			with: "docker",
			iptables: "nft",
			kernel: "vm",
		}),
	).toBe(
		"marktwin compare live --filter 'b1 dead' --seed 7 --with docker --iptables nft --kernel vm",
	);
});

it("plays just one scenario again: a built-in one by its name, one of a file by the file and a filter", () => {
	const loaded = (file: string) =>
		({
			file,
			scenario: { name: "mine", setup: { seed: 1 } },
		}) as LoadedScenario;
	const same = new Map([["recipe.rules", "sp ace/$my.rules"]]);
	expect(
		replayCommand("run", loaded(""), { rules, on: "vm", maxSteps: 10 }),
	).toBe("marktwin run mine --seed 1 --on vm --max-steps 10");
	expect(
		replayCommand("compare", loaded("it's.json"), {
			rules: same,
			seed: 9,
			kernel: "my kernel",
			with: "docker",
			iptables: "nft",
		}),
	).toBe(
		"marktwin compare 'it'\\''s.json' --filter mine --seed 9 --rules 'recipe.rules=sp ace/$my.rules' --with docker --iptables nft --kernel 'my kernel'",
	);
});
