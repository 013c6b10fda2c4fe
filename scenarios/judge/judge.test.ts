import { describe, expect, it } from "vitest";
import type { ConntrackLine } from "../../sim/contract/gateway.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import {
	affinity,
	avoided,
	backendAt,
	clientAt,
	conditionIs,
	connectedWithin,
	conntrack,
	counter,
	countsAgree,
	evenSplit,
	failoverGapAtMost,
	gatewayAnswered,
	mailKept,
	moved,
	operationFails,
	operationSucceeds,
	order,
	outcomes,
	packet,
	packetsCounted,
	packetsOut,
	packetsPast,
	pattern,
	recipeSetup,
	scenario,
	split,
	splitBySource,
	sticky,
} from "../language/build/build.ts";
import { connect } from "../language/build/build-steps.ts";
import type { Expectation, ExpectationKind } from "../language/scenario.ts";
import { judgeAll } from "./judge.ts";
import {
	accountOf,
	connectionRecord,
	connectionsTo,
	observed,
	sent,
} from "./test-account.ts";

const alternating = accountOf({
	connections: connectionsTo("b1", "b2", "b1", "b2"),
});
const allToB1 = accountOf({
	connections: connectionsTo("b1", "b1", "b1", "b1"),
});
const torn = accountOf({
	connections: [connectionRecord(0, { met: ["b1", "b2"] })],
});
const unanswered = accountOf({ connections: connectionsTo("b1", null) });
const nobody = accountOf();

const failure = (...served: readonly (string | null)[]) =>
	accountOf({
		connections: connectionsTo(...served),
		events: [{ kind: "backend", atMs: 10, backend: "b1", behaviour: "hang" }],
	});

function from(...addresses: readonly string[]): Account {
	return accountOf({
		connections: addresses.map((address, index) =>
			connectionRecord(index, { source: { address } }),
		),
	});
}

function ofClients(...ways: readonly (readonly [string, string])[]): Account {
	return accountOf({
		connections: ways.map(([client, backend], index) =>
			connectionRecord(index, { client, backend }),
		),
	});
}

function failureOf(
	...ways: readonly (readonly [string, string | null])[]
): Account {
	return accountOf({
		connections: ways.map(([service, backend], index) =>
			connectionRecord(index, { service, backend }),
		),
		events: [{ kind: "backend", atMs: 10, backend: "b1", behaviour: "hang" }],
	});
}

/** Without the connections that show each judgement. */
const judge = (...given: Parameters<typeof judgeAll>) =>
	judgeAll(...given).map(({ all: _, ...judgement }) => judgement);

const entry: ConntrackLine = {
	text: "ipv4 2 tcp 6 120 SYN_SENT …",
	protocol: "tcp",
	state: "SYN_SENT",
	timeoutS: 120,
	original: {
		source: "10.0.0.10",
		destination: "10.0.0.1",
		sourcePort: 40000,
		destinationPort: 25,
	},
	reply: {
		source: "192.168.0.1",
		destination: "10.0.0.10",
		sourcePort: 25,
		destinationPort: 40000,
	},
	unreplied: true,
	assured: false,
	mark: 1,
};
const looked = accountOf({
	observations: [
		observed("", {
			ruleset:
				"*mangle\n:PREROUTING ACCEPT [9:540]\n:M - [0:0]\n[7:420] -A M -j RETURN\n[2:120] -A M -j DROP\nCOMMIT\n",
			conntrack: [entry],
			conditions: { mail1up: 1 },
		}),
	],
});
const emitted = accountOf({
	packets: [
		sent(5, "tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 7 ack 1"),
		sent(9, "tcp 10.0.0.1:25 > 10.0.0.10:40000 R seq 8"),
	],
});
const did = accountOf({
	operations: [
		{ label: "load", atMs: 0, text: "", outcome: { ok: true } },
		{
			label: "bad",
			atMs: 1,
			text: "iptables -F",
			outcome: { ok: false, message: "COMMIT expected" },
		},
	],
});

