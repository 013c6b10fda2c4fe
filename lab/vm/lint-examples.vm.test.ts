/** A kernel takes both examples of each rule of the linter: what is wrong with a ruleset does not keep it from loading. */
import { expect, it } from "vitest";
import { allLintRules } from "../../scenarios/analysis/lint/rules/index.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";
import { createTextOracle } from "./text-oracle.ts";

const EMPTY = ["raw", "mangle", "nat", "filter", "security"]
	.map((table) => `*${table}\nCOMMIT\n`)
	.join("");

describeOnVm("the examples of the linter's rules", () => {
	const driver = vmDriver();

	it("load", async () => {
		const oracle = await createTextOracle(await driver().start());
		const options = { noflush: false, counters: false };
		const refused: string[] = [];
		for (const { code, examples } of allLintRules)
			for (const [name, text] of Object.entries(examples)) {
				const said = await oracle.restore(EMPTY + text, options);
				if (said.exitCode !== 0) refused.push(`${code} ${name}: ${said.words}`);
			}
		expect(refused).toEqual([]);
	}, 240_000);
});
