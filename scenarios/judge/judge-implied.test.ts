import { describe, expect, it } from "vitest";
import {
	at,
	backend,
	conditionIs,
	connect,
	connectedWithin,
	evenSplit,
	failoverGapAtMost,
	gatewayAnswered,
	iptables,
	observe,
	operationFails,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	restore,
	scenario,
	send,
	service,
	setCondition,
	sysctl,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	Scenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const RULES = "*nat\n-A PREROUTING -p tcp --dport 25 -j ACCEPT\nCOMMIT\n";

function played(
	steps: readonly (ScenarioStep | readonly ScenarioStep[])[],
	more: Partial<Pick<Scenario, "expect" | "setup" | "endMs">> = {},
) {
	const story = scenario({
		name: "steps",
		title: "Steps",
		expect: [],
		steps,
		setup: recipeSetup({ ruleset: { name: "a.rules", text: RULES } }),
		endMs: 2_000,
		...more,
	});
	return checkScenario(story as PlayableScenario);
}

const TYPO = at(10, iptables("-t nat -A NOPE -j ACCEPT", "typo"));

describe("connections that are lost", () => {
	const to = (host: number) =>
		`-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 ${host === 1 ? "-m statistic --mode nth --every 2 --packet 0 " : ""}-j DNAT --to-destination 192.168.0.${host}\n`;
	const text = `*nat\n${to(1)}${to(2)}COMMIT\n`;
	const setup = recipeSetup({ ruleset: { name: "turns.rules", text } });
	const refusing = at(0, backend("b1", "refuse"));
	const load = at(10, connect(4, { everyMs: 10, label: "load" }));
	const dies = [
		connect(2, { label: "early" }),
		at(900, backend("b1", "refuse")),
		at(1_000, connect(4, { everyMs: 10, label: "load" })),
	];

	it("are not all of a router's where its dump warns of other tables", () => {
		const warning =
			"# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n";
		const judged = (rules: string) =>
			played([load], {
				setup: recipeSetup({ ruleset: { name: "dump.rules", text: rules } }),
				expect: [outcomes("completed", 4)],
			});
		expect(judged(text).outcome).toBe("holds");
		const { outcome, judgements } = judged(`${text}${warning}`);
		expect(outcome).toBe("unknown");
		expect(judgements.map(({ expectation }) => expectation.kind)).toEqual([
			"outcomes",
			"rules-whole",
		]);
		expect(judgements[1]?.seen).toContain("tables of iptables-legacy besides");
	});

	it("leave a play unknown where no expectation says how they end", () => {
		const { outcome, judgements } = played([refusing, load], {
			setup,
			expect: [evenSplit(["b1", "b2"])],
		});
		expect(outcome).toBe("unknown");
		expect(judgements.at(-1)).toMatchObject({
			expectation: { kind: "connections-served" },
			seen: expect.stringMatching(/^2 refused; /),
			concerned: 2,
		});
	});

	it.each([
		["all", {}, 4, "holds"],
		["those of the step", { step: "load" }, 2, "holds"],
		[
			"those that begin at other times",
			{ fromMs: 1_010, toMs: 1_011 },
			1,
			"holds",
		],
		["others", { step: "early" }, 2, "unknown"],
	] as const)(
		"may be lost where outcomes are about %s",
		(_, which, count, outcome) => {
			const found = played(dies, {
				setup,
				expect: [outcomes("completed", count, which)],
			});
			expect(found.outcome).toBe(outcome);
		},
	);

	it.each<[Expectation, "holds" | "unknown"]>([
		[outcomes("refused", 2), "holds"],
		[outcomes("refused", { atMost: 3 }), "holds"],
		[outcomes("refused", 1, { fromMs: 20 }), "unknown"],
		[outcomes("lost", { atLeast: 1 }), "holds"],
		[outcomes("lost", 0, { fromMs: 35 }), "holds"],
		[outcomes("completed", { atLeast: 2 }), "holds"],
		[outcomes("completed", { atMost: 3 }), "holds"],
		[outcomes("accepted", 2), "holds"],
		[outcomes("late", 0), "unknown"],
		[outcomes("reset", 0), "unknown"],
		[outcomes("open", 0), "unknown"],
		[outcomes("connect-timeout", { atMost: 3 }), "unknown"],
		[gatewayAnswered("rst", 0), "unknown"],
		[gatewayAnswered("icmp *", 0), "unknown"],
		[connectedWithin(1_000, { step: "others" }), "unknown"],
	])("may be lost where their end is counted: %j", (expectation, outcome) => {
		const others = at(500, [
			backend("b1", "up"),
			connect(2, { label: "others" }),
		]);
		const steps = [refusing, load, others];
		const which = { step: "load" };
		const narrowed =
			"of" in expectation && expectation.of.step === undefined
				? { ...expectation, of: { ...which, ...expectation.of } }
				: expectation;
		const found = played(steps, {
			setup,
			expect: [evenSplit(["b1", "b2"], which), narrowed],
		});
		expect(found.judgements[1]?.outcome).toBe("holds");
		expect(found.outcome).toBe(outcome);
	});

	it("may be lost where the gateway refused them, and not where it went on", () => {
		const rules = (rule: string) =>
			recipeSetup({ ruleset: { name: "own.rules", text: rule } });
		const rejecting = (reason: string) =>
			rules(
				`*filter\n-A INPUT -p tcp --dport 25 -j REJECT --reject-with ${reason}\nCOMMIT\n`,
			);
		const found = (answer: string, reason: string) =>
			played([load], {
				setup: rejecting(reason),
				expect: [gatewayAnswered(answer, { atLeast: 1 })],
			}).outcome;
		expect(found("rst", "tcp-reset")).toBe("holds");
		expect(found("icmp *", "icmp-host-unreachable")).toBe("holds");
		const tarpit = rules(
			"*filter\n-A INPUT -p tcp --dport 25 -j TARPIT --tarpit\nCOMMIT\n",
		);
		const held = played([load], {
			setup: tarpit,
			expect: [gatewayAnswered("syn/ack", 4)],
			endMs: 600_000,
		});
		expect(held.judgements).toMatchObject([
			{ outcome: "holds" },
			{ outcome: "unknown", expectation: { kind: "connections-served" } },
		]);
	});

	it("do not end as they should where it is only said that they stand in time", () => {
		const found = (more: readonly Expectation[]) =>
			played([at(0, backend("b1", { kind: "hang", accept: true })), load], {
				setup,
				expect: [connectedWithin(1_000), ...more],
				endMs: 600_000,
			}).outcome;
		expect(found([])).toBe("unknown");
		expect(found([outcomes("read-timeout", 2)])).toBe("holds");
	});

	it("are not spoken of where flows of the other protocol are counted", () => {
		const dns = service("dns", {
			protocol: "udp",
			address: "10.0.0.1",
			port: 53,
			backends: ["b2"],
		});
		const mail = service("mail", { address: "10.0.0.1", port: 25 });
		const name = "both.rules";
		const toDns =
			"-A PREROUTING -d 10.0.0.1 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2\n";
		const found = played([refusing, load, at(50, send(2))], {
			setup: recipeSetup({
				ruleset: { name, text: text.replace("COMMIT", `${toDns}COMMIT`) },
				services: [mail, dns],
			}),
			expect: [outcomes("answered", { atLeast: 1 })],
		});
		expect(found.judgements).toMatchObject([
			{ outcome: "holds" },
			{ outcome: "unknown", seen: expect.stringMatching(/^2 refused; /) },
		]);
	});

	it("may be lost in a failover gap, and not by another backend", () => {
		const failing = (name: string) => [
			connect(4, { everyMs: 100 }),
			// One of them stands at b1 when it fails.
			at(995, connect(2)),
			at(1_000, backend("b1", "refuse")),
			at(1_010, connect(2, { everyMs: 10 })),
			at(1_100, iptables("-t nat -D PREROUTING 1")),
			at(1_200, connect(6, { everyMs: 10 })),
			...(name === ""
				? []
				: [
						at(500, backend(name, "refuse")),
						at(510, connect(2)),
						at(600, backend(name, "up")),
					]),
		];
		const found = (name: string) =>
			played(failing(name), {
				setup,
				expect: [failoverGapAtMost("b1", 500)],
			});
		expect(found("").judgements).toMatchObject([{ outcome: "holds" }]);
		expect(found("b2").judgements).toMatchObject([
			{ outcome: "holds" },
			{ outcome: "unknown", seen: expect.stringMatching(/^1 refused; /) },
		]);
	});
});

describe("a step that fails", () => {
	it("violates a scenario that does not speak of it, and is shown with its words", () => {
		const broken = { name: "x.rules", text: "*nat\n-A NOPE\nCOMMIT\n" };
		const { outcome, judgements } = played([
			TYPO,
			at(20, setCondition("nosuch", "1")),
			at(30, restore(broken)),
			at(40, sysctl("ipv4.nosuch", 1)),
		]);
		expect(outcome).toBe("violated");
		expect(judgements).toHaveLength(1);
		expect(judgements[0]?.expectation.kind).toBe("steps-succeed");
		expect(judgements[0]?.seen.split(" | ")).toEqual([
			expect.stringMatching(
				/^4 steps failed: at 10 ms, iptables -t nat -A NOPE -j ACCEPT \(typo\): .*No chain\/target\/match by that name$/,
			),
			"at 20 ms, nosuch ← 1: /proc/net/nf_condition/nosuch: No such file or directory",
			expect.stringMatching(
				/^at 30 ms, iptables-restore < x\.rules: x\.rules:2/,
			),
			"at 40 ms, sysctl net.ipv4.nosuch=1: sysctl: cannot stat /proc/sys/net/ipv4/nosuch: No such file or directory",
		]);
	});

	it("stands behind what the scenario expects", () => {
		const { outcome, judgements } = played([TYPO], {
			expect: [conditionIs("nosuch", null)],
		});
		expect(outcome).toBe("violated");
		expect(judgements.map((one) => one.outcome)).toEqual([
			"unknown",
			"violated",
		]);
	});

	it("is as it should be where an expectation says so", () => {
		const { outcome, judgements } = played([TYPO], {
			expect: [operationFails("typo", "No chain")],
		});
		expect(outcome).toBe("holds");
		expect(judgements).toHaveLength(1);
	});

	it("is judged once where an expectation says that it succeeds", () => {
		const { judgements } = played([TYPO], {
			expect: [
				{ kind: "operation", step: "typo", ok: true, message: "", because: "" },
			],
		});
		expect(judgements.map((one) => one.outcome)).toEqual(["violated"]);
	});

	it("stays failed where the play ended as unknown behind it", () => {
		const { outcome, judgements } = played([
			TYPO,
			at(20, sysctl("ipv4.tcp_syncookies", 0)),
			at(30, observe("never")),
		]);
		expect(outcome).toBe("unknown");
		expect(judgements[0]?.seen).toContain("1 step failed: at 10 ms, iptables");
	});

	it("may be the health checker's, and is counted", () => {
		const target = { backend: "b1", address: "192.168.0.1", port: 25 };
		const { outcome, judgements } = played([at(1_900, observe("late"))], {
			setup: recipeSetup({
				ruleset: { name: "a.rules", text: RULES },
				healthCheck: recipeHealthCheck({
					targets: [{ ...target, condition: "nosuch" }],
					rewriteMs: 400,
				}),
			}),
		});
		expect(outcome).toBe("violated");
		expect(judgements[0]?.seen).toMatch(
			/^\d steps failed: \d times from 0 ms on, nosuch ← 0 \(health check: nosuch 0\): /,
		);
	});
});

it("nothing is implied where nothing failed", () => {
	const { outcome, judgements } = played([at(10, iptables("-t nat -F"))]);
	expect(outcome).toBe("unknown");
	expect(judgements).toEqual([]);
});