/** What each kind of expectation says to an account that fulfils it and to one that does not. */
const cases: readonly [
	string,
	Expectation,
	{ readonly holds: Account; readonly violated: readonly Account[] },
][] = [
	[
		"sticky",
		sticky(),
		{
			holds: allToB1,
			violated: [
				alternating,
				nobody,
				accountOf({ connections: connectionsTo("b1", null, "b2") }),
			],
		},
	],
	[
		"sticky for a time",
		sticky({ forMs: 9 }),
		{
			holds: accountOf({
				connections: [
					connectionRecord(0),
					connectionRecord(1, { startedMs: 5 }),
					connectionRecord(2, { startedMs: 15, backend: "b2" }),
				],
			}),
			violated: [
				accountOf({
					connections: [
						connectionRecord(0),
						connectionRecord(1, { startedMs: 9, backend: "b2" }),
					],
				}),
			],
		},
	],
	[
		"connected-within",
		connectedWithin(1),
		{
			holds: alternating,
			violated: [
				unanswered,
				nobody,
				accountOf({
					connections: [connectionRecord(0, { connectedMs: 1.5 })],
				}),
			],
		},
	],
	[
		"late",
		outcomes("late", 1),
		{
			holds: accountOf({
				connections: [
					connectionRecord(0, { syns: 2, outcome: "reset" }),
					connectionRecord(1),
				],
			}),
			violated: [alternating, unanswered, nobody],
		},
	],
	[
		"split by source",
		splitBySource({ "203.0.113.5": 1, "203.0.113.6": 1 }),
		{
			holds: from("203.0.113.5", "203.0.113.6"),
			violated: [
				from("203.0.113.5", "203.0.113.5"),
				from("203.0.113.5", "203.0.113.7"),
				alternating,
				nobody,
			],
		},
	],
	[
		"split for each client",
		split({ b1: 1, b2: 1 }, { per: "client" }),
		{
			holds: ofClients(["a", "b1"], ["a", "b2"], ["b", "b2"], ["b", "b1"]),
			violated: [
				ofClients(["a", "b1"], ["a", "b1"], ["b", "b2"], ["b", "b2"]),
				nobody,
			],
		},
	],
	[
		"failover gap of a service",
		failoverGapAtMost("b1", 10, { service: "web" }),
		{
			holds: failureOf(["web", "b1"], ["web", null], ["web", "b2"], ["", null]),
			violated: [
				failureOf(["web", "b1"], ["web", null], ["", "b2"], ["", "b2"]),
			],
		},
	],
	[
		"order",
		order(["b1", "b2", "b1", "b2"]),
		{ holds: alternating, violated: [allToB1, unanswered, nobody] },
	],
	[
		"order of no more connections than were made",
		order(["b1", "b2"]),
		{
			holds: accountOf({ connections: connectionsTo("b1", "b2") }),
			violated: [alternating],
		},
	],
	[
		"pattern",
		pattern(["b1", "b2"], 4),
		{ holds: alternating, violated: [allToB1] },
	],
	[
		"even split",
		evenSplit(["b1", "b2"]),
		{ holds: alternating, violated: [allToB1, nobody] },
	],
	[
		"split where some reach nothing",
		split({ b1: 1, b2: 1 }, { tolerance: 0.4 }),
		{ holds: alternating, violated: [unanswered] },
	],
	[
		"split with a confidence",
		split({ b1: 1, b2: 1 }, { confidence: 0.95 }),
		{
			holds: accountOf({ connections: drawn(manyTo("b1", 40, "b2", 60)) }),
			violated: [
				accountOf({ connections: drawn(manyTo("b1", 39, "b2", 61)) }),
				// Nothing was drawn: there is no room for chance.
				accountOf({ connections: manyTo("b1", 40, "b2", 60) }),
			],
		},
	],
	[
		"split with a tolerance",
		split({ b1: 8, b2: 2 }, { tolerance: 0.1 }),
		{
			holds: accountOf({ connections: manyTo("b1", 7, "b2", 3) }),
			violated: [accountOf({ connections: manyTo("b1", 6, "b2", 4) })],
		},
	],
	[
		"avoided",
		avoided("b2"),
		{ holds: allToB1, violated: [alternating, torn, nobody] },
	],
	[
		"failover gap",
		failoverGapAtMost("b1", 20),
		{
			// Fails at 10 ms; connection 1 is lost, connection 2 (at 20 ms) is the first one served.
			holds: failure("b1", null, "b2", "b2"),
			violated: [
				failure("b1", null, null, null, "b2"),
				failure("b1", null, "b2", null),
				failure("b1"),
				alternating,
			],
		},
	],
	["affinity", affinity(), { holds: alternating, violated: [torn, nobody] }],
	[
		"moved",
		moved({ atLeast: 1 }),
		{ holds: torn, violated: [alternating, nobody] },
	],
	[
		"outcomes",
		outcomes("refused", 1),
		{ holds: unanswered, violated: [alternating, nobody] },
	],
	[
		"lost",
		outcomes("lost", 0),
		{ holds: alternating, violated: [unanswered, nobody] },
	],
	[
		"accepted",
		outcomes("accepted", { atLeast: 2 }),
		{ holds: alternating, violated: [unanswered] },
	],
	[
		"gateway answered",
		gatewayAnswered("rst", 1),
		{ holds: unanswered, violated: [alternating, nobody] },
	],
	[
		"gateway silent",
		gatewayAnswered("*", 0),
		{ holds: alternating, violated: [unanswered, nobody] },
	],
	[
		"packets out",
		packetsOut("bond0.204", ["* > 10.0.0.10:* SA *", "* R *"]),
		{ holds: emitted, violated: [nobody] },
	],
	[
		"packets that fit one of several patterns",
		packetsCounted(["* > 10.0.0.10:* SA *", "* R *"], 2),
		{ holds: emitted, violated: [nobody] },
	],
	[
		"packets that are not to come out",
		packetsCounted(["tcp 10.0.0.10:9 > *"], 0),
		{
			holds: emitted,
			violated: [
				accountOf({
					packets: [sent(5, "tcp 10.0.0.10:9 > 192.168.0.1:53 S")],
				}),
			],
		},
	],
	[
		"packets to a port, whatever their fields",
		packetsCounted(["tcp * > 192.168.0.1:53"], 0),
		{
			holds: emitted,
			violated: [
				accountOf({
					packets: [sent(5, "tcp 10.0.0.10:9 > 192.168.0.1:53 S")],
				}),
			],
		},
	],
	[
		"packets out, in this order",
		packetsOut("bond0.204", ["* R *", "* SA *"]),
		{
			holds: accountOf({ packets: [...emitted.packets].reverse() }),
			violated: [emitted],
		},
	],
	[
		"packets out, with fields in any order",
		packetsOut("bond0.204", ["udp 10.0.0.10:9 > 192.168.0.1:53 len 3 ttl 63"]),
		{
			holds: accountOf({
				packets: [sent(5, "udp 10.0.0.10:9 > 192.168.0.1:53 ttl 63 len 3")],
			}),
			violated: [nobody],
		},
	],
	[
		"packets out, exactly",
		packetsOut("bond0.204", ["* SA *"], { exactly: true }),
		{
			holds: accountOf({ packets: emitted.packets.slice(0, 1) }),
			violated: [emitted, nobody],
		},
	],
	[
		"packets past",
		packetsPast("bond0.204", ["* SA *"]),
		{
			holds: accountOf({
				packets: emitted.packets.map((one) => ({
					...one,
					direction: "past" as const,
				})),
			}),
			violated: [emitted, nobody],
		},
	],
	[
		"packets out from a time on",
		packetsOut("bond0.204", [], { fromMs: 6, exactly: true }),
		{
			// Something was sent from then on: into the gateway, and nothing came out.
			holds: accountOf({
				packets: [
					...emitted.packets.slice(0, 1),
					{
						...sent(7, "tcp 10.0.0.10:40000 > 10.0.0.1:25 A"),
						direction: "in",
					},
				],
			}),
			violated: [emitted],
		},
	],
	[
		"conntrack",
		conntrack({ mark: 1, state: "SYN_SENT", originalSourcePort: 40000 }, 1, {
			unreplied: true,
			assured: false,
			timeoutS: 120,
		}),
		{
			holds: looked,
			violated: [
				withEntry({ mark: 2 }),
				withEntry({ timeoutS: 119 }),
				withEntry({ assured: true }),
				withEntry({ unreplied: false }),
				nobody,
			],
		},
	],
	[
		"counter",
		counter("mangle:M:rule:2", 2),
		{ holds: looked, violated: [nobody, withEntry({}, "[3:1] -A M -j DROP")] },
	],
	[
		"counter of a policy",
		counter("mangle:PREROUTING:policy", 9),
		{ holds: looked, violated: [nobody] },
	],
	[
		"condition",
		conditionIs("mail1up", 1),
		{ holds: looked, violated: [withEntry({}), nobody] },
	],
	[
		"condition that does not exist",
		conditionIs("mail2up", null),
		{
			holds: looked,
			violated: [
				accountOf({
					observations: [observed("", { conditions: { mail2up: 0 } })],
				}),
			],
		},
	],
	[
		"operation fails",
		operationFails("bad", "COMMIT"),
		{
			holds: did,
			violated: [
				nobody,
				accountOf({
					operations: [
						{ label: "bad", atMs: 1, text: "", outcome: { ok: true } },
					],
				}),
				accountOf({
					operations: [
						{
							label: "bad",
							atMs: 1,
							text: "",
							outcome: { ok: false, message: "other" },
						},
					],
				}),
			],
		},
	],
	[
		"counts agree",
		countsAgree({ b1: "192.168.0.1", b2: "192.168.0.2" }),
		{
			holds: counting(2, 1, { b1: 2, b2: 1 }),
			violated: [
				counting(1, 1, { b1: 2, b2: 1 }),
				counting(2, 2, { b1: 2, b2: 1 }),
				counting(2, 1, { b1: 1, b2: 2 }),
			],
		},
	],
	[
		"mail is kept",
		mailKept(),
		{
			holds: { ...allToB1, mail: { kept: 4, missing: [] } },
			violated: [{ ...allToB1, mail: { kept: 3, missing: ["<1@c1>"] } }],
		},
	],
	[
		"operation succeeds",
		operationSucceeds("load"),
		{ holds: did, violated: [nobody] },
	],
];

