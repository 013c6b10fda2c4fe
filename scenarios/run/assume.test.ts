import { describe, expect, it } from "vitest";
import {
	connect,
	outcomes,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import { validateScenario } from "../language/check/validate.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { restsOn } from "../result/assumed.ts";
import { type AsyncDriver, modelDriver } from "./driver.ts";
import { checkScenario, checkScenarioAsync } from "./run-scenario.ts";

type Assume = Readonly<Record<string, "yes" | "no" | "either">>;

function given(
	rules: readonly string[],
	assume?: Assume,
	expect: readonly Expectation[] = [outcomes("completed", 3)],
): PlayableScenario {
	const text = `*filter\n:FORWARD DROP [0:0]\n${rules.map((rule) => `-A FORWARD ${rule}\n`).join("")}-A FORWARD -j ACCEPT\nCOMMIT\n*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n`;
	return scenario({
		name: "assumed",
		title: "Assumed",
		setup: {
			...recipeSetup({ ruleset: { name: "my.rules", text } }),
			...(assume === undefined ? {} : { assume }),
		},
		steps: [connect(3, { everyMs: 10 })],
		expect,
	}) as PlayableScenario;
}

const BLOCKED = "-m set --match-set blocked src -j DROP";
const NOT_GOOD = "-m set ! --match-set good src -j DROP";

describe("a match that the model does not know", () => {
	it("is unknown where nothing is assumed", () => {
		const result = checkScenario(given([BLOCKED]));
		expect(result).toMatchObject({ outcome: "unknown" });
		expect(result.assumed).toBeUndefined();
	});

	it.each<[string, string, Assume, string]>([
		["a set that holds nobody", BLOCKED, { "set:blocked": "no" }, "holds"],
		["a set that holds all", BLOCKED, { "set:blocked": "yes" }, "violated"],
		["a set behind `!`", NOT_GOOD, { "set:good": "yes" }, "holds"],
		["a set behind `!`, without", NOT_GOOD, { "set:good": "no" }, "violated"],
		["a match, as it stands", NOT_GOOD, { "match:set": "no" }, "holds"],
		[
			"a rule before its set",
			BLOCKED,
			{ "set:blocked": "yes", "rule:filter:FORWARD:rule:1": "no" },
			"holds",
		],
	])("is taken as assumed: %s", (_, rule, assume, outcome) => {
		const result = checkScenario(given([rule], assume));
		expect(result).toMatchObject({ outcome, unknown: null });
		expect(restsOn(result.assumed)).toHaveLength(1);
	});

	it("leaves it open which of both, and then what differs is unknown", () => {
		const expectations = [
			outcomes("completed", 3),
			outcomes("reset", 0),
			outcomes("refused", 1),
		];
		const open = { "set:blocked": "either", "match:osf": "either" } as const;
		const result = checkScenario(given([BLOCKED], open, expectations));
		expect(result.judgements.map(({ outcome }) => outcome)).toEqual([
			"unknown",
			"holds",
			"violated",
		]);
		expect(result.judgements[0]?.seen).toBe(
			"it depends on what is assumed: holds with set:blocked=no, match:osf=yes (3 of 3 connections (completed 3)); violated with set:blocked=yes, match:osf=yes (0 of 3 connections (connect-timeout 3))",
		);
		expect(restsOn(result.assumed)).toEqual(["set:blocked=either"]);
	});

	it("rests on nothing that no packet came to", () => {
		const result = checkScenario(given([], { "set:blocked": "no" }));
		expect(result.assumed).toEqual([
			{ key: "set:blocked", value: "no", times: 0 },
		]);
		expect(restsOn(result.assumed)).toEqual([]);
	});

	it("stays unknown behind a target that is not modelled", () => {
		const result = checkScenario(
			given([`-j NFQUEUE --queue-num 1`], { "set:seen": "yes" }),
		);
		expect(result.outcome).toBe("unknown");
	});

	it("says why on the same assumption", () => {
		const result = checkScenario(given([BLOCKED], { "set:blocked": "yes" }));
		expect(result.judgements[0]?.why[0]?.text).toContain(
			"dropped by -A FORWARD -m set --match-set blocked src",
		);
	});

	it("is for the model alone", async () => {
		const kernel: AsyncDriver = {
			kind: "other",
			name: "kernel",
			version: "linux 6.1",
			open: async (setup, ports) => {
				const model = modelDriver.open(setup, ports);
				return {
					answer: async (ask) => model.answer(ask),
					close: async () => {},
				};
			},
		};
		await expect(
			checkScenarioAsync(given([BLOCKED], { "set:blocked": "no" }), {
				driver: kernel,
			}),
		).rejects.toThrow("a kernel knows");
		await expect(
			checkScenarioAsync(given([BLOCKED, NOT_GOOD]), { driver: kernel }),
		).rejects.toThrow(
			'no sets are given, and the rules name "blocked", "good": a kernel',
		);
	});
});

describe("an assumption against what rules of the play have made", () => {
	const ADDS = "-p tcp --syn -j SET --add-set seen src";
	const TAKES = "-p tcp --syn -j SET --del-set seen src";
	const asks = (match: string) => `-p tcp --syn -m set ${match} -j DROP`;
	const IN = asks("--match-set seen src");
	const NOT_IN = asks("! --match-set seen src");
	const labels = (option: string) =>
		`-m connlabel --label seen ${option}-j ACCEPT`;

	it.each<[string, readonly string[], Assume]>([
		["a set that it is put into", [IN, ADDS], { "set:seen": "no" }],
		["the same, as the match", [IN, ADDS], { "match:set": "no" }],
		[
			"the same, as the rule",
			[IN, ADDS],
			{ "rule:filter:FORWARD:rule:1": "no" },
		],
		["the same behind `!`", [ADDS, NOT_IN], { "set:seen": "no" }],
		["a set that it is taken out of", [TAKES, NOT_IN], { "set:seen": "yes" }],
		["the latest of both", [ADDS, TAKES, NOT_IN], { "set:seen": "yes" }],
		["a label that it is given", [labels("--set ")], { "label:seen": "no" }],
	])("is unknown: %s", (_, rules, assume) => {
		const result = checkScenario(given(rules, assume));
		expect(result.outcome).toBe("unknown");
		expect(result.unknown?.reason).toContain("the opposite is assumed of a ");
	});

	it.each<[string, readonly string[], Assume]>([
		["a set that it is put into", [ADDS, NOT_IN], { "set:seen": "yes" }],
		["a set that it is taken out of", [TAKES, IN], { "set:seen": "no" }],
		["another set", [IN, ADDS.replace("seen", "b")], { "set:seen": "no" }],
		["another address", [IN, ADDS.replace("src", "dst")], { "set:seen": "no" }],
		["the latest of both", [TAKES, ADDS, NOT_IN], { "set:seen": "yes" }],
		["a label that it is given", [labels("--set ")], { "label:seen": "yes" }],
		["a label that it is not given", [labels("")], { "label:seen": "no" }],
	])(
		"is none where it agrees, or is of something else: %s",
		(_, rules, assume) => {
			expect(checkScenario(given(rules, assume))).toMatchObject({
				outcome: "holds",
				unknown: null,
			});
		},
	);

	it("says what to give", () => {
		const result = checkScenario(given([IN, ADDS], { "set:seen": "no" }));
		expect(result.unknown).toMatchObject({
			rule: "filter:FORWARD:rule:1",
			reason:
				"the opposite is assumed of a packet that -j SET of this play has put into the set seen: give the set as `ipset save` prints it (gateway.sets, --sets), and assume nothing of it",
		});
	});
});

describe("what may be assumed", () => {
	const validated = (assume: Assume) => () =>
		validateScenario(given([], assume));

	it.each([
		["blocked", '"blocked" is nothing that can be assumed'],
		["sets:blocked", '"sets:blocked" is nothing that can be assumed'],
		["match:sett", 'there is no match "sett"'],
		["rule:FORWARD:1", '"rule:FORWARD:1" names no rule'],
	])("is not %s", (key, message) => {
		expect(validated({ [key]: "no" })).toThrow(message);
	});

	it("is either for four keys at most", () => {
		const keys = ["a", "b", "c", "d", "e"].map((name) => `set:${name}`);
		const all = Object.fromEntries(keys.map((key) => [key, "either" as const]));
		expect(validated(all)).toThrow("5 keys are either: that is 32 plays");
	});
});
