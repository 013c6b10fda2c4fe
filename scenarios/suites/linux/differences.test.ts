import { describe, expect, it } from "vitest";
import {
	behaviourOf,
	DEFAULT_BEHAVIOUR,
	DIFFERENCE_NAMES,
} from "../../../sim/linux/behaviour.ts";
import {
	type Difference,
	NOT_FOLLOWED,
} from "../../../sim/linux/difference.ts";
import { DIFFERENCES } from "../../../sim/linux/differences.ts";
import {
	BACKENDS,
	IPTABLES_VERSIONS,
	KERNELS,
	type Linux,
	linuxName,
} from "../../../sim/linux/linux.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
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

const SHOWN = DIFFERENCE_NAMES.filter(
	(name) => DIFFERENCES[name].scenario !== null,
);
const PRINTED = DIFFERENCE_NAMES.filter((name) => "saved" in DIFFERENCES[name]);
const SET = DIFFERENCE_NAMES.filter((name) => "setting" in DIFFERENCES[name]);

it("shows each difference", () => {
	expect([...SHOWN, ...PRINTED, ...SET].sort()).toEqual(
		[...DIFFERENCE_NAMES].sort(),
	);
});

describe.each(SHOWN)("difference %s", (name) => {
	const shown = DIFFERENCES[name].scenario ?? "";
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
			const value: unknown = behaviourOf(linux)[name];
			const isUsual = value === DEFAULT_BEHAVIOUR[name];
			const otherwise = value === NOT_FOLLOWED ? "unknown" : "violated";
			expect([linuxName(linux), outcome]).toEqual([
				linuxName(linux),
				isUsual ? "holds" : otherwise,
			]);
		}
	});
});

describe.each(PRINTED)("difference %s, which no packet shows", (name) => {
	it("has rules that are printed so where the default Linux's value is, and nowhere else", () => {
		const { saved }: Pick<Difference<unknown>, "saved"> = DIFFERENCES[name];
		if (saved === undefined) throw new Error("neither scenario nor rules");
		for (const linux of LINUXES) {
			const text = `*filter\n${saved.rules}\nCOMMIT\n`;
			const ruleset = parseRuleset(text, { linux });
			const lines = printRuleset(ruleset, { linux }).split("\n");
			expect([linuxName(linux), lines.includes(saved.as)]).toEqual([
				linuxName(linux),
				behaviourOf(linux)[name] === DEFAULT_BEHAVIOUR[name],
			]);
		}
	});
});
