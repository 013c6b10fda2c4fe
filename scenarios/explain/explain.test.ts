import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
	affinity,
	at,
	avoided,
	backend,
	backendAt,
	clientAt,
	connect,
	evict,
	failoverGapAtMost,
	hold,
	neighbour,
	order,
	outcomes,
	packet,
	packetsOut,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	service,
	setCondition,
	speak,
	split,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import type { Judgement } from "../result/result.ts";
import { checkScenario, resultOf } from "../run/run-scenario.ts";

const RECIPE = readFileSync(
	new URL("../suites/recipe/recipe.rules", import.meta.url),
	"utf8",
);
const INTERFACES = [
	{ name: "eth0", addresses: ["10.0.0.1/24"], mtu: 1500 },
	{ name: "eth1", addresses: ["10.20.0.1/24"], mtu: 1500 },
];
const DNAT =
	"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 10.20.0.11\nCOMMIT\n";
/** By marks that nothing saves; NAT keeps connections where they are. */
const TURNS = `*mangle
-A PREROUTING -i eth0 -p tcp --dport 25 -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 1
-A PREROUTING -i eth0 -p tcp --dport 25 -m conntrack --ctstate NEW -m mark --mark 0 -j MARK --set-mark 2
COMMIT
*nat
-A PREROUTING -p tcp -m mark --mark 1 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -p tcp -m mark --mark 2 -j DNAT --to-destination 10.20.0.12
COMMIT
`;
const CONDITIONAL = `*nat
-A PREROUTING -p tcp --dport 25 -m condition --condition up1 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 10.20.0.12
COMMIT
`;

interface Story {
	readonly steps?: Parameters<typeof scenario>[0]["steps"];
	readonly expect?: Expectation;
	readonly sysctls?: Readonly<Record<string, number>>;
	readonly setup?: Partial<Parameters<typeof recipeSetup>[0]>;
}

function story(text: string, more: Story = {}): PlayableScenario {
	return scenario({
		name: "story",
		title: "story",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text },
			gateway: { interfaces: INTERFACES, sysctls: more.sysctls ?? {} },
			service: { address: "10.0.0.1", port: 25 },
			clients: [clientAt("c", "10.0.0.9", { interface: "eth0" })],
			backends: [
				backendAt("b1", "10.20.0.11", { interface: "eth1" }),
				backendAt("b2", "10.20.0.12", { interface: "eth1" }),
			],
			...more.setup,
		}),
		steps: more.steps ?? [connect(4, { client: "c", everyMs: 100 })],
		expect: [more.expect ?? outcomes("completed", 4)],
	}) as PlayableScenario;
}

function judged(text: string, more: Story = {}): Judgement {
	const [judgement] = checkScenario(story(text, more)).judgements;
	if (judgement === undefined) throw new Error("nothing was judged");
	expect(judgement.outcome).toBe("violated");
	return judgement;
}

/** What it says of the first group, and the line of its rule. */
const why = (text: string, more: Story = {}) => {
	const [first] = judged(text, more).why;
	return [first?.text, first?.rule?.line ?? null];
};

