/**
 * Ways that a walk takes, against a plain play of the model whose counters, draws and conditions are such
 * that the packet takes this way.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Choice } from "../../../sim/chance/choice.ts";
import type { Fate, GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { ruleOfDraw } from "../../../sim/matches/statistic.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import { toScenario } from "../../fuzz/case-to-scenario.ts";
import { type FuzzCase, fuzzCases } from "../../fuzz/fuzz-case.ts";
import { drive } from "../../run/driver.ts";
import { wholePlay } from "../../run/run-scenario.ts";
import { gatewayChoice } from "../../run/set-up.ts";
import { balancers } from "../services/test-balancers.ts";
import type { Asked, Decision, End } from "./decision.ts";
import { SYN, TEST_SETUP } from "./test-walk.ts";
import { type Arrival, TooManyWaysError, Walker } from "./walker.ts";

const SEED = 14;

interface Step {
	readonly asked: Asked;
	readonly way: number;
}

interface Way {
	readonly steps: readonly Step[];
	readonly end: End;
}

/** @param next of the ways at a fork, as a number that is as large as one likes */
function wayThrough(decision: Decision, next: (step: number) => number): Way {
	const steps: Step[] = [];
	let at = decision;
	while (at.kind === "fork") {
		const way = next(steps.length) % at.ways.length;
		steps.push({ asked: at.asked, way });
		at = at.ways[way] as Decision;
	}
	return { steps, end: at.end };
}

/** `--packet` of each counter with which it answers so; `null`: there is none, or a question is not about counters. */
function countersFor(steps: readonly Step[]): Map<string, number> | null {
	const answers = new Map<string, { every: number; holds: boolean[] }>();
	for (const { asked, way } of steps) {
		if (asked.kind === "open") return null;
		if (asked.kind !== "turn") continue;
		const { every } = asked;
		const known = answers.get(asked.key) ?? { every, holds: [] };
		known.holds.push((way === 1) !== asked.inverted);
		answers.set(asked.key, known);
	}
	const packets = new Map<string, number>();
	for (const [key, { every, holds }] of answers) {
		// The first packet is number 0.
		const packet = Array.from({ length: every }, (_, at) => at).find((at) =>
			holds.every((one, asked) => one === (asked % every === at)),
		);
		if (packet === undefined) return null;
		packets.set(key, packet);
	}
	return packets;
}

function withCounters(
	{ tables }: Ruleset,
	packets: ReadonlyMap<string, number>,
): Ruleset {
	const changed = (rule: Rule, name: string): Rule => ({
		...rule,
		matches: rule.matches.map((use, place) => {
			const packet = packets.get(`${name} ${place}`);
			return packet === undefined
				? use
				: { ...use, options: { ...use.options, packet } };
		}),
	});
	return {
		tables: tables.map((table) => ({
			...table,
			chains: table.chains.map((chain) => ({
				...chain,
				rules: chain.rules.map((rule, index) =>
					changed(rule, `${table.name}:${chain.name}:rule:${index + 1}`),
				),
			})),
		})),
	};
}

/** Draws as the way has them; all others as a walk takes them. */
function choiceFor(steps: readonly Step[]): Choice {
	const draws = steps.filter(({ asked }) => asked.kind === "draw");
	const spreads = steps.filter(({ asked }) => asked.kind === "spread");
	const spread = (count: number) =>
		count === 1 ? 0 : (spreads.shift()?.way ?? 0);
	return {
		happens(_, __, label) {
			const draw = ruleOfDraw(label);
			const at = draws.findIndex(({ asked }) => asked.at.rule === draw?.rule);
			const [step] = at < 0 ? [] : draws.splice(at, 1);
			return step !== undefined && (step.way === 1) !== draw?.inverted;
		},
		pick: (count, label) =>
			label.startsWith("nat destination port") ? spread(count) : 0,
		spread,
	};
}

/** @returns `null`: no state of counters leads this way */
function played(
	{ ruleset, setup, arrival }: Walked,
	{ steps }: Way,
): { readonly text: string; readonly rules: readonly string[] } | null {
	const packets = countersFor(steps);
	if (packets === null) return null;
	const rules: string[] = [];
	const gateway = new ModelGateway(setup, {
		choice: choiceFor(steps),
		reached: (rule) => rules.push(rule),
	});
	const restored = gateway.operate({
		kind: "restore",
		text: printRuleset(withCounters(ruleset, packets), { counters: false }),
		file: "",
		noflush: false,
		counters: false,
	});
	expect(restored).toEqual({ ok: true });
	for (const { asked, way } of steps)
		if (asked.kind === "condition")
			gateway.operate({
				kind: "condition",
				name: asked.name,
				write: `${way}`,
			});
	const { fate, emissions } = gateway.receive(
		arrival.interface,
		arrival.packet,
	);
	const sent = fate.kind === "forwarded" ? emissions.at(-1)?.packet : undefined;
	return {
		text: `${fateText(fate)} ${sent === undefined ? "" : printPacket(sent)}`,
		rules: rules.flatMap((name) => ruleOf(name, ruleset)),
	};
}

