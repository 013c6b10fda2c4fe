import { describe, expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { TraceEvent } from "../../../sim/contract/gateway.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
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
import { traceLines } from "../../../sim/netfilter/trace-line.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
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
const TRACED = DIFFERENCE_NAMES.filter((name) => "traced" in DIFFERENCES[name]);

it("shows each difference", () => {
	expect([...SHOWN, ...PRINTED, ...SET, ...TRACED].sort()).toEqual(
		[...DIFFERENCE_NAMES].sort(),
	);
});

/** What TRACE has of a packet to the router. */
function tracedLines(text: string, linux: Linux): readonly string[] {
	const events: TraceEvent[] = [];
	const choice = seededChoice(1);
	const trace = (event: TraceEvent) => void events.push(event);
	const gateway = new ModelGateway({ ...ROUTER, linux }, { choice, trace });
	const how = { noflush: false, counters: false };
	gateway.operate({ kind: "restore", file: "traced.rules", text, ...how });
	gateway.receive("in", parsePacket("tcp 10.0.0.10:40000 > 10.0.0.1:25 S"));
	return traceLines(events, behaviourOf(linux));
}

const ROUTER = {
	interfaces: [{ name: "in", addresses: ["10.0.0.1/8"], mtu: 1500 }],
	routes: [],
	sysctls: {},
	listeners: [],
	epochMs: 0,
};

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
			const text = `*${saved.table ?? "filter"}\n${saved.rules}\nCOMMIT\n`;
			const ruleset = parseRuleset(text, { linux });
			const lines = printRuleset(ruleset, { linux }).split("\n");
			expect([linuxName(linux), lines.includes(saved.as)]).toEqual([
				linuxName(linux),
				behaviourOf(linux)[name] === DEFAULT_BEHAVIOUR[name],
			]);
		}
	});
});

describe.each(TRACED)("difference %s, which TRACE shows", (name) => {
	it("has rules that are traced so where the default Linux's value is, and nowhere else", () => {
		const { traced }: Pick<Difference<unknown>, "traced"> = DIFFERENCES[name];
		if (traced === undefined) throw new Error("neither scenario nor rules");
		for (const linux of LINUXES) {
			const text = `*filter\n${traced.rules}\nCOMMIT\n`;
			const lines = tracedLines(text, linux);
			const isThere = lines.some((line) => line.includes(traced.as));
			expect([linuxName(linux), isThere]).toEqual([
				linuxName(linux),
				behaviourOf(linux)[name] === DEFAULT_BEHAVIOUR[name],
			]);
		}
	});
});