describe("says where packets ended, and by which rule", () => {
	it.each([
		[
			"a policy of INPUT that drops all",
			"*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n",
			"SYN → dropped by -P INPUT DROP, line 2",
			2,
		],
		[
			"a policy of FORWARD",
			`${DNAT}*filter\n:FORWARD DROP [0:0]\nCOMMIT\n`,
			"SYN → DNAT 10.20.0.11 (line 2) → dropped by -P FORWARD DROP, line 5",
			5,
		],
		[
			"a policy of FORWARD without ESTABLISHED",
			`${DNAT}*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i eth0 -p tcp --dport 25 -j ACCEPT\nCOMMIT\n`,
			"SYN → DNAT 10.20.0.11 (line 2) → out eth1 → b1; the answer (SYN/ACK) → dropped by -P FORWARD DROP, line 5 (ctstate ESTABLISHED)",
			5,
		],
		[
			"DNAT to a port where nothing listens",
			DNAT.replace("20.0.11", "20.0.11:26"),
			"SYN → DNAT 10.20.0.11:26 (line 2) → out eth1 → b1, where nothing listens on port 26: RST",
			2,
		],
		[
			"DNAT to nobody",
			DNAT.replace("20.0.11", "20.0.99"),
			"SYN → DNAT 10.20.0.99 (line 2) → out eth1 → 10.20.0.99:25, which is no host of this scenario",
			2,
		],
		[
			"no route",
			DNAT.replace("10.20.0.11", "172.16.0.1"),
			"SYN → DNAT 172.16.0.1 (line 2) → dropped: no route leads to its destination; the gateway answers icmp network-unreachable",
			2,
		],
		[
			"REJECT before the balancing rules can help",
			`*filter\n-A FORWARD -p tcp --dport 25 -j REJECT\nCOMMIT\n${DNAT}`,
			"SYN → DNAT 10.20.0.11 (line 5) → rejected with icmp port-unreachable by -A FORWARD -p tcp -m tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable, line 2",
			2,
		],
		[
			"REJECT with a reset",
			`*filter\n-A FORWARD -p tcp --dport 25 -j REJECT --reject-with tcp-reset\nCOMMIT\n${DNAT}`,
			"SYN → DNAT 10.20.0.11 (line 5) → rejected with RST by -A FORWARD -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset, line 2",
			2,
		],
		[
			"no rule fits",
			DNAT.replace("--dport 25", "--dport 26"),
			"SYN → the gateway itself, where nothing listens on 10.0.0.1:25 (no rule of nat translated it): RST",
			null,
		],
		[
			"the gateway's own RST is dropped",
			"*filter\n:OUTPUT DROP [0:0]\nCOMMIT\n",
			"SYN → the gateway itself, where nothing listens on 10.0.0.1:25 (no rule of nat translated it); its answer is dropped by -P OUTPUT DROP, line 2",
			2,
		],
		[
			"an answer that conntrack does not know",
			`*raw\n-A PREROUTING -i eth1 -j CT --zone 5\nCOMMIT\n${DNAT}*filter\n-A FORWARD -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n`,
			"SYN → DNAT 10.20.0.11 (line 5) → out eth1 → b1; the answer (SYN/ACK) → dropped by -A FORWARD -m conntrack --ctstate INVALID -j DROP, line 8 (ctstate INVALID)",
			8,
		],
		[
			"an answer that is not translated back",
			`*raw\n-A PREROUTING -i eth1 -j CT --notrack\nCOMMIT\n${DNAT}`,
			"SYN → DNAT 10.20.0.11 (line 5) → out eth1 → b1; the answer (SYN/ACK) → to the client, from 10.20.0.11:25 and not from 10.0.0.1:25: not translated back, so the client knows no such connection",
			5,
		],
	])("%s", (_name, text, words, line) => {
		expect(why(text)).toEqual([words, line]);
		expect(judged(text).why[0]?.count).toBe(4);
	});

	it("a full table", () => {
		const [text, line] = why(TURNS, {
			sysctls: { "netfilter.nf_conntrack_max": 2 },
		});
		expect(text).toMatch(/^SYN → dropped: conntrack's table is full/);
		expect(line).toBeNull();
	});

	it("an answer past the gateway, of the service that was asked", () => {
		const lan = { interface: "eth0" };
		const [text] = why(DNAT.replace("20.0.11", "0.0.20"), {
			sysctls: {
				"ipv4.conf.all.send_redirects": 0,
				"ipv4.conf.eth0.send_redirects": 0,
			},
			setup: {
				backends: [backendAt("nas", "10.0.0.20", lan)],
				services: [25, 443].map((port) =>
					service(`of ${port}`, { address: "10.0.0.1", port }),
				),
			},
		});
		expect(text).toContain("(it speaks with 10.0.0.1:25)");
	});

	it("an answer past the gateway: the mark of another table is not to blame", () => {
		const lan = { interface: "eth0" };
		const [text, line] = why(
			`*mangle\n-A PREROUTING -p tcp --dport 25 -j MARK --set-mark 7\nCOMMIT\n${DNAT.replace("20.0.11", "0.0.20")}`,
			{
				sysctls: {
					"ipv4.conf.all.send_redirects": 0,
					"ipv4.conf.eth0.send_redirects": 0,
				},
				setup: { backends: [backendAt("nas", "10.0.0.20", lan)] },
			},
		);
		expect(text).toBe(
			"SYN → mark 0x7 (line 2) → DNAT 10.0.0.20 (line 5) → out eth0 → nas; the answer (SYN/ACK) went from 10.0.0.20 straight to the client, which knows no such connection (it speaks with 10.0.0.1:25): no rule translates the source, so answers do not come back by the gateway; no rule is to blame: one is missing in nat POSTROUTING (MASQUERADE or SNAT)",
		);
		expect(line).toBeNull();
	});
});

it("says of an answer that it goes by the host's own default route", () => {
	const [text, line] = why(DNAT, {
		setup: {
			backends: [
				backendAt("b1", "10.20.0.11", {
					interface: "eth1",
					defaultVia: "10.20.0.254",
				}),
			],
		},
	});
	expect(text).toBe(
		"SYN → DNAT 10.20.0.11 (line 2) → out eth1 → b1; the answer (SYN/ACK) → 10.20.0.254, the default route of b1, past the gateway; no rule is to blame: make the gateway the default route of b1, or translate the source on the way there (MASQUERADE or SNAT in nat POSTROUTING)",
	);
	expect(line).toBeNull();
});

describe("says what is wrong with a backend", () => {
	const broken = (behaviour: Parameters<typeof backend>[1], atMs = 0) => [
		connect(4, { client: "c", everyMs: 500 }),
		at(atMs, backend("b1", behaviour)),
	];

	it("its port is closed", () => {
		const [text, line] = why(TURNS, { steps: broken("refuse") });
		expect(text).toBe(
			"SYN → mark 0x1 (line 2) → DNAT 10.20.0.11 (line 6) → out eth1 → b1 (closed its port at the start), where nothing listens on port 25: RST",
		);
		// The rule that wrote the destination, not the one that marked.
		expect(line).toBe(6);
	});

	it("a program of the gateway's own has closed its port", () => {
		const [text, line] = why(
			"*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j REDIRECT --to-ports 2525\nCOMMIT\n",
			{
				setup: {
					backends: [
						backendAt("b1", "0.0.0.0", {
							interface: "lo",
							port: 2525,
							behaviour: { kind: "refuse" },
						}),
					],
				},
			},
		);
		expect(text).toBe(
			"SYN → REDIRECT 10.0.0.1:2525 (line 2) → b1 (closed its port at the start), where nothing listens on port 2525: RST",
		);
		expect(line).toBe(2);
	});

	it("it vanished after it was known", () => {
		expect(why(TURNS, { steps: broken("vanish", 150) })[0]).toMatch(
			/→ out eth1 → b1 \(vanished at 150 ms\): lost on its link$/,
		);
	});

	it("it was never there", () => {
		expect(why(TURNS, { steps: broken("vanish") })[0]).toMatch(
			/^SYN → mark 0x1 .* → DNAT 10.20.0.11 .* → b1 \(vanished at the start\), 10.20.0.11, answers no ARP on eth1$/,
		);
	});

	it("it was never there, and the rule that sends it there is the last one", () => {
		const [text] = why(DNAT, { steps: broken("vanish") });
		expect(text).toBe(
			"SYN → DNAT 10.20.0.11 (line 2) → b1 (vanished at the start), 10.20.0.11, answers no ARP on eth1",
		);
	});

	it("the router before it was never there", () => {
		const far = DNAT.replace("10.20.0.11", "192.168.0.1");
		const [text] = why(far, {
			steps: [
				neighbour("10.20.0.254", "vanish"),
				at(100, connect(1, { client: "c" })),
			],
			setup: {
				gateway: {
					interfaces: INTERFACES,
					routes: [
						{
							destination: "192.168.0.0/24",
							via: "10.20.0.254",
							interface: "eth1",
						},
					],
				},
				neighbours: [{ interface: "eth1", address: "10.20.0.254" }],
				backends: [backendAt("b1", "192.168.0.1", { interface: "eth1" })],
			},
		});
		expect(text).toBe(
			"SYN → DNAT 192.168.0.1 (line 2) → 10.20.0.254, the next hop to 192.168.0.1, answers no ARP on eth1",
		);
	});

	it("it hangs", () => {
		expect(
			why(TURNS, { steps: broken({ kind: "hang", accept: true }) })[0],
		).toMatch(
			/→ b1 \(hung at the start\), which did not answer within the client's time-out$/,
		);
	});

	it("and when the health checker switched", () => {
		const [text] = why(RECIPE, {
			steps: [
				connect(60, { everyMs: 100 }),
				at(1_000, backend("b1", "vanish")),
			],
			expect: failoverGapAtMost("b1", 100),
			setup: recipeSetup({
				ruleset: { name: "my.rules", text: RECIPE },
				healthCheck: recipeHealthCheck(),
			}),
		});
		expect(text).toMatch(
			/b1 \(vanished at 1 s\): lost on its link; the health checker noticed at [\d.]+ s and wrote 1 to mail1up at [\d.]+ s$/,
		);
	});
});

describe("says which rule sent a connection elsewhere", () => {
	it("out of order", () => {
		expect(why(TURNS, { expect: order(["b1", "b1", "b1", "b2"]) })).toEqual([
			"SYN → mark 0x2 (line 3) → DNAT 10.20.0.12 (line 7) → out eth1 → b2",
			3,
		]);
	});

	it("where a condition is asked for the wrong way round, and all go to one", () => {
		const judgement = judged(CONDITIONAL, {
			steps: [connect(40, { client: "c", everyMs: 50 })],
			expect: split({ b1: 1, b2: 1 }),
		});
		expect(judgement).toMatchObject({
			concerned: 40,
			rule: "nat:PREROUTING:rule:1",
			why: [
				{
					count: 40,
					connection: 0,
					text: expect.stringMatching(
						/^SYN → DNAT 10.20.0.12 \(line 3\) → out eth1 → b2; line 2 never matched: -A PREROUTING .*condition/,
					),
				},
				{
					count: 0,
					connection: null,
					text: "the exact shares of the rules: b2 all",
				},
			],
		});
	});

	it("in two ways", () => {
		const { why } = judged(CONDITIONAL, {
			steps: [
				connect(4, { client: "c", everyMs: 100 }),
				at(150, setCondition("up1", "1")),
			],
			expect: outcomes("refused", 4),
		});
		expect(why.map(({ count, rule }) => [count, rule?.line])).toEqual([
			[2, 3],
			[2, 2],
		]);
	});

	it("and what changed between packets of one connection", () => {
		const [text, line] = why(TURNS, {
			steps: [
				connect(1, { client: "c", label: "held", dialogue: hold() }),
				...at(1_000, evict({}), speak("held", "client")),
			],
			expect: affinity(),
		});
		expect(text).toMatch(
			/^SYN → mark 0x1 \(line 2\) → .* → b1; its conntrack entry is gone \(after conntrack -D.* at 1 s\), and a later packet begins a new one: the client's data → mark 0x2 \(line 3\) → DNAT 10.20.0.12 \(line 7\) → out eth1 → b2$/,
		);
		expect(line).toBe(3);
	});
});

it("says what became of packets by hand", () => {
	const { why } = judged(DNAT, {
		steps: [
			at(10, packet("eth0", "tcp 10.20.0.1:4 > 10.0.0.1:25 S")),
			at(20, packet("eth0", "tcp 10.0.0.7:4 > 10.99.0.1:25 S")),
		],
		expect: packetsOut("eth1", ["tcp 10.0.0.7:4 *"]),
	});
	expect(why.map(({ text }) => text)).toEqual([
		"the packet into eth0 at 10 ms → DNAT 10.20.0.11 (line 2) → dropped: spoofed source: one of the gateway's own addresses",
		"the packet into eth0 at 20 ms → dropped: no route leads to its destination; the gateway answers icmp network-unreachable",
	]);
});

it("says that only the model can tell where a kernel played and the model went another way", () => {
	const played = story(TURNS, { expect: avoided("b1") });
	const { account } = checkScenario(played);
	const [first, ...more] = account.connections;
	if (first === undefined) throw new Error("nobody connected");
	const other = { ...first, outcome: "refused" as const };
	const { judgements } = resultOf(
		played,
		{ ...account, connections: [other, ...more] },
		{
			seed: 1,
			driver: { kind: "vm", name: "vm", version: "" },
			replay: { command: "run", names: [] },
		},
	);
	expect(judgements[0]?.why).toEqual([
		{
			connection: 0,
			count: 1,
			text: "the rules that its packets matched are not known: on the model it went to b1 (completed)",
			rule: null,
		},
		expect.objectContaining({ count: 1, connection: 2 }),
	]);
});

it("is the same text each time", () => {
	const text = JSON.stringify(judged(TURNS, { expect: avoided("b2") }));
	expect(JSON.stringify(judged(TURNS, { expect: avoided("b2") }))).toBe(text);
});
