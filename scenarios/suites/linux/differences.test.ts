import { describe, expect, it } from "vitest";
import {
	behaviourOf,
	DEFAULT_BEHAVIOUR,
	DIFFERENCE_NAMES,
} from "../../../sim/linux/behaviour.ts";
import { DIFFERENCES } from "../../../sim/linux/differences.ts";
import {
	BACKENDS,
	IPTABLES_VERSIONS,
	KERNELS,
	type Linux,
	linuxName,
} from "../../../sim/linux/linux.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../index.ts";

const builtIn = new Map(
	(await loadBuiltInScenarios()).map(({ scenario }) => [
		scenario.name,
		scenario,
	]),
);

const LINUXES: readonly Linux[] = KERNELS.flatMap((kernel) =>
	IPTABLES_VERSIONS.flatMap((iptables) =>
		BACKENDS.map((backend) => ({ kernel, iptables, backend })),
	),
);

describe.each(DIFFERENCE_NAMES)("difference %s", (name) => {
	const { scenario: shown } = DIFFERENCES[name];
	const scenario = builtIn.get(shown);

	it("has a scenario, which holds where the default Linux's value is and nowhere else", () => {
		if (scenario === undefined) throw new Error(`no scenario ${shown}`);
		for (const linux of LINUXES) {
			const { setup } = scenario;
			const gateway = { ...setup.gateway, linux };
			const { outcome } = checkScenario({
				...scenario,
				setup: { ...setup, gateway },
			});
			const isUsual = behaviourOf(linux)[name] === DEFAULT_BEHAVIOUR[name];
			expect([linuxName(linux), outcome]).toEqual([
				linuxName(linux),
				isUsual ? "holds" : "violated",
			]);
		}
	});
});