/** Two at b1 and one at b2, as clients say; what rules and servers have counted. */
function counting(
	ofB1: number,
	ofB2: number,
	counts: Readonly<Record<string, number>>,
): Account {
	const rule = (packets: number, host: number) =>
		`[${packets}:0] -A PREROUTING -j DNAT --to-destination 192.168.0.${host}`;
	return accountOf({
		connections: connectionsTo("b1", "b2", "b1"),
		tallies: [{ by: "mail servers", counts }],
		observations: [
			observed("", { ruleset: `*nat\n${rule(ofB1, 1)}\n${rule(ofB2, 2)}` }),
		],
	});
}

function manyTo(first: string, some: number, second: string, others: number) {
	return connectionsTo(
		...Array<string>(some).fill(first),
		...Array<string>(others).fill(second),
	);
}

function drawn(connections: readonly ConnectionRecord[]) {
	return connections.map((one) => ({ ...one, chance: "drew" as const }));
}

function withEntry(parts: Partial<ConntrackLine>, rules = ""): Account {
	return accountOf({
		observations: [
			observed("", {
				conntrack: [{ ...entry, ...parts }],
				ruleset: `*mangle\n${rules}`,
			}),
		],
	});
}

describe("judging", () => {
	it.each(cases)("%s holds where it does", (_, expectation, { holds }) => {
		const [judgement] = judge({ expect: [expectation], steps: [] }, holds);
		expect(judgement).toMatchObject({ outcome: "holds" });
	});

	it.each(cases)("%s is violated where it is", (_, expectation, accounts) => {
		for (const account of accounts.violated) {
			const [judgement] = judge({ expect: [expectation], steps: [] }, account);
			expect(judgement).toMatchObject({ outcome: "violated" });
			expect(judgement?.seen).not.toBe("");
		}
	});

	it.each(cases)(
		"%s is unknown when the play ended in the unknown",
		(_, expectation, { holds }) => {
			const unknown = {
				rule: "mangle:M:rule:1",
				text: "-A M -m set",
				line: 3,
				reason: "set is not modelled",
			};
			const [judgement] = judge(
				{ expect: [expectation], steps: [] },
				{ ...holds, unknown },
			);
			expect(judgement).toMatchObject({
				outcome: "unknown",
				rule: "mangle:M:rule:1",
			});
		},
	);

	it("has a case for every kind of expectation", () => {
		// `abandoned` is about hosts: `judge-abandoned.test.ts`.
		const every: Record<Exclude<ExpectationKind["kind"], "abandoned">, true> = {
			order: true,
			split: true,
			"split-by-source": true,
			sticky: true,
			"connected-within": true,
			avoided: true,
			"failover-gap": true,
			affinity: true,
			moved: true,
			outcomes: true,
			"gateway-answered": true,
			"packets-out": true,
			"packets-past": true,
			"packets-counted": true,
			conntrack: true,
			counter: true,
			condition: true,
			"counts-agree": true,
			"mail-kept": true,
			operation: true,
		};
		const tried = new Set(cases.map(([, { kind }]) => kind));
		expect([...tried].sort()).toEqual(Object.keys(every).sort());
	});
});

