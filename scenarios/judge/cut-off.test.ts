import { describe, expect, it } from "vitest";
import {
	affinity,
	at,
	avoided,
	backend,
	close,
	connect,
	connectedWithin,
	conntrack,
	counter,
	evenSplit,
	gatewayAnswered,
	hold,
	iptables,
	moved,
	order,
	outcomes,
	packetsCounted,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
	send,
	service,
	smtp,
	speak,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	Scenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const RULES = `*nat
-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
`;

const MAIL = recipeSetup({ ruleset: { name: "a.rules", text: RULES } });

const IN_TURN = RULES.replace(
	"-A PREROUTING -p tcp --dport 25 -j",
	`-A PREROUTING -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 1 -j DNAT --to-destination 192.168.0.2
-A PREROUTING -p tcp --dport 25 -j`,
);
const BOTH = recipeSetup({ ruleset: { name: "b.rules", text: IN_TURN } });

type Steps = readonly (ScenarioStep | readonly ScenarioStep[])[];

function played(
	steps: Steps,
	endMs: number,
	...expectations: readonly Expectation[]
) {
	return playedOn(MAIL, steps, endMs, ...expectations);
}

function playedOn(
	setup: Scenario["setup"],
	steps: Steps,
	endMs: number,
	...expectations: readonly Expectation[]
) {
	const { judgements } = checkScenario(
		scenario({
			name: "cut-off",
			title: "Cut off",
			steps,
			endMs,
			setup,
			expect: expectations,
		}) as PlayableScenario,
	);
	return judgements.map(({ outcome, seen }) => `${outcome}: ${seen}`);
}

const hundred = [connect(100, { everyMs: 100 })];

describe("an expectation about connections that did not begin before the end", () => {
	it.each([
		outcomes("refused", 0),
		outcomes("connect-timeout", 0),
		outcomes("open", 0),
		outcomes("no-port", { atMost: 98 }),
		gatewayAnswered("*", 0),
		moved({ atMost: 3 }),
		order(["b1"]),
		evenSplit(["b1"]),
		affinity(),
		avoided("b2"),
		outcomes("refused", 0, { toMs: 5_000 }),
	])("is unknown: %j", (expectation) => {
		const [said] = played(hundred, 50, expectation);
		expect(said).toMatch(
			/^unknown: .*let it last longer \(endMs\)$|shows nothing/s,
		);
		expect(said).toMatch(/only 1 of (100|50) connections began before the end/);
	});

	it("holds where a lower bound is reached, or an upper one has room for all of them", () => {
		const said = played(
			hundred,
			1_050,
			outcomes("completed", { atLeast: 10 }),
			outcomes("refused", { atMost: 89 }),
			outcomes("refused", { atMost: 88 }),
		);
		expect(said.map((one) => one.split(":")[0])).toEqual([
			"holds",
			"unknown",
			"unknown",
		]);
	});

	it("is unknown where packets, entries and counters of the gateway stand for all of them", () => {
		const upper = [
			packetsCounted(["tcp * > 192.168.0.1:25 S *"], { atMost: 3 }),
			conntrack({ replySource: "192.168.0.1" }, { atMost: 3 }),
			counter("nat:PREROUTING:rule:1", 1),
		];
		for (const said of played(hundred, 50, ...upper))
			expect(said).toMatch(/^unknown: .*only 1 of 100 connections began/s);
		const packets = packetsCounted(["tcp * > 192.168.0.1:25 S *"], {
			atLeast: 1,
		});
		expect(played(hundred, 50, packets)[0]).toMatch(/^holds/);
		const early = packetsCounted(["tcp * > 192.168.0.1:25 S *"], 1, {
			toMs: 40,
		});
		expect(played(hundred, 50, early)[0]).toMatch(/^holds/);
	});

	it("is violated where it is violated already", () => {
		const [said] = played(hundred, 1_050, avoided("b1"));
		expect(said).toMatch(/^violated: .*only 11 of 100 connections began/);
	});

	it("holds where none of those that are meant is missing", () => {
		const steps = [
			connect(2, { label: "first" }),
			at(900, connect(100, { everyMs: 100, label: "late" })),
		];
		const said = played(
			steps,
			1_050,
			outcomes("refused", 0, { step: "first" }),
			outcomes("refused", 0, { toMs: 800 }),
			outcomes("refused", 0),
		);
		expect(said.map((one) => one.split(":")[0])).toEqual([
			"holds",
			"holds",
			"unknown",
		]);
	});
});

describe("an expectation about connections that are not decided at the end", () => {
	const silent = [backend("b1", "silent"), at(10, connect(3))];

	it.each(["refused", "connect-timeout", "completed", "lost"] as const)(
		"is unknown while more of them may come to be %s",
		(outcome) => {
			const [said] = played(silent, 1_000, outcomes(outcome, 0));
			expect(said).toMatch(
				/^unknown: .*known how 3 connections would end: let it last longer/,
			);
		},
	);

	it("is unknown while there is time left to be connected", () => {
		const lost = [backend("b1", "vanish"), at(10, connect(3))];
		expect(played(lost, 1_000, connectedWithin(60_000))[0]).toMatch(
			/^unknown: .*known how 3 connections would end: let it last longer/,
		);
		expect(played(lost, 1_000, connectedWithin(500))[0]).toMatch(/^violated/);
	});

	it("does not take those of one step for another's that stay, where both have one label or none", () => {
		const expected = outcomes("lost", 0);
		const paced = smtp({ paceMs: 5_000 });
		for (const label of ["", "mail"]) {
			const steps = [
				connect(1, { label, dialogue: hold() }),
				at(500, connect(1, { label, dialogue: paced })),
			];
			expect(played(steps, 2_000, expected)[0]).toMatch(
				/^unknown.*1 connection would end/,
			);
			const both = [
				connect(1, { label, dialogue: hold() }),
				at(500, connect(1, { label, dialogue: hold() })),
			];
			expect(played(both, 2_000, expected)[0]).toMatch(/^holds/);
		}
	});

	it("is unknown while they have more to say, and holds where they only stay", () => {
		const paced = connect(1, { dialogue: smtp({ paceMs: 5_000 }) });
		const expected = outcomes("read-timeout", 0);
		expect(played([paced], 1_000, expected)[0]).toMatch(/^unknown/);
		const held = connect(1, { dialogue: hold() });
		expect(played([held], 1_000, expected)[0]).toMatch(/^holds/);
	});

	// That the first of all goes to b1 is the counter's turn.
	it.each([
		[affinity(), /^holds/],
		[avoided("b2"), /^unknown: .*turns decided it/],
		[moved(0), /^holds/],
	])(
		"is unknown where what they have yet to say may meet another backend: %j",
		(expectation, decided) => {
			const judged = (step: Steps[number], endMs: number) =>
				playedOn(BOTH, [step], endMs, expectation)[0];
			const paced = connect(1, { dialogue: smtp({ paceMs: 5_000 }) });
			expect(judged(paced, 1_000)).toMatch(/^unknown: .*let it last longer/);
			expect(judged(paced, 60_000)).toMatch(decided);
			const held = connect(1, { dialogue: hold() });
			expect(judged(held, 1_000)).toMatch(decided);
		},
	);

	it("is unknown while a socket has requests that it has not sent", () => {
		const dns = recipeSetup({
			ruleset: { name: "dns.rules", text: RULES.replace("tcp", "udp") },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 25 }),
			],
		});
		const asked = [send(10, { everyMs: 100, sockets: "one" })];
		const expected = avoided("b2");
		expect(playedOn(dns, asked, 500, expected)[0]).toMatch(/^unknown/);
		expect(playedOn(dns, asked, 60_000, expected)[0]).toMatch(/^holds/);
		// Of other steps with the same label, or none, one request is all.
		const others = [...asked, at(50, send(10, { sockets: "each" }))];
		expect(playedOn(dns, others, 500, expected)[0]).toMatch(/^unknown/);
		expect(playedOn(dns, others, 60_000, expected)[0]).toMatch(/^holds/);
	});
});

