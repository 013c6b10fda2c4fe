import { describe, expect, it } from "vitest";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import {
	abandonedWithin,
	affinity,
	at,
	avoided,
	backend,
	evict,
	iptables,
	order,
	outcomes,
	packet,
	packetsOut,
	type RecipeOverrides,
	recipeSetup,
	scenario,
	send,
	service,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const TURNS = `*nat
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2
COMMIT
`;
const TRACKED =
	"*filter\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n";
const reply = { timeoutMs: 1_000, attempts: 2 };

/** Why one flow did not go as it was expected to. */
function why({
	rules = TURNS,
	behaviour = { kind: "up" },
	steps = [send(1, { reply })],
	expectation = outcomes("answered", 1),
	gateway = {},
}: {
	readonly gateway?: RecipeOverrides["gateway"];
	readonly rules?: string;
	readonly behaviour?: BackendBehaviour;
	readonly steps?: readonly (ScenarioStep | readonly ScenarioStep[])[];
	readonly expectation?: Expectation;
}) {
	const story = scenario({
		name: "flow",
		title: "A flow",
		setup: recipeSetup({
			ruleset: { name: "dns.rules", text: rules },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 }),
			],
			behaviour: { b1: behaviour },
			gateway,
		}),
		steps: steps.flat(),
		expect: [expectation],
	});
	const [judgement] = checkScenario(story as PlayableScenario).judgements;
	expect(judgement?.outcome).toBe("violated");
	return judgement?.why[0]?.text;
}

it("a closed port", () => {
	expect(why({ behaviour: { kind: "refuse" } })).toBe(
		"datagram → DNAT 192.168.0.1 (line 2) → out bond0.205 → b1 (closed its port at the start), where nothing listens on port 53: icmp port-unreachable",
	);
});

it("a backend that says nothing", () => {
	expect(why({ behaviour: { kind: "silent" } })).toMatch(
		/^datagram → DNAT 192\.168\.0\.1 \(line 2\) → out bond0\.205 → b1.*lost on its link/,
	);
	expect(why({ behaviour: { kind: "hang", accept: true } })).toMatch(
		/^datagram → DNAT 192\.168\.0\.1 .*b1.*which does not answer/,
	);
});

it("a host that is gone", () => {
	expect(
		why({
			behaviour: { kind: "vanish" },
			steps: [send(1, { reply: { timeoutMs: 9_000, attempts: 1 } })],
		}),
	).toMatch(
		/^datagram → DNAT 192\.168\.0\.1 .*b1.*192\.168\.0\.1, answers no ARP on bond0\.205/,
	);
});

it("no rule", () => {
	expect(why({ rules: TRACKED })).toBe(
		"datagram → the gateway itself, where nothing listens on 10.0.0.1:53 (no rule of nat translated it): icmp port-unreachable",
	);
});

it("a later datagram that a rule drops", () => {
	expect(
		why({
			steps: [
				send(3, { everyMs: 1_000, reply }),
				at(500, iptables("-A FORWARD -d 192.168.0.1/32 -j DROP")),
			],
		}),
	).toMatch(
		/^datagram → DNAT 192\.168\.0\.1 \(line 2\) → out bond0\.205 → b1, answered; the client's datagram → dropped by -A FORWARD -d 192\.168\.0\.1\/32 -j DROP/,
	);
});

it("an entry that was thrown away", () => {
	expect(
		why({
			steps: [
				send(3, { everyMs: 1_000, reply }),
				at(500, evict({ protocol: "udp" })),
			],
			expectation: affinity(),
		}),
	).toMatch(
		/^datagram → DNAT 192\.168\.0\.1 .* → b1; its conntrack entry is gone .*and a later packet begins a new one: the client's datagram → DNAT 192\.168\.0\.2/,
	);
});

describe("of a flow that was translated anew, each backend with the rule that led to it", () => {
	const steps = [
		send(20, { everyMs: 1_000, port: 5000, reply }),
		at(5_500, evict({ protocol: "udp" })),
	];
	const first = "datagram → DNAT 192.168.0.1 (line 2) → out bond0.205 → b1";
	const second = "DNAT 192.168.0.2 (line 3) → out bond0.205 → b2";
	const moved = `${first}; its conntrack entry is gone (after conntrack -D -p udp at 5.5 s), and a later packet begins a new one: the client's datagram → ${second}`;

	it("where it was to avoid the second", () => {
		expect(why({ steps, expectation: avoided("b2") })).toBe(moved);
		expect(why({ steps, expectation: affinity() })).toBe(moved);
	});

	it.each([avoided("b1"), order(["b2"]), outcomes("unanswered", 1)])(
		"where the question is about the first: $kind",
		(expectation) => {
			expect(why({ steps, expectation })).toBe(first);
		},
	);

	it("where a later datagram is dropped", () => {
		const dropped = [
			...steps,
			at(7_500, iptables("-A FORWARD -d 192.168.0.2/32 -j DROP")),
		];
		expect(why({ steps: dropped, expectation: outcomes("answered", 1) })).toBe(
			`datagram → ${second}, answered; the client's datagram → dropped by -A FORWARD -d 192.168.0.2/32 -j DROP, filter:FORWARD:rule:1 (ctstate ESTABLISHED)`,
		);
	});
});

it("a backend that fails under a flow", () => {
	expect(
		why({
			steps: [
				send(3, { everyMs: 1_000, reply }),
				at(500, backend("b1", { kind: "refuse" })),
			],
		}),
	).toMatch(/^datagram → DNAT .* where nothing listens on port 53/);
});

it("an entry that outlives its backend", () => {
	expect(
		why({
			steps: [
				send(10, { everyMs: 1_000, reply }),
				at(500, backend("b1", { kind: "silent" })),
			],
			expectation: abandonedWithin("b1", 2_000),
		}),
	).toMatch(
		/^datagram → DNAT .*lost on its link; its later packets follow its conntrack entry, whatever the rules say$/,
	);
});

it("a program of the gateway's own that is no part of the scenario", () => {
	const rules =
		"*nat\n-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 58\nCOMMIT\n";
	const gateway = {
		listeners: [{ protocol: "udp", port: 58 }],
	} as const;
	const steps = [packet("bond0.204", "udp 10.0.0.10:1 > 10.0.0.1:53")];
	const expectation = packetsOut("bond0.204", ["udp *"]);
	expect(why({ rules, gateway, steps, expectation })).toMatch(
		/→ REDIRECT 10\.0\.0\.1:58 \(line 2\) → the gateway itself, where a program listens on 10\.0\.0\.1:58: what it answers is no part of the scenario$/,
	);
});

it("of a long flow that was translated anew half-way, by the rule that did it", () => {
	const steps = [
		send(100, { sockets: "one", everyMs: 1_000, reply, label: "long" }),
		at(50_100, [
			iptables(
				"-t nat -R PREROUTING 1 -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2",
			),
			evict({ protocol: "udp" }),
		]),
		at(98_500, backend("b2", "refuse")),
	];
	expect(why({ steps })).toContain(
		"DNAT 192.168.0.2 (nat:PREROUTING:rule:1) → out bond0.205 → b2",
	);
});