describe("stickiness of clients", () => {
	const setup = recipeSetup({
		clients: [
			clientAt("a", "10.1.0.1"),
			clientAt("b", "10.1.0.2"),
			clientAt("c", "10.2.0.1"),
		],
	});
	const judged = (expectation: Expectation, account: Account) =>
		judgeAll({ expect: [expectation], steps: [], setup }, account)[0];
	const parted = ofClients(["a", "b1"], ["b", "b2"], ["c", "b2"], ["a", "b1"]);

	it("takes a network for one client where it is to", () => {
		expect(judged(sticky(), parted)?.outcome).toBe("holds");
		expect(judged(sticky({ prefix: 24 }), parted)).toMatchObject({
			outcome: "violated",
			expected:
				"each connection at the backend of the one before it of its client's /24",
			seen: "2 of 2 connections with one before them went to another backend, the first one (#2) at b2 10 ms after #1 at b1",
			connections: [1, 3],
		});
	});

	it("is of each service alone", () => {
		const account = accountOf({
			connections: ["web", "dns", "web", "dns"].map((service, index) =>
				connectionRecord(index, { service, backend: `${service}1` }),
			),
		});
		expect(judged(sticky(), account)?.outcome).toBe("holds");
	});

	it("is shown by no connection that has none before it", () => {
		expect(judged(sticky(), ofClients(["a", "b1"], ["b", "b2"]))).toMatchObject(
			{
				outcome: "unknown",
				seen: expect.stringContaining("no connection had one before it"),
			},
		);
	});
});

