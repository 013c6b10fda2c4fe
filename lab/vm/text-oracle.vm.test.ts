import { expect, it } from "vitest";
import { fuzzTexts } from "../../scenarios/fuzz/text/fuzz-text.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";
import { createTextOracle } from "./text-oracle.ts";

describeOnVm("texts for iptables-restore", () => {
	const driver = vmDriver();

	it("are taken, refused and printed by the model as by iptables and a kernel", async () => {
		const oracle = await createTextOracle(await driver().start());
		const { findings, coverage } = await fuzzTexts({
			seed: 6,
			from: 0,
			runs: 120,
			shrinkMs: 20_000,
			oracle: async () => oracle,
		});
		expect(findings).toEqual([]);
		expect(coverage.verdicts.get("accepted")).toBeGreaterThan(20);
	}, 240_000);
});
