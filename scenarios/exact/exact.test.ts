import { describe, expect, it } from "vitest";
import {
	backendAt,
	connect,
	outcomes,
	recipeSetup,
	scenario,
	send,
	service,
	setCondition,
	split,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { rulesetSummaries } from "./ruleset-summary.ts";

const nat = (...rules: readonly string[]) =>
	`*nat\n:TWO - [0:0]\n:OTHERS - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;
const SMTP = "PREROUTING -p tcp --dport 25";
const to = (backend: number) => `-j DNAT --to-destination 192.168.0.${backend}`;
const nth = (every: number, packet = 0) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;

function judged(
	text: string,
	weights: Readonly<Record<string, number>>,
	parts: Partial<Parameters<typeof scenario>[0]> = {},
) {
	const played = scenario({
		name: "exact",
		title: "Exact",
		setup: recipeSetup({ ruleset: { name: "my.rules", text } }),
		steps: [connect(9, { everyMs: 10 })],
		expect: [split(weights)],
		...parts,
	}) as PlayableScenario;
	return checkScenario(played).judgements;
}

/** b1 gets 1/6 and 1/10, at times that lie together: twice in a row, and not for long. */
const UNEVEN = nat(
	`${SMTP} ${nth(2)} -j TWO`,
	`${SMTP} -j OTHERS`,
	`TWO -p tcp ${nth(3)} ${to(1)}`,
	`TWO -p tcp ${to(2)}`,
	`OTHERS -p tcp ${nth(5)} ${to(1)}`,
	`OTHERS -p tcp ${to(2)}`,
);

describe("a split by counters", () => {
	it("may stray as far as its counters do", () => {
		const steps = [connect(2, { everyMs: 10 })];
		const [judgement] = judged(UNEVEN, { b1: 4, b2: 11 }, { steps });
		// Whole numbers alone would leave 0 or 1.
		expect(judgement).toMatchObject({
			outcome: "holds",
			seen: "b1 2, b2 0",
			expected: expect.stringContaining("these rules stray from it by "),
		});
	});

	it("may not where its shares are others", () => {
		const steps = [connect(2, { everyMs: 10 })];
		const [judgement] = judged(UNEVEN, { b1: 1, b2: 3 }, { steps });
		expect(judgement).toMatchObject({ outcome: "violated" });
		expect(judgement?.why.map(({ text }) => text)).toContain(
			"the exact shares of the rules: b1 4/15, b2 11/15",
		);
	});

	it("is looked at for flows of UDP as for connections", () => {
		const datagrams = UNEVEN.replaceAll("tcp", "udp").replaceAll("25", "53");
		const setup = recipeSetup({
			ruleset: { name: "my.rules", text: datagrams },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 }),
			],
		});
		const steps = [send(2, { sockets: "each", everyMs: 10 })];
		const [judgement] = judged("", { b1: 1, b2: 3 }, { setup, steps });
		expect(judgement).toMatchObject({ outcome: "violated" });
		expect(judgement?.why.map(({ text }) => text)).toContain(
			"the exact shares of the rules: b1 4/15, b2 11/15",
		);
	});

	it.each([
		["10.0.0.1", "b1 all"],
		["0.0.0.0", "b1 all"],
		["10.0.0.2", "no backend all"],
	])("knows programs of the gateway's own, one at %s", (address, shares) => {
		const [judgement] = judged(
			nat("PREROUTING -p tcp --dport 25 -j REDIRECT --to-ports 7701"),
			{ b1: 1, b2: 1 },
			{
				setup: recipeSetup({
					ruleset: {
						name: "my.rules",
						text: nat(
							"PREROUTING -p tcp --dport 25 -j REDIRECT --to-ports 7701",
						),
					},
					backends: [
						backendAt("b1", address, { interface: "lo", port: 7701 }),
						backendAt("b2", "0.0.0.0", { interface: "lo", port: 7702 }),
					],
				}),
			},
		);
		expect(judgement?.why.map(({ text }) => text)).toContain(
			`the exact shares of the rules: ${shares}`,
		);
	});

	it("is not excused where something else moves the counters, or rules change", () => {
		const steps = [connect(2, { everyMs: 10 }), setCondition("up", "1")];
		const [judgement] = judged(
			`${UNEVEN}*mangle\n-A PREROUTING -m condition --condition up\nCOMMIT\n`,
			{ b1: 4, b2: 11 },
			{ steps },
		);
		expect(judgement).toMatchObject({ outcome: "violated" });
	});

	it("shows nothing where the rules lead to one backend alone", () => {
		const [judgement] = judged(nat(`${SMTP} ${to(1)}`), { b1: 1, b2: 0 });
		expect(judgement).toMatchObject({
			outcome: "unknown",
			seen: "b1 9, b2 0; nothing could violate this, so it shows nothing: the rules lead every connection to b1",
		});
		const conditions = nat(
			`${SMTP} -m condition --condition b1dead ${to(2)}`,
			`${SMTP} ${to(1)}`,
		);
		expect(judged(conditions, { b1: 1 })[0]?.outcome).toBe("holds");
	});
});

describe("a violated expectation", () => {
	const equal = nat(
		`${SMTP} ${nth(3)} ${to(1)}`,
		`${SMTP} ${nth(3, 1)} ${to(2)}`,
		`${SMTP} ${nth(3, 2)} ${to(3)}`,
	);

	it("names what the linter finds, with its line", () => {
		const [shares, ends] = judged(
			equal,
			{ b1: 1, b2: 1 },
			{ expect: [split({ b1: 1, b2: 1 }), outcomes("completed", 9)] },
		);
		for (const judgement of [shares, ends]) {
			expect(judgement?.outcome).toBe("violated");
			const found = judgement?.why.find(({ text }) => text.startsWith("MT101"));
			expect(found).toMatchObject({
				connection: null,
				count: 0,
				text: expect.stringMatching(/^MT101 \(line \d\): 8\/27 \(29\.6 %\)/),
				rule: { file: "my.rules" },
			});
		}
	});

	it("names none about other connections", () => {
		const other = equal.replaceAll("--dport 25", "--dport 26");
		const [judgement] = judged(other, { b1: 1, b2: 1 });
		expect(judgement?.outcome).toBe("violated");
		expect(judgement?.why.filter(({ text }) => text.startsWith("MT"))).toEqual(
			[],
		);
	});
});

describe("a summary of the rulesets that were played", () => {
	const rules = (name: string, text: string) =>
		scenario({
			name: "exact",
			title: "Exact",
			setup: recipeSetup({ ruleset: { name, text } }),
			steps: [],
			expect: [],
		}) as PlayableScenario;
	const right = nat(`${SMTP} ${nth(2)} ${to(1)}`, `${SMTP} ${to(2)}`);
	const wrong = nat(
		`${SMTP} ${nth(2)} ${to(1)}`,
		`${SMTP} ${nth(2, 1)} ${to(2)}`,
	);

	it("has each once, with exact shares and what the linter finds", () => {
		const played = [
			rules("wrong.rules", wrong),
			rules("wrong.rules", wrong),
			rules("right.rules", right),
			rules("third.rules", right),
		];
		const { rulesets, leftOut } = rulesetSummaries(played, 2);
		expect(leftOut).toBe(1);
		expect(rulesets.map(({ name }) => name)).toEqual([
			"wrong.rules",
			"right.rules",
		]);
		const [first, second] = rulesets.map(({ known }) => known);
		expect(first?.services[0]?.shares).toMatch(
			/^192\.168\.0\.1:25 1\/2, 192\.168\.0\.2:25 1\/4, no backend: .* 1\/4$/,
		);
		expect(first?.findings[0]).toMatchObject({ code: "MT101", line: 5 });
		expect(second?.services[0]?.shares).toBe(
			"192.168.0.1:25 1/2, 192.168.0.2:25 1/2",
		);
		expect(second?.findings).toEqual([]);
	});
});
