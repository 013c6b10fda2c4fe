/** Plays counterexamples on a kernel: it confirms each, or the model is wrong. */

import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { replayOf } from "../../scenarios/result/invocation.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import { openKernelTier } from "../play/tier.ts";
import { err, whileShowing } from "../screen/screen.ts";
import type { NamedCounterexample } from "./counterexamples.ts";

/**
 * @returns of how many the kernel says otherwise
 * @throws LabError
 */
export async function confirm(
	all: readonly NamedCounterexample[],
	lab: DriverChoice<"vm">,
): Promise<number> {
	if (all.length === 0) return 0;
	const tier = await openKernelTier(lab, {});
	let wrong = 0;
	try {
		await whileShowing("starting the kernel …", () => tier.start());
		for (const { name, scenario } of all) {
			const { seed } = scenario.setup;
			const replay = replayOf("compare", { name, seed, file: "" });
			const one = { file: "", scenario };
			const { verdict, comparison } = await whileShowing(
				`confirming ${name} …`,
				async () => judgeComparison(await tier.compare(one, replay)),
			);
			if (verdict === "diverges") wrong++;
			const isDrawn = verdict === "unknown";
			const word = isDrawn
				? `? not known: ${comparison.unknown?.reason ?? ""}`
				: verdict === "agrees"
					? "✓ confirmed"
					: "✗ the kernel does something else: a fault of marktwin";
			err.show([`${word}: ${name} (${tier.driver.version})`]);
		}
	} finally {
		await tier.close();
	}
	return wrong;
}
