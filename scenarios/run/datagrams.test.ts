import { describe, expect, it } from "vitest";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import {
	abandonedWithin,
	affinity,
	at,
	backend,
	evenSplit,
	evict,
	failoverGapAtMost,
	gatewayAnswered,
	iptables,
	moved,
	order,
	outcomes,
	packet,
	packetsOut,
	recipeHealthCheck,
	recipeSetup,
	repeat,
	restore,
	scenario,
	send,
	service,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

const RULES =
	"*nat\n-A PREROUTING -p udp --dport 25 -j DNAT --to-destination 192.168.0.1\n-A PREROUTING -p udp --dport 53 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";

function asked(port: number, behaviour: BackendBehaviour, answers: string[]) {
	const line = `udp 10.0.0.10:4000 > 10.0.0.1:${port} len 4`;
	const story = scenario({
		name: "datagram",
		title: "A datagram",
		setup: recipeSetup({
			ruleset: { name: "udp.rules", text: RULES },
			service: { address: "10.0.0.1", port: 25 },
			behaviour: { b1: behaviour },
		}),
		steps: [at(10, packet("bond0.204", line))],
		expect: [packetsOut("bond0.204", answers, { exactly: true })],
		endMs: 2_000,
	});
	return checkScenario(story as PlayableScenario);
}

const CLOSED = ["icmp 10.0.0.1 > 10.0.0.10 port-unreachable *"];

describe("a datagram for a backend's port, where no service of UDP is", () => {
	it.each<BackendBehaviour>([
		{ kind: "up" },
		{ kind: "hang", accept: true },
		{ kind: "slow", delayMs: 10 },
		{ kind: "lossy", loss: 0.000001 },
		{ kind: "silent" },
	])("is taken without an answer by a backend that is %j", (behaviour) => {
		expect(asked(25, behaviour, []).outcome).toBe("holds");
	});

	it.each<BackendBehaviour>([{ kind: "refuse" }, { kind: "drain" }])(
		"is refused by a backend that is %j",
		(behaviour) => {
			expect(asked(25, behaviour, CLOSED).outcome).toBe("holds");
		},
	);

	it("finds any other port closed", () => {
		expect(asked(53, { kind: "up" }, CLOSED).outcome).toBe("holds");
	});
});

const TURNS = `*nat
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2
COMMIT
`;
const TO_B2 =
	"*nat\n-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2\nCOMMIT\n";

interface Story {
	readonly rules?: string;
	readonly speaks?: "echo" | "silent";
	readonly behaviour?: Readonly<Record<string, BackendBehaviour>>;
	readonly steps: readonly (ScenarioStep | readonly ScenarioStep[])[];
	readonly expect?: readonly Expectation[];
}

function played({
	rules = TURNS,
	speaks = "echo",
	behaviour = {},
	steps,
	expect = [outcomes("answered", 1)],
}: Story) {
	const story = scenario({
		name: "flows",
		title: "Flows",
		setup: recipeSetup({
			ruleset: { name: "dns.rules", text: rules },
			services: [
				service("dns", {
					protocol: "udp",
					address: "10.0.0.1",
					port: 53,
					speaks,
				}),
			],
			behaviour,
		}),
		steps: steps.flat(),
		expect,
		endMs: 60_000,
	});
	return checkScenario(story as PlayableScenario);
}

/** What is expected of a play that is as it should be. */
function seen(story: Story) {
	const { judgements, unknown } = played(story);
	expect(unknown).toBeNull();
	return judgements.map(({ outcome, seen }) => `${outcome}: ${seen}`);
}

const holds = (story: Story) => {
	for (const line of seen(story)) expect(line).toMatch(/^holds/);
};

const once = { reply: { timeoutMs: 1_000, attempts: 1 } };

describe("datagrams of clients", () => {
	it("from a new socket each are balanced, each a flow of its own", () => {
		holds({
			steps: [send(6, { sockets: "each", everyMs: 100 })],
			expect: [
				order(["b1", "b2", "b1", "b2", "b1", "b2"]),
				evenSplit(["b1", "b2"]),
				outcomes("answered", 6, { service: "dns" }),
			],
		});
	});

	it.each(["each", "one"] as const)(
		"that await nothing are refused where the gateway refuses them, from %s socket",
		(sockets) => {
			holds({
				steps: [
					iptables("-A FORWARD -p udp -j REJECT"),
					at(10, send(4, { sockets, reply: false, everyMs: 100 })),
				],
				expect: [
					outcomes("refused", sockets === "each" ? 4 : 1),
					outcomes("sent", 0),
				],
			});
		},
	);

	it("from one socket are one flow, and meet one backend", () => {
		const { account } = played({ steps: [send(6, { everyMs: 100 })] });
		expect(account.connections).toHaveLength(1);
		expect(account.connections[0]).toMatchObject({
			protocol: "udp",
			service: "dns",
			backend: "b1",
			met: ["b1"],
			outcome: "answered",
			syns: 0,
			datagrams: { requests: 6, sent: 6, answers: 6, read: 6 },
		} satisfies Partial<ConnectionRecord>);
	});

	it("that await no answer are sent", () => {
		const { account } = played({
			speaks: "silent",
			steps: [send(3, { everyMs: 100, reply: false })],
			expect: [outcomes("sent", 1)],
		});
		expect(account.connections[0]).toMatchObject({
			outcome: "sent",
			backend: "b1",
			connectedMs: null,
			datagrams: { requests: 3, sent: 3, answers: 0 },
		});
	});

	it.each(["one", "each"] as const)(
		"that await no answer, and that the router drops in silence, are undelivered (sockets: %s)",
		(sockets) => {
			const flows = sockets === "each" ? 4 : 1;
			holds({
				speaks: "silent",
				steps: [
					iptables("-A FORWARD -p udp -j DROP"),
					at(10, send(4, { sockets, reply: false, everyMs: 100 })),
				],
				expect: [
					outcomes("undelivered", flows),
					outcomes("lost", flows),
					outcomes("sent", 0),
				],
			});
		},
	);

	it.each([
		[
			"at all but the first",
			[
				"-A FORWARD -p udp -m limit --limit 1/min --limit-burst 1 -j ACCEPT",
				"-A FORWARD -p udp -j DROP",
			],
			1,
		],
		[
			"at the first alone",
			[
				"-A FORWARD -p udp -m quota --quota 60 -j DROP",
				"-A FORWARD -p udp -j ACCEPT",
			],
			19,
		],
	] as const)(
		"that await no answer are undelivered where rules drop some of a socket: %s",
		(_which, rules, read) => {
			const { account, judgements } = played({
				speaks: "silent",
				steps: [
					...rules.map((rule) => iptables(rule)),
					at(10, send(20, { everyMs: 1_000, reply: false })),
				],
				expect: [
					outcomes("undelivered", 1),
					outcomes("lost", 0),
					outcomes("sent", 1),
				],
			});
			expect(account.connections[0]).toMatchObject({
				outcome: "undelivered",
				datagrams: { requests: 20, sent: 20, read },
			});
			expect(judgements.map(({ outcome }) => outcome)).toEqual([
				"holds",
				"violated",
				"violated",
			]);
		},
	);

	it("that await no answer are sent where each is read at last", () => {
		const { account } = played({
			speaks: "silent",
			behaviour: { b1: { kind: "hang", accept: true } },
			steps: [
				send(20, { everyMs: 100, reply: false }),
				at(1_000, backend("b1", "up")),
			],
			expect: [outcomes("sent", 1)],
		});
		expect(account.connections[0]).toMatchObject({
			outcome: "sent",
			datagrams: { requests: 20, read: 20 },
		});
	});

	it.each<BackendBehaviour>([
		{ kind: "silent" },
		{ kind: "lossy", loss: 0.999999 },
		{ kind: "hang", accept: true },
	])(
		"that await no answer are undelivered where no program of a backend that is %j reads them",
		(behaviour) => {
			holds({
				speaks: "silent",
				behaviour: { b1: behaviour, b2: behaviour },
				steps: [send(4, { sockets: "each", reply: false, everyMs: 100 })],
				expect: [
					// It is the gateway that sends them there, whatever becomes of them.
					evenSplit(["b1", "b2"]),
					outcomes("undelivered", 4),
					outcomes("lost", 4),
					outcomes("sent", 0),
				],
			});
		},
	);

	it("that await no answer are sent where a program reads them, at last or without an answer", () => {
		holds({
			behaviour: {
				b1: { kind: "hang", accept: true },
				b2: { kind: "unavailable" },
			},
			steps: [
				send(4, { sockets: "each", reply: false, everyMs: 100 }),
				at(2_000, backend("b1", "up")),
			],
			expect: [outcomes("sent", 4), outcomes("lost", 0)],
		});
	});

	it.each(["one", "each"] as const)(
		"that await no answer are undelivered where the error about a closed port is dropped (sockets: %s)",
		(sockets) => {
			const flows = sockets === "each" ? 4 : 1;
			holds({
				behaviour: { b1: { kind: "refuse" }, b2: { kind: "refuse" } },
				steps: [
					iptables("-A FORWARD -p icmp -j DROP"),
					at(10, send(4, { sockets, reply: false, everyMs: 100 })),
				],
				expect: [outcomes("undelivered", flows), outcomes("sent", 0)],
			});
		},
	);

	it.each(["one", "each"] as const)(
		"from a port that another socket has are not sent (sockets: %s)",
		(sockets) => {
			const flow = { sockets, port: 40_000 } as const;
			const { account } = played({
				behaviour: { b1: { kind: "silent" }, b2: { kind: "silent" } },
				steps: [
					send(1, { ...flow, label: "first" }),
					at(1_000, send(2, { ...flow, label: "second", everyMs: 100 })),
					at(30_000, send(1, { ...flow, label: "third" })),
				],
				expect: [
					outcomes("unanswered", 1, { step: "first" }),
					outcomes("no-port", sockets === "each" ? 2 : 1, { step: "second" }),
				],
			});
			// A program keeps its one socket to the end.
			const last = sockets === "each" ? "unanswered" : "no-port";
			expect(account.connections.at(-1)).toMatchObject({
				step: "third",
				sourcePort: 40_000,
				outcome: last,
			});
		},
	);

	it("that are not answered are sent again to the same backend, and lost", () => {
		holds({
			behaviour: { b1: { kind: "silent" } },
			steps: [send(2, { sockets: "each", everyMs: 100 })],
			expect: [
				outcomes("unanswered", 1),
				outcomes("lost", 1),
				outcomes("answered", 1),
				affinity(),
			],
		});
	});

	it("are refused where the port is closed: not by the gateway", () => {
		holds({
			behaviour: { b1: { kind: "refuse" } },
			steps: [send(2, { sockets: "each", everyMs: 100, ...once })],
			expect: [outcomes("refused", 1), gatewayAnswered("*", 0)],
		});
	});

	it("cannot reach a host that is gone: the gateway says so", () => {
		holds({
			behaviour: { b1: { kind: "vanish" } },
			steps: [send(2, { sockets: "each", everyMs: 100 })],
			expect: [
				outcomes("unreachable", 1),
				gatewayAnswered("icmp host-unreachable", 1),
			],
		});
	});

	it("still wait at the end of a play that ends too soon", () => {
		const [line] = seen({
			speaks: "silent",
			steps: [
				send(1, { reply: { timeoutMs: 90_000, attempts: 1 } }),
				at(59_000, packet("bond0.204", "udp 10.0.0.11:1 > 10.0.0.1:99 len 1")),
			],
			expect: [outcomes("unanswered", 0)],
		});
		expect(line).toMatch(/^unknown: .*the play ended before it was known/);
	});

	it("whose answers come from elsewhere are refused by the client's kernel", () => {
		const { account } = played({
			rules: `${TURNS}*raw\n-A PREROUTING -s 192.168.0.1/32 -j CT --notrack\nCOMMIT\n`,
			steps: [send(1, once)],
			expect: [outcomes("unanswered", 1)],
		});
		expect(account.connections[0]?.outcome).toBe("unanswered");
	});

	it("may find no free port", () => {
		holds({
			speaks: "silent",
			steps: [send(3, { sockets: "each", everyMs: 1, firstPort: 65_534 })],
			expect: [outcomes("no-port", 1), outcomes("unanswered", 2)],
		});
	});

	it("have a failover gap, as connections have", () => {
		holds({
			steps: [
				at(0, send(20, { sockets: "each", everyMs: 100, ...once })),
				at(450, backend("b1", { kind: "silent" })),
				at(950, restore({ name: "b2.rules", text: TO_B2 })),
			],
			expect: [failoverGapAtMost("b1", 550)],
		});
	});
});

describe("an entry of conntrack that outlives its backend", () => {
	const flow = [
		at(0, send(30, { everyMs: 1_000, port: 51_820, ...once })),
		at(5_500, backend("b1", { kind: "silent" })),
		at(6_000, restore({ name: "b2.rules", text: TO_B2 })),
	];

	it("keeps a flow there, however the rules are changed", () => {
		const [moved, abandoned] = seen({
			steps: flow,
			expect: [affinity(), abandonedWithin("b1", 5_000)],
		});
		expect(moved).toMatch(/^holds/);
		expect(abandoned).toBe(
			"violated: the last packet to b1 went 23501 ms after it failed; 19 packets of 1 flow went too late",
		);
	});

	it("is thrown away, and the flow goes elsewhere", () => {
		const { account, judgements } = played({
			steps: [...flow, at(8_500, evict({ protocol: "udp" }))],
			expect: [abandonedWithin("b1", 5_000)],
		});
		expect(judgements[0]).toMatchObject({ outcome: "holds" });
		expect(account.connections[0]).toMatchObject({
			met: ["b1", "b2"],
			outcome: "unanswered",
			datagrams: { requests: 30, sent: 30, answers: 27 },
		});
	});
});

it("draws of flows are draws: the split is what chance allows", () => {
	const { account } = played({
		rules: TURNS.replace(
			"nth --every 2 --packet 0",
			"random --probability 0.5",
		),
		steps: [send(40, { sockets: "each", everyMs: 10 })],
		expect: [evenSplit(["b1", "b2"])],
	});
	expect(account.connections.every(({ chance }) => chance === "drew")).toBe(
		true,
	);
});

it("flows and packets by hand are told apart", () => {
	const { account } = played({
		steps: [
			send(1, { port: 4_000 }),
			at(10, packet("bond0.204", "udp 10.0.0.10:4000 > 10.0.0.1:53 len 40")),
			repeat(2, 10, () => [iptables("-t mangle -A PREROUTING -p udp")]),
		],
		expect: [outcomes("answered", 1)],
	});
	expect(account.connections[0]?.datagrams?.sent).toBe(1);
});

describe("a flow whose backend falls silent, with a health checker", () => {
	const RULES_BY_CONDITION = `*nat
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -m condition ! --condition mail1up -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p udp --dport 53 -j DNAT --to-destination 192.168.0.2
COMMIT
`;
	const [target] = recipeHealthCheck().targets;

	it.each([
		{ evict: true, outcome: "holds" },
		{ evict: false, outcome: "violated" },
	] as const)("evict $evict: $outcome", (given) => {
		const healthCheck = recipeHealthCheck({
			evict: given.evict,
			targets: target === undefined ? [] : [target],
			probe: { kind: "tcp" },
		});
		const ruleset = { name: "dns.rules", text: RULES_BY_CONDITION };
		const at53 = { address: "10.0.0.1", port: 53 };
		const story = scenario({
			name: "udp-evicted",
			title: "A flow of UDP, and its backend dies",
			setup: recipeSetup({
				ruleset,
				healthCheck,
				services: [
					service("dns", { protocol: "udp", ...at53 }),
					service("mail", { address: "10.0.0.1", port: 25 }),
				],
			}),
			steps: [
				send(20, { service: "dns", sockets: "one", everyMs: 1_000 }),
				at(5_500, backend("b1", "silent")),
			],
			expect: [abandonedWithin("b1", 4_000), moved(1), outcomes("answered", 1)],
			endMs: 30_000,
		});
		expect(checkScenario(story as PlayableScenario).outcome).toBe(
			given.outcome,
		);
	});
});