describe("what nothing could violate", () => {
	const unmet = accountOf({ connections: connectionsTo(null, null) });
	const draws = accountOf({ connections: drawn(connectionsTo("b1", "b2")) });
	const flow = connectionRecord(0, { protocol: "udp", outcome: "sent" });
	const flows = accountOf({ connections: [{ ...flow, accepted: false }] });
	it.each<[string, Expectation, Account, string]>([
		["a bound of all", outcomes("refused", { atMost: 4 }), alternating, "4"],
		["no answer to TCP", outcomes("answered", 0), allToB1, "of TCP is ever"],
		["no end of UDP", outcomes("completed", 0), flows, "of UDP is ever"],
		["no UDP accepted", outcomes("accepted", 0), flows, "ever accepted"],
		["a bound above all", gatewayAnswered("*", { atMost: 9 }), allToB1, "9"],
		["moves up to all", moved({ atMost: 4 }), alternating, "4"],
		[
			"a wide tolerance",
			split({ b1: 1, b2: 1 }, { tolerance: 0.5 }),
			alternating,
			"",
		],
		["few draws", split({ b1: 1, b2: 1 }), draws, ""],
		[
			"a split of one",
			evenSplit(["b1", "b2"]),
			accountOf({ connections: connectionsTo("b1") }),
			"",
		],
		["affinity to nothing", affinity(), unmet, "reached any backend"],
		["none of none moved", moved(0), unmet, "reached any backend"],
		["a backend avoided", avoided("b1"), unmet, "reached any backend"],
		[
			"a backend avoided by those of the filter",
			avoided("b1", { fromMs: 10 }),
			accountOf({ connections: connectionsTo("b2", null, null) }),
			"reached any backend",
		],
		[
			"counts of nothing",
			countsAgree({ b1: "192.168.0.1" }),
			unmet,
			"reached any backend",
		],
		["mail of no server", mailKept(), alternating, "only where they are real"],
	])("is unknown: %s", (_, expectation, account, why) => {
		const [judgement] = judge({ expect: [expectation], steps: [] }, account);
		expect(judgement).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("nothing could violate this"),
		});
		expect(judgement?.seen).toContain(why);
	});

	const empty = accountOf({
		observations: [
			observed("", {
				ruleset:
					"*mangle\n:PREROUTING ACCEPT [0:0]\n[0:0] -A PREROUTING -j DROP\nCOMMIT\n",
			}),
		],
	});
	const quiet: readonly Expectation[] = [
		packetsOut("lan0", [], { exactly: true }),
		packetsPast("lan0", [], { exactly: true }),
		conntrack({ state: "SYN_SENT" }, 0),
		counter("mangle:PREROUTING:rule:1", 0),
		counter("mangle:PREROUTING:policy", 0),
	];

	it.each(quiet)("is unknown where nothing was sent: $kind", (expectation) => {
		const outcomeOf = (account: Account) =>
			judge({ expect: [expectation], steps: [] }, account)[0]?.outcome;
		expect(outcomeOf(empty)).toBe("unknown");
		const noPort = connectionRecord(0, { backend: null, outcome: "no-port" });
		expect(outcomeOf({ ...empty, connections: [noPort] })).toBe("unknown");
		const connections = connectionsTo(null);
		expect(outcomeOf({ ...empty, connections })).toBe("holds");
		const late = [connectionRecord(9, { backend: null })];
		expect(outcomeOf({ ...empty, connections: late })).toBe(
			expectation.kind.startsWith("packets-") ? "holds" : "unknown",
		);
	});

	it.each([
		conntrack({ protocol: "sctp" }, 0),
		conntrack({ protocol: "udp" }, 0),
		packetsCounted(["udp *", "sctp *"], 0),
	])(
		"is unknown where nothing of that protocol was sent: %j",
		(expectation) => {
			const outcomeOf = (connections: readonly ConnectionRecord[]) =>
				judge(
					{ expect: [expectation], steps: [] },
					{ ...empty, connections },
				)[0]?.outcome;
			expect(outcomeOf(connectionsTo(null))).toBe("unknown");
			const flow = connectionRecord(0, { protocol: "udp", outcome: "sent" });
			const isSctp = JSON.stringify(expectation).includes('"protocol":"sctp"');
			expect(outcomeOf([flow])).toBe(isSctp ? "unknown" : "holds");
		},
	);

	it.each<[rule: string, tcp: string, udp: string]>([
		["-p udp -m udp --dport 53 -j DROP", "unknown", "holds"],
		["-s 10.0.0.0/8 -i bond0.204 -p sctp -j DROP", "unknown", "unknown"],
		["! -p udp -j DROP", "holds", "holds"],
		["-p icmp -j DROP", "holds", "holds"],
		['-m comment --comment "a -p udp rule" -j DROP', "holds", "holds"],
		["-i bond0.20 -j DROP", "unknown", "unknown"],
		["-i bond0+ -p tcp -j DROP", "holds", "unknown"],
		["! -i bond0.20 -j DROP", "holds", "holds"],
		["-o lan0 -j DROP", "unknown", "unknown"],
		["-o lo -j DROP", "holds", "holds"],
	])("a rule that counted nothing: %s", (rule, tcp, udp) => {
		const { setup } = scenario({
			name: "a",
			title: "",
			steps: [],
			expect: [],
			setup: recipeSetup({ ruleset: { name: "r", text: "" } }),
		});
		const observations = [
			observed("", {
				ruleset: `*filter\n:FORWARD ACCEPT [9:9]\n[0:0] -A FORWARD ${rule}\nCOMMIT\n`,
			}),
		];
		const outcomeOf = (connections: readonly ConnectionRecord[]) =>
			judge(
				{ expect: [counter("filter:FORWARD:rule:1", 0)], steps: [], setup },
				accountOf({ observations, connections }),
			)[0]?.outcome;
		expect(outcomeOf(connectionsTo(null))).toBe(tcp);
		const flow = connectionRecord(0, { protocol: "udp", outcome: "sent" });
		expect(outcomeOf([flow])).toBe(udp);
	});

	it.each<[Expectation, ...(readonly ConnectionRecord["outcome"][])]>([
		[outcomes("answered", 0), "sent", "undelivered"],
		[outcomes("unanswered", 0), "sent", "undelivered"],
		[outcomes("late", 0), "sent", "undelivered"],
		[outcomes("sent", 0), "answered", "unanswered"],
		[outcomes("undelivered", 0), "answered", "unanswered"],
	])(
		"is unknown what flows never come to: %j of %s, %s",
		(expectation, ...ends) => {
			const outcomeOf = (...some: readonly ConnectionRecord["outcome"][]) =>
				judge(
					{ expect: [expectation], steps: [] },
					accountOf({
						connections: some.map((outcome, id) =>
							connectionRecord(id, {
								protocol: "udp",
								outcome,
								connectedMs: null,
							}),
						),
					}),
				)[0]?.outcome;
			expect(outcomeOf(...ends)).toBe("unknown");
			// What an ICMP error ended may have awaited an answer.
			expect(outcomeOf(...ends, "refused")).toBe("holds");
		},
	);

	it.each(["syn/ack", "rst"])(
		"is unknown that the gateway does not say %s about datagrams",
		(answer) => {
			const flow = connectionRecord(0, {
				protocol: "udp",
				outcome: "sent",
				gatewayAnswers: [],
			});
			const outcomeOf = (said: string) =>
				judge(
					{ expect: [gatewayAnswered(said, 0)], steps: [] },
					accountOf({ connections: [flow] }),
				)[0]?.outcome;
			expect(outcomeOf(answer)).toBe("unknown");
			expect(outcomeOf("*")).toBe("holds");
			expect(outcomeOf("icmp port-unreachable")).toBe("holds");
		},
	);

	it("is something where errors about another protocol could have come", () => {
		const connections = connectionsTo(null);
		const expectation = packetsCounted(["icmp *"], 0);
		const [first] = judge(
			{ expect: [expectation], steps: [] },
			{ ...empty, connections },
		);
		expect(first?.outcome).toBe("holds");
	});

	it("is something where a packet by hand was sent", () => {
		const steps = [packet("bond0.204", "tcp 10.0.0.9:4 > 10.0.0.1:25 S")];
		for (const expectation of quiet)
			expect(judge({ expect: [expectation], steps }, empty)).toMatchObject([
				{ outcome: "holds" },
			]);
	});

	it("is unknown whether none is lost while connections wait at the end", () => {
		const waiting = connectionRecord(0, {
			backend: null,
			outcome: "open",
			connectedMs: null,
		});
		const account = accountOf({ connections: [waiting] });
		const outcomeOf = (expectation: Expectation) =>
			judge({ expect: [expectation], steps: [] }, account)[0]?.outcome;
		expect(outcomeOf(outcomes("lost", 0))).toBe("unknown");
		expect(outcomeOf(outcomes("open", 1))).toBe("holds");
	});

	it("is unknown: affinity to the only backend", () => {
		const { setup } = scenario({
			name: "a",
			title: "",
			steps: [],
			expect: [],
			setup: recipeSetup({ backends: [backendAt("b1", "192.168.0.1")] }),
		});
		for (const expectation of [affinity(), moved(0)])
			expect(
				judge({ expect: [expectation], steps: [], setup }, allToB1),
			).toMatchObject([{ outcome: "unknown" }]);
	});

	it("is violated all the same where it is", () => {
		const wide = split({ b1: 1 }, { tolerance: 0.9 });
		expect(judge({ expect: [wide], steps: [] }, alternating)).toMatchObject([
			{ outcome: "violated" },
		]);
	});
});

