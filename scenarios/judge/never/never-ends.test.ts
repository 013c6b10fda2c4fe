/** What no connection of a play can come to, and where none of its packets can go. */
import { describe, expect, it } from "vitest";
import {
	abandonedWithin,
	affinity,
	at,
	backend,
	backendAt,
	connect,
	connectOnly,
	evict,
	gatewayAnswered,
	hold,
	moved,
	outcomes,
	recipeSetup,
	scenario,
	send,
	service,
	speak,
} from "../../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
	Setup,
} from "../../language/scenario.ts";
import { checkScenario } from "../../run/run-scenario.ts";

const DNS = "-A PREROUTING -d 10.0.0.1 -p udp --dport 53";
const MAIL = "-A PREROUTING -d 10.0.0.1 -p tcp --dport 25";
const TURNS = [DNS, MAIL]
	.map(
		(of) =>
			`${of} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1\n${of} -j DNAT --to-destination 192.168.0.2\n`,
	)
	.join("");
const RULES = `*nat\n${TURNS}COMMIT\n`;

function played(
	steps: readonly (ScenarioStep | readonly ScenarioStep[])[],
	expect: readonly Expectation[],
	{
		rules = RULES,
		...more
	}: Partial<Pick<Setup, "backends">> & { readonly rules?: string } = {},
) {
	const story = scenario({
		name: "ends",
		title: "Ends",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text: rules },
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 }),
				service("mail", { address: "10.0.0.1", port: 25 }),
			],
			...more,
		}),
		steps: steps.flat(),
		expect: [...expect],
	});
	return checkScenario(story as PlayableScenario);
}

const refusing = at(0, backend("b1", "refuse"));
const mail = connect(2, { everyMs: 100 });
const asks = send(4, { sockets: "each", everyMs: 100 });
const tells = send(4, { sockets: "each", everyMs: 100, reply: false });
const once = send(4, {
	sockets: "each",
	everyMs: 100,
	reply: { timeoutMs: 1_000, attempts: 1 },
});

describe("that none came to an end", () => {
	it.each<
		[
			string,
			Expectation,
			readonly (ScenarioStep | readonly ScenarioStep[])[],
			string,
		]
	>([
		["sent", outcomes("sent", 0), [refusing, mail, asks], "awaits answers"],
		["undelivered", outcomes("undelivered", 0), [mail, asks], "of TCP is ever"],
		["answered", outcomes("answered", 0), [mail, tells], "awaits an answer"],
		["unanswered", outcomes("unanswered", 0), [tells], "awaits an answer"],
		["late", outcomes("late", 0), [refusing, once], "sent again"],
		["no-port", outcomes("no-port", 0), [mail, asks], "a port is free"],
		["no-port", outcomes("no-port", 0), [connect(1, { port: 9 })], "is free"],
		[
			"accepted",
			outcomes("accepted", 0),
			[connect(2, { dialogue: connectOnly() })],
			"hands over a message",
		],
	])("shows nothing where none can: %s", (_, expectation, steps, why) => {
		const [judgement] = played(steps, [expectation]).judgements;
		expect(judgement).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining(why),
		});
	});

	it.each<
		[string, Expectation, readonly (ScenarioStep | readonly ScenarioStep[])[]]
	>([
		["sent", outcomes("sent", 0), [refusing, asks, tells]],
		["unanswered", outcomes("unanswered", 0), [tells, asks]],
		["late", outcomes("late", 0), [once, mail]],
		["late", outcomes("late", 0), [asks]],
		["no-port", outcomes("no-port", 0), [connect(1, { port: 9 }), mail]],
		[
			"no-port",
			outcomes("no-port", 0),
			[
				connect(1, { port: 9 }),
				at(5_000, connect(1, { port: 9, dialogue: connectOnly() })),
			],
		],
	])("is something where one can: %s", (what, expectation, steps) => {
		const [judgement] = played(steps, [expectation]).judgements;
		const isTold = what === "no-port" && steps[1] === mail;
		expect(judgement?.outcome).not.toBe(isTold ? "holds" : "unknown");
	});

	it("does not say how those end that cannot come to it", () => {
		const { outcome, judgements } = played(
			[
				refusing,
				asks,
				at(
					5_000,
					backend("b1", "up"),
					send(4, { sockets: "each", reply: false }),
				),
			],
			[outcomes("sent", 4)],
		);
		expect(judgements).toMatchObject([
			{ outcome: "holds" },
			{
				expectation: { kind: "connections-served" },
				seen: expect.stringMatching(/^2 refused; /),
			},
		]);
		expect(outcome).toBe("unknown");
	});
});

