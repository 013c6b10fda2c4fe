/** A split that draws leave within what chance allows, though the rules give other shares. */
import { describe, expect, it } from "vitest";
import {
	at,
	backendAt,
	connect,
	iptables,
	recipeSetup,
	scenario,
	split,
	splitBySource,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const SMTP = "-A PREROUTING -d 10.0.0.1 -p tcp --dport 25";
const TO = [1, 2, 3].map((n) => `-j DNAT --to-destination 192.168.0.${n}`);
const drawn = (probability: string) =>
	`-m statistic --mode random --probability ${probability}`;
const three = (one: string, other: string) =>
	`*nat\n${SMTP} ${drawn(one)} ${TO[0]}\n${SMTP} ${drawn(other)} ${TO[1]}\n${SMTP} ${TO[2]}\nCOMMIT\n`;

/** 33.3, 22.2 and 44.4 %. */
const WRONG = three("0.33333333", "0.33333333");
const RIGHT = three("0.33333333", "0.5");
/** Nearly: what 0.33 is written for. */
const ROUNDED = three("0.33", "0.5");
const THIRDS = { b1: 1, b2: 1, b3: 1 };

function found(
	text: string,
	expectation: Expectation,
	steps: readonly ScenarioStep[] = [connect(20)],
	seed = 1,
) {
	const { judgements } = checkScenario(
		scenario({
			name: "luck",
			title: "Luck",
			setup: recipeSetup({
				ruleset: { name: "my.rules", text },
				backends: [1, 2, 3].map((n) => backendAt(`b${n}`, `192.168.0.${n}`)),
			}),
			steps,
			expect: [expectation],
		}) as PlayableScenario,
		{ seed },
	);
	return judgements[0];
}

describe("a split of rules whose own shares are others", () => {
	it("is luck where few draws fit, and says how many would tell", () => {
		const judgement = found(WRONG, split(THIRDS));
		expect(judgement?.outcome).toBe("unknown");
		expect(judgement?.seen).toMatch(
			/luck: the rules give b1 33\.3 %, b2 22\.2 %, b3 44\.4 %, and not b1 33\.3 %, b2 33\.3 %, b3 33\.3 %; about \d+ draws would tell these apart/,
		);
	});

	it("is luck within a tolerance that the rules' shares leave", () => {
		const outcomes = (tolerance: number) => {
			const seeds = Array.from({ length: 12 }, (_, index) => index);
			const steps = [connect(20)];
			return new Set(
				seeds.map(
					(seed) =>
						found(WRONG, split(THIRDS, { tolerance }), steps, seed)?.outcome,
				),
			);
		};
		expect(outcomes(0.1)).toEqual(new Set(["violated", "unknown"]));
		expect(outcomes(0.2)).toContain("holds");
		expect(outcomes(0.2)).not.toContain("unknown");
	});

	it.each([
		["as expected", RIGHT],
		["as near as decimals are written", ROUNDED],
	])("holds where they are %s", (_, text) => {
		expect(found(text, split(THIRDS))?.outcome).toBe("holds");
	});

	it("is left as it is where rules change meanwhile", () => {
		const judgement = found(WRONG, split(THIRDS), [
			connect(20, { everyMs: 100 }),
			...at(100, iptables("iptables -A FORWARD -j ACCEPT")),
		]);
		expect(judgement?.outcome).toBe("holds");
	});

	it("is luck of sources as well", () => {
		const sources = (other: string) =>
			`*nat\n${SMTP} ${TO[0]}\n-A POSTROUTING -p tcp ${drawn("0.5")} -j SNAT --to-source 192.168.0.251\n-A POSTROUTING -p tcp ${drawn(other)} -j SNAT --to-source 192.168.0.252\n-A POSTROUTING -p tcp -j SNAT --to-source 192.168.0.253\nCOMMIT\n`;
		const bySource = splitBySource({
			"192.168.0.251": 5,
			"192.168.0.252": 3,
			"192.168.0.253": 2,
		});
		const steps = [connect(40)];
		const judgement = found(sources("0.3"), bySource, steps);
		expect(judgement?.outcome).toBe("unknown");
		expect(judgement?.seen).toContain(
			"luck: the rules give 192.168.0.251 50 %, 192.168.0.252 15 %, 192.168.0.253 35 %",
		);
		expect(found(sources("0.6"), bySource, steps)?.outcome).toBe("holds");
	});
});