/** TRACE takes an unconditional verdict for the end of its chain (`get_chainname_rulenum`). */
function ruleOf(name: string, { tables }: Ruleset): readonly string[] {
	const [table, chain, , number] = name.split(":");
	const rules = tables
		.find((one) => one.name === table)
		?.chains.find((one) => one.name === chain)?.rules;
	return rules !== undefined && Number(number) <= rules.length
		? [`${table}:${chain}:rule:${number}`]
		: [];
}

interface Walked {
	readonly ruleset: Ruleset;
	readonly setup: GatewaySetup;
	readonly arrival: Arrival;
}

function endText({ fate, packet }: End): string {
	const sent = fate.kind === "forwarded" && packet !== null;
	return `${fateText(fate)} ${sent ? printPacket(packet) : ""}`;
}

/** A play names a rule as the kernel does, which calls an unconditional verdict a policy. */
function fateText(fate: Fate): string {
	return JSON.stringify(fate).replace(":policy:", ":rule:");
}

/** @returns how many ways there was a play of */
function mustBePlays(
	{ walked, decision }: { walked: Walked; decision: Decision },
	random: () => number,
): number {
	let count = 0;
	for (let time = 0; time < 6; time++) {
		const way = wayThrough(decision, random);
		const play = played(walked, way);
		if (play === null) continue;
		count++;
		expect(play.text).toBe(endText(way.end));
		// Rules are those of the first way that leads to an end.
		const { ways, rules } = way.end;
		const first = wayThrough(decision, (step) => ways[step] ?? 0);
		expect(first.end).toBe(way.end);
		const names = rules.map(({ rule }) => rule);
		const firstPlay = played(walked, first);
		if (firstPlay !== null)
			expect(firstPlay.rules.slice(0, names.length)).toEqual(names);
	}
	return count;
}

test("every way of a balancer is a play", () => {
	let plays = 0;
	const means = ["turn", "draw", "condition"] as const;
	fc.assert(
		fc.property(
			balancers({ means, halves: true }),
			fc.infiniteStream(fc.nat()),
			(text, random) => {
				const ruleset = parseRuleset(text, { file: "test.rules" });
				const setup = {
					...TEST_SETUP,
					interfaces: TEST_SETUP.interfaces.map((one) =>
						one.name === "eth0"
							? { ...one, addresses: ["203.0.113.10/24"] }
							: one,
					),
				};
				const packet = { ...SYN.packet, destination: SERVICE };
				const walked = { ruleset, setup, arrival: { ...SYN, packet } };
				const decision = new Walker(ruleset, setup).walk(walked.arrival);
				plays += mustBePlays({ walked, decision }, () => random.next().value);
			},
		),
		{ seed: SEED, numRuns: 80 },
	);
	expect(plays).toBeGreaterThan(200);
});

/** 203.0.113.10 */
const SERVICE = 0xcb00710a | 0;

/** Packets as they come to the gateway of a case, each as the first one that comes. */
function arrivalsOf(one: FuzzCase): {
	readonly setup: GatewaySetup;
	readonly arrivals: readonly Arrival[];
} {
	const { scenario } = toScenario(one, "ways");
	const given = scenario.setup.gateway;
	const setup = {
		...given,
		sysctls: {
			"ipv4.conf.all.send_redirects": 0,
			...Object.fromEntries(
				given.interfaces.map(({ name }) => [
					`ipv4.conf.${name.replaceAll(".", "/")}.send_redirects`,
					0,
				]),
			),
		},
	};
	const gateway = new ModelGateway(given, { choice: gatewayChoice(1) });
	const arrivals: Arrival[] = [];
	drive(wholePlay(scenario, 1, {}), {
		answer(ask) {
			if (ask.kind === "packet" && ask.interface !== "lo") arrivals.push(ask);
			return gateway.answer(ask);
		},
	});
	return { setup, arrivals: arrivals.slice(0, 6) };
}

test("every way through rules of all kinds is a play", () => {
	let plays = 0;
	fc.assert(
		fc.property(fuzzCases, fc.infiniteStream(fc.nat()), (one, random) => {
			const ruleset = parseRuleset(one.ruleset, { file: "test.rules" });
			const { setup, arrivals } = arrivalsOf({
				...one,
				steps: one.steps.slice(0, 30),
			});
			const walker = new Walker(ruleset, setup);
			for (const arrival of arrivals) {
				let decision: Decision;
				try {
					decision = walker.walk(arrival, { mostForks: 2000 });
				} catch (error) {
					if (error instanceof TooManyWaysError) continue;
					throw error;
				}
				const walked = { ruleset, setup, arrival };
				plays += mustBePlays({ walked, decision }, () => random.next().value);
			}
		}),
		{ seed: SEED, numRuns: 20 },
	);
	expect(plays).toBeGreaterThan(150);
}, 120_000);