it("shows nothing that the gateway sent no SYN/ACK where nothing of it answers a SYN", () => {
	const outcomeOf = (answer: string, more: Parameters<typeof played>[2] = {}) =>
		played([mail], [gatewayAnswered(answer, 0)], more).judgements[0];
	expect(outcomeOf("syn/ack")).toMatchObject({
		outcome: "unknown",
		seen: expect.stringContaining("no rule answers a SYN"),
	});
	expect(outcomeOf("*")?.outcome).toBe("holds");
	expect(outcomeOf("rst")?.outcome).toBe("holds");
	const tarpit = `${RULES}*filter\n-A FORWARD -s 10.9.9.9 -p tcp -j TARPIT\nCOMMIT\n`;
	expect(outcomeOf("syn/ack", { rules: tarpit })?.outcome).toBe("holds");
	const backends = [
		backendAt("b1", "192.168.0.1", { interface: "bond0.205" }),
		backendAt("b2", "192.168.0.2", { interface: "bond0.205" }),
		backendAt("own", "10.0.0.1", { interface: "lo", port: 7_700 }),
	];
	expect(outcomeOf("syn/ack", { backends })?.outcome).toBe("holds");
});

describe("that packets stay together", () => {
	it.each([affinity(), moved(0)])(
		"shows nothing of flows of one datagram: %j",
		(expectation) => {
			const outcomeOf = (...steps: readonly ScenarioStep[]) =>
				played(steps, [expectation]).judgements[0];
			expect(outcomeOf(tells)).toMatchObject({
				outcome: "unknown",
				seen: expect.stringContaining("each flow sent one datagram alone"),
			});
			expect(outcomeOf(asks)?.outcome).toBe("unknown");
			expect(outcomeOf(asks, send(2, { everyMs: 100 }))?.outcome).toBe("holds");
			expect(outcomeOf(mail)?.outcome).toBe("holds");
		},
	);

	it("shows nothing of connections that are refused at once", () => {
		const steps = [
			at(0, backend("b1", "refuse"), backend("b2", "refuse")),
			mail,
		];
		expect(played(steps, [affinity()]).judgements[0]).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("each connection sent one packet alone"),
		});
	});

	it("shows nothing where no more could move than may", () => {
		const flow = send(3, { everyMs: 100 });
		const outcomeOf = (atMost: number) =>
			played([asks, flow], [moved({ atMost })]).judgements[0]?.outcome;
		expect(outcomeOf(0)).toBe("holds");
		expect(outcomeOf(1)).toBe("unknown");
	});
});

describe("that a backend was abandoned", () => {
	const held = connect(1, { label: "held", dialogue: hold() });
	const flow = send(20, { everyMs: 1_000 });
	const dies = at(5_000, backend("b2", "silent"));
	const later = at(12_000, speak("held"));

	it("shows nothing where no connection had gone there", () => {
		const judged = (
			...steps: readonly (ScenarioStep | readonly ScenarioStep[])[]
		) =>
			played(
				[flow, held, dies, later, ...steps],
				[abandonedWithin("b2", 5_000)],
			).judgements[0];
		expect(judged()).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining("might have gone to b2 later"),
		});
		// One that begins while it has failed goes by the rules.
		expect(judged(at(15_000, connect(2)))?.outcome).toBe("violated");
		// So does one that was forgotten.
		const evicted = at(11_500, evict({ protocol: "udp" }));
		expect(judged(evicted)?.outcome).not.toBe("unknown");
	});
});