describe("an expectation about connections that are held, on which a step had one side say something", () => {
	const TO = "-A FORWARD -p tcp -m tcp --dport 25 -j DROP";
	const FROM = "-A FORWARD -p tcp -m tcp --sport 25 -j DROP";
	const said = (rule: string, who: "client" | "backend") => [
		connect(2, { label: "held", dialogue: hold() }),
		connect(1, { label: "quiet", dialogue: hold() }),
		...(rule === "" ? [] : [at(1_000, iptables(rule))]),
		at(2_000, speak("held", who)),
	];
	const ends = (words: readonly string[]) =>
		words.map((one) => one.split(":")[0]);

	it.each([
		["its packet is dropped", TO, "client"],
		["what answers it is dropped", FROM, "client"],
		["the backend's packet is dropped", FROM, "backend"],
		["the acknowledgement of it is dropped", TO, "backend"],
	] as const)("is unknown where %s", (_, rule, who) => {
		const all = played(
			said(rule, who),
			60_000,
			outcomes("open", 3),
			outcomes("lost", 0),
			outcomes("read-timeout", 0, { step: "held" }),
		);
		for (const one of all)
			expect(one).toMatch(
				/^unknown: . of . connections \(open .\); what was said on 2 connections was not acknowledged by the end: let it last longer \(endMs\)$/,
			);
	});

	it("is what comes of them where the play lasts longer", () => {
		expect(
			played(
				said(TO, "client"),
				1_200_000,
				outcomes("open", 1),
				outcomes("read-timeout", 2),
			),
		).toEqual([
			"holds: 1 of 3 connections (read-timeout 2, open 1)",
			"holds: 2 of 3 connections (read-timeout 2, open 1)",
		]);
	});

	it("holds where it would hold however they end", () => {
		const judged = played(
			said(TO, "client"),
			60_000,
			outcomes("open", { atLeast: 1 }),
			outcomes("open", { atLeast: 2 }),
			outcomes("lost", { atMost: 2 }),
			outcomes("lost", { atMost: 1 }),
			outcomes("open", 1, { step: "quiet" }),
			outcomes("lost", 0, { step: "quiet" }),
			outcomes("refused", 0),
		);
		expect(ends(judged)).toEqual([
			"holds",
			"unknown",
			"holds",
			"unknown",
			"holds",
			"holds",
			"holds",
		]);
	});

	it.each(["client", "backend"] as const)(
		"holds where what the %s has said is acknowledged",
		(who) => {
			expect(
				ends(
					played(
						said("", who),
						60_000,
						outcomes("open", 3),
						outcomes("lost", 0),
					),
				),
			).toEqual(["holds", "holds"]);
		},
	);

	it("is unknown where the play ends before the acknowledgement can come", () => {
		const judged = played(said("", "client"), 2_000, outcomes("open", 3));
		expect(ends(judged)).toEqual(["unknown"]);
	});

	it("is unknown of a close that does not get through", () => {
		const steps = [
			connect(1, { label: "held", dialogue: hold() }),
			at(1_000, iptables(TO)),
			at(2_000, close("held", "client")),
		];
		const judged = played(
			steps,
			10_000,
			outcomes("open", 1),
			outcomes("completed", 0),
		);
		expect(ends(judged)).toEqual(["unknown", "unknown"]);
	});
});

