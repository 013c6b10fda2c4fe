import { describe, expect, it } from "vitest";
import {
	announce,
	at,
	backend,
	carrier,
	close,
	connect,
	evict,
	hold,
	ip,
	ipset,
	iptables,
	linkDown,
	linkUp,
	neighbour,
	operationFails,
	operationSucceeds,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	restore,
	scenario,
	setCondition,
	slow,
	speak,
	sysctl,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

const RULES = `*nat
-A PREROUTING -p tcp --dport 25 -m condition --condition web1 -j ACCEPT
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
const setup = recipeSetup({ ruleset: { name: "a.rules", text: RULES } });

function played(
	steps: readonly (ScenarioStep | readonly ScenarioStep[])[],
	expectations: readonly Expectation[] = [],
	given = setup,
) {
	const { outcome, judgements } = checkScenario(
		scenario({
			name: "idle",
			title: "Idle",
			steps,
			setup: given,
			expect: [outcomes("completed", { atLeast: 1 }), ...expectations],
		}) as PlayableScenario,
	);
	const implied = judgements.find(
		({ expectation }) => expectation.kind === "steps-succeed",
	);
	return { outcome, seen: implied?.seen ?? "" };
}

const load = connect(1, { label: "load" });
const none = 'no connection of step "load" was open';
const nothing =
	"conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.";

describe("a step that makes of something what it is", () => {
	const FORWARDING = "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n";
	const router = recipeSetup({
		ruleset: { name: "a.rules", text: `${RULES}${FORWARDING}` },
		gateway: { sets: "create bad hash:ip\n" },
		neighbours: [{ interface: "bond0.204", address: "10.9.9.9" }],
	});
	const idle: readonly [ScenarioStep, ScenarioStep][] = [
		[backend("b1", "up"), backend("b1", "refuse")],
		[backend("b2", slow(500)), backend("b2", slow(600))],
		[neighbour("10.9.9.9", "up"), neighbour("10.9.9.9", "silent")],
		[announce("10.0.0.1", "gateway"), announce("10.0.0.1", "other")],
		[carrier("bond0.205", "back"), carrier("bond0.205", "lost")],
		[linkUp("bond0.205"), linkDown("bond0.205")],
		[sysctl("ipv4.ip_forward", 1), sysctl("ipv4.ip_forward", 0)],
		[setCondition("web1", "0"), setCondition("web1", "1")],
		[iptables("-P FORWARD ACCEPT"), iptables("-P FORWARD DROP")],
		[ipset("flush bad"), ipset("add bad 192.0.2.1")],
		[
			ip("ip addr replace 10.0.0.1/8 dev bond0.204"),
			ip("ip addr add 10.0.0.2/8 dev bond0.204"),
		],
		[
			restore({ name: "same.rules", text: FORWARDING }),
			restore({ name: "x.rules", text: "*filter\n-A INPUT\nCOMMIT\n" }),
		],
	];

	it.each(idle)("has failed, and another one has not: %j", (same, other) => {
		// Before any packet was counted: a command that zeroes counters has an effect.
		const first = played([same, at(10, load)], [], {
			...router,
			backends: router.backends.map((one) =>
				one.name === "b2" ? { ...one, behaviour: slow(500) } : one,
			),
		});
		expect(first.seen).toContain("1 step failed: at 0 ms, ");
		expect(first.seen).toContain("changes nothing: it is so already");
		expect(first.outcome).toBe("violated");
		const second = played([other, at(10, load)], [], router);
		expect(second.seen).toBe("");
	});

	it("is as it should be where an expectation says that it succeeds", () => {
		const steps = [load, at(10, carrier("bond0.205", "back", "mine"))];
		const { seen } = played(steps, [operationSucceeds("mine")], router);
		expect(seen).toBe("");
	});

	it("has not failed where it asks, and does not change anything", () => {
		const { seen } = played(
			[
				load,
				at(
					10,
					iptables(
						"-t nat -C PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1",
					),
					ipset("list bad"),
				),
			],
			[],
			router,
		);
		expect(seen).toBe("");
	});
});

describe("a step without an effect has failed", () => {
	it.each<[string, ScenarioStep, string]>([
		["speak", speak("load"), `the client's side of load speaks: ${none}`],
		["speak, backend", speak("load", "backend"), none],
		["close", close("load"), `the client's side of load closes: ${none}`],
		["close, backend", close("load", "backend"), none],
		["evict", evict({ mark: 77 }), `conntrack -D --mark 77: ${nothing}`],
		["condition", setCondition("web1", "true"), "web1 ← true: changes nothing"],
		["empty write", setCondition("web1", ""), "changes nothing: the kernel"],
	])("%s", (_, step, words) => {
		const { outcome, seen } = played([load, at(90_000, step)]);
		expect(outcome).toBe("violated");
		expect(seen).toContain("1 step failed: at 90000 ms, ");
		expect(seen).toContain(words);
	});

	it("is as it should be where an expectation speaks of it", () => {
		const steps = [
			load,
			at(
				90_000,
				speak("load", "client", "late"),
				evict({ mark: 77 }, "none"),
				setCondition("web1", "true", "odd"),
			),
		];
		const { outcome, seen } = played(steps, [
			operationFails("late", none),
			operationFails("none", "0 flow entries"),
			operationSucceeds("odd"),
		]);
		expect(seen).toBe("");
		expect(outcome).toBe("holds");
	});
});

it("a step that acts on some of its connections succeeds", () => {
	const held = connect(2, { label: "held", dialogue: hold() });
	const { outcome, seen } = played(
		[
			held,
			at(100, speak("held", "client", "said")),
			at(200, speak("held", "backend")),
			at(300, close("held", "client", "closed"), evict({})),
			at(400, setCondition("web1", "11")),
		],
		[operationSucceeds("said"), operationSucceeds("closed")],
	);
	expect(seen).toBe("");
	expect(outcome).toBe("holds");
});

it("a health checker that evicts no connection has not failed", () => {
	const { seen } = played(
		[load, at(3_000, { ...load, label: "" })],
		[],
		recipeSetup({
			ruleset: { name: "a.rules", text: RULES },
			behaviour: { b2: { kind: "refuse" } },
			healthCheck: recipeHealthCheck({
				evict: true,
				targets: [
					{
						backend: "b2",
						address: "192.168.0.2",
						port: 25,
						condition: "web1",
					},
				],
			}),
		}),
	);
	expect(seen).toBe("");
});

it("a value at the start that changes nothing is refused", () => {
	expect(() => recipeSetup({ conditions: { web1: "yes" } })).toThrow(
		/conditions\.web1: "yes" changes nothing/,
	);
	expect(() => recipeHealthCheck({ deadValue: "dead" })).toThrow(
		/deadValue: "dead" changes nothing/,
	);
});
