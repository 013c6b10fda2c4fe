import { analyse } from "../scenarios/analysis/services/analysis.ts";
import type { Ruleset } from "../sim/contract/ruleset.ts";
import { parseRuleset } from "../sim/ruleset/parse.ts";
import { kubeProxyRules } from "./kube-proxy.ts";
import { perSecond, type Series } from "./series.ts";

/** The first one warms up, and is not counted. */
const ROUNDS = 4;
const SERVICES = 1000;

interface Measured {
	readonly name: string;
	readonly unit: string;
	readonly aim: number;
	readonly ruleset: Ruleset;
	/** Analyses of a round, and what is counted of one. */
	readonly times: number;
	readonly each: number;
}

/** From rules to services with exact splits: what `marktwin split` computes. */
export function measureAnalysis(): readonly Series[] {
	const all: readonly Measured[] = [
		{
			name: "100 backends in turn",
			unit: "analyses/s",
			aim: 10,
			ruleset: cascade(100, (index) => 100 - index),
			times: 3,
			each: 1,
		},
		{
			// Each counter sees what the ones before it left: their states come back after 10¹⁰ connections.
			name: "every 10, ten times",
			unit: "analyses/s",
			aim: 200,
			ruleset: cascade(10, () => 10),
			times: 20,
			each: 1,
		},
		{
			name: "1,000 services of kube-proxy",
			unit: "services/s",
			aim: SERVICES / 4,
			ruleset: parseRuleset(
				kubeProxyRules({ services: SERVICES, endpoints: 10 }),
			),
			times: 1,
			each: SERVICES,
		},
	];
	const values = all.map((): number[] => []);
	for (let round = 0; round < ROUNDS; round++)
		for (const [index, { ruleset, times, each }] of all.entries()) {
			const speed = perSecond(times * each, () => {
				for (let n = 0; n < times; n++) analyse(ruleset);
			});
			if (round > 0) values[index]?.push(speed);
		}
	return all.map(({ name, unit, aim }, index) => ({
		name: `analysis: ${name}`,
		unit,
		values: values[index] ?? [],
		aim,
	}));
}

function cascade(
	backends: number,
	everyOf: (index: number) => number,
): Ruleset {
	const rules = Array.from(
		{ length: backends },
		(_, index) =>
			`-A PREROUTING -d 203.0.113.10/32 -p tcp -m tcp --dport 80 -m statistic --mode nth --every ${everyOf(index)} --packet 0 -j DNAT --to-destination 10.20.0.${index + 1}:8080`,
	);
	return parseRuleset(["*nat", ...rules, "COMMIT", ""].join("\n"));
}