describe("an expectation that nothing in the play could violate", () => {
	it("is unknown of a time in which nothing was sent", () => {
		const mail = (fromMs: number) =>
			packetsCounted(["tcp * > 192.168.0.2:25 S *"], 0, { fromMs });
		const steps = [connect(2, { everyMs: 1_000 })];
		expect(played(steps, 60_000, mail(30_000))[0]).toMatch(
			/^unknown: .*nothing was sent from 30 s on/,
		);
		expect(played(steps, 60_000, mail(500))[0]).toMatch(/^holds/);
	});

	it.each<[when: { fromMs?: number; toMs?: number }, words: string]>([
		[{ fromMs: 30_000 }, "from 30 s on"],
		[{ toMs: 1 }, "before 1 ms"],
		[{ fromMs: 500, toMs: 900 }, "from 500 ms to 900 ms"],
	])(
		"is unknown of packets in a time in which none went: %j",
		(when, words) => {
			const steps = [connect(2, { everyMs: 1_000 })];
			const options = { ...when, exactly: true };
			const expected = [
				packetsOut("bond0.205", [], options),
				packetsPast("bond0.205", [], options),
				packetsCounted(["tcp *"], 0, when),
			];
			for (const judged of played(steps, 60_000, ...expected)) {
				expect(judged).toContain(` packets ${words}; `);
				expect(judged).toMatch(/^unknown: /);
				expect(judged).toMatch(new RegExp(`: nothing was sent ${words}$`));
			}
		},
	);

	const steps = [connect(2, { everyMs: 1_000 })];
	const when = { fromMs: 500, toMs: 2_000, exactly: true };
	const past = packetsPast("bond0.205", [], when);

	it("is something where packets went another way meanwhile", () => {
		const silence = packetsOut("lo", [], when);
		expect(played(steps, 60_000, silence)).toEqual([
			"holds: 0 packets from 500 ms to 2 s",
		]);
		const client = { name: "c1", address: "192.168.0.7", latencyMs: 1 };
		const hairpin = recipeSetup({
			ruleset: {
				name: "hairpin.rules",
				text: RULES.replace(
					"COMMIT",
					"-A POSTROUTING -s 192.168.0.0/24 -j MASQUERADE\nCOMMIT",
				),
			},
			clients: [{ ...client, interface: "bond0.205" }],
		});
		expect(playedOn(hairpin, steps, 60_000, past)).toEqual([
			"holds: 0 packets from 500 ms to 2 s",
		]);
	});

	it("is unknown of packets past the gateway where no host had one for another", () => {
		expect(played(steps, 60_000, past)).toEqual([
			"unknown: 0 packets from 500 ms to 2 s; nothing could violate this, so it shows nothing: no host on the link of bond0.205 had a packet for another one there",
		]);
	});

	it.each([affinity(), moved(0)])(
		"is unknown where the rules lead every connection to one backend of two: $kind",
		(expectation) => {
			expect(played(steps, 60_000, expectation)[0]).toMatch(
				/^unknown: .*the rules lead every connection to b1$/,
			);
			expect(playedOn(BOTH, steps, 60_000, expectation)[0]).toMatch(/^holds/);
		},
	);

	it("is unknown of a protocol that was sent at other times", () => {
		const both = recipeSetup({
			ruleset: { name: "dns.rules", text: RULES },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 25 }),
				service("mail", { address: "10.0.0.1", port: 25 }),
			],
		});
		const steps = [send(2, { sockets: "each" }), at(5_000, connect(2))];
		const flows = (fromMs: number) =>
			packetsCounted(["udp 192.168.0.2:*"], 0, { fromMs });
		const [late, early] = playedOn(both, steps, 60_000, flows(4_000), flows(0));
		expect(late).toMatch(
			/^unknown: .*nothing of that protocol was sent from 4 s on$/,
		);
		expect(early).toMatch(/^holds/);
	});

	it("is unknown of resets of datagrams", () => {
		const dns = recipeSetup({
			ruleset: { name: "dns.rules", text: RULES.replace("tcp", "udp") },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 25 }),
			],
		});
		const steps = [send(3, { sockets: "each" })];
		const [reset, error] = playedOn(
			dns,
			steps,
			60_000,
			gatewayAnswered("rst", 0),
			gatewayAnswered("icmp *", 0),
		);
		expect(reset).toMatch(/^unknown: .*datagrams are never reset/);
		expect(error).toMatch(/^holds/);
		const mail = [connect(2)];
		expect(played(mail, 60_000, gatewayAnswered("rst", 0))[0]).toMatch(
			/^holds/,
		);
	});
});