describe("what a judgement says", () => {
	it("names no wait where no connection stood", () => {
		const seenOf = (...backends: readonly (string | null)[]) =>
			judge(
				{ expect: [connectedWithin(1)], steps: [] },
				accountOf({
					connections: connectionsTo(...backends).map((one) =>
						one.backend === null ? { ...one, connectedMs: null } : one,
					),
				}),
			)[0]?.seen;
		expect(seenOf(null, null)).toBe(
			"2 of 2 connections did not, 2 were never connected",
		);
		expect(seenOf(null, "b1")).toMatch(
			/^1 of 2 connections did not, 1 was never connected, longest wait/,
		);
	});

	const say = (expectation: Expectation, account: Account) => {
		const [judgement] = judge({ expect: [expectation], steps: [] }, account);
		return judgement;
	};

	it("names the nearest rules where there are many and none is called so", () => {
		const rules = Array.from({ length: 40 }, () => "[3:1] -A MAILMARK -j DROP");
		const judgement = say(
			counter("mangle:MAILMARKS:rule:7", 2),
			withEntry({}, rules.join("\n")),
		);
		expect(judgement).toMatchObject({ rule: null });
		expect(judgement?.seen).toMatch(
			/^no such rule; of \d+ the nearest are \S+:MAILMARK:rule:7, /,
		);
		expect(judgement?.seen.split(", ")).toHaveLength(6);
	});

	it("names the first connection that differs", () => {
		expect(say(pattern(["b1", "b2"], 4), allToB1)).toMatchObject({
			expected: "b1 b2 b1 b2",
			seen: "b1 b1 b1 b1 (connection 2 is the first that differs)",
			connections: [1],
		});
	});

	it("shows the difference, not the beginning, of a long line", () => {
		const backends = Array<string>(100).fill("b1");
		const account = accountOf({
			connections: connectionsTo(...backends.with(60, "b2")),
		});
		expect(say(order(backends), account)?.seen).toContain("… b1 b1");
		expect(say(order(backends), account)?.seen).toContain("b2");
	});

	it("gives the numbers that a confidence allows", () => {
		const connections = drawn(manyTo("b1", 39, "b2", 61));
		const given = split({ b1: 1, b2: 1 }, { confidence: 0.95 });
		expect(say(given, accountOf({ connections }))).toMatchObject({
			expected:
				"b1 40…60, b2 40…60 of 100 connections (100 draws; chance alone leaves this once in 20 runs)",
			seen: "b1 39, b2 61",
		});
	});

	it("says where a flow was before it came to a backend that it was to avoid", () => {
		const there = (met: readonly string[]) => {
			const flow = connectionRecord(0, { met, protocol: "udp" });
			return say(avoided("b2"), accountOf({ connections: [flow] }))?.seen;
		};
		expect(there(["b1", "b2"])).toBe(
			"1 of 1 flow, the first one began at 0 ms and met b1 before",
		);
		expect(there(["b2", "b1"])).toBe("1 of 1 flow, the first one at 0 ms");
	});

	it("names few of many connections", () => {
		const connections = connectionsTo(...Array<null>(1000).fill(null));
		const judgement = say(outcomes("lost", 0), accountOf({ connections }));
		expect(judgement?.connections).toHaveLength(20);
		expect(judgement?.concerned).toBe(1000);
		expect(judgement?.seen).toBe("1000 of 1000 connections (refused 1000)");
	});

	it("names those that did not end so where too few did", () => {
		expect(say(outcomes("completed", 2), unanswered)).toMatchObject({
			connections: [1],
			concerned: 1,
		});
		expect(say(gatewayAnswered("rst", 2), unanswered)).toMatchObject({
			connections: [0],
			concerned: 1,
		});
	});

	it("says why nothing is shown by no connection", () => {
		for (const one of [
			outcomes("refused", 0, { step: "nobody" }),
			avoided("b1", { step: "nobody" }),
			affinity({ step: "nobody" }),
			evenSplit(["b1", "b2"], { step: "nobody" }),
		])
			expect(say(one, alternating)).toMatchObject({
				outcome: "violated",
				seen: "no connection fits: nothing is shown by none",
			});
	});

	it("says which connections are meant", () => {
		const expected = (one: Expectation) => say(one, alternating)?.expected;
		expect(expected(avoided("b1", { step: "load", client: "c1" }))).toBe(
			'none of the connections of step "load" of client c1 at b1',
		);
		expect(expected(outcomes("lost", 0, { fromMs: 6000, toMs: 8500 }))).toBe(
			"exactly 0 of the connections that began from 6 s to 8.5 s lost",
		);
		expect(expected(evenSplit(["b1"], { toMs: 20 }))).toBe(
			"b1 2 of 2 connections that began before 20 ms",
		);
		expect(expected(order(["b2"], { fromMs: 30 }))).toBe(
			"b2 (the connections that began from 30 ms on)",
		);
	});

	it("says how many connections of those that were to begin did not", () => {
		const steps = [connect(3, { label: "first" }), connect(2)];
		const seen = (expectation: Expectation) =>
			judge({ expect: [expectation], steps }, alternating)[0]?.seen;
		const short = /; only 4 of 5 connections began before the end$/;
		expect(seen(avoided("b2"))).toMatch(short);
		expect(seen(failoverGapAtMost("b1", 1))).toMatch(short);
		expect(seen(avoided("b2", { step: "first" }))).not.toContain("began");
		expect(seen(avoided("b2", { toMs: 20 }))).not.toContain("began");
		expect(seen(mailKept())).not.toContain("began");
	});

	it("looks at the connections of the filter alone", () => {
		const connections = [
			connectionRecord(0, { step: "before", backend: "b1" }),
			connectionRecord(1, { step: "after", backend: "b2" }),
			connectionRecord(2, { client: "c2", backend: "b3" }),
		];
		const account = accountOf({ connections });
		expect(say(order(["b2"], { step: "after" }), account)?.outcome).toBe(
			"holds",
		);
		expect(say(order(["b3"], { client: "c2" }), account)?.outcome).toBe(
			"holds",
		);
		expect(say(order(["b2"], { fromMs: 10, toMs: 20 }), account)?.outcome).toBe(
			"holds",
		);
	});
});
