import type * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
	affinity,
	at,
	connect,
	conntrack,
	observe,
	operationFails,
	order,
	packet,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	service,
	setCondition,
	speak,
	split,
} from "../build/build.ts";
import type { Scenario } from "../scenario.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { scenarioSchema } from "../schema/schema-scenario.ts";
import { validateScenario, validateScenarioFile } from "./validate.ts";

type Mutable<T> = T extends readonly (infer Item)[]
	? Mutable<Item>[]
	: T extends object
		? { -readonly [Key in keyof T]: Mutable<T[Key]> }
		: T;
/** The compiler's word that the schema lets every scenario through that the types allow. */
const schemaIsComplete: Mutable<Scenario> extends v.InferInput<
	typeof scenarioSchema
>
	? true
	: never = true;

const good = scenario({
	name: "good",
	title: "Nothing is wrong with it",
	setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
	steps: [
		connect(2, { label: "first" }),
		at(10, setCondition("mail1up", "1", "dead"), observe("dead now")),
		at(20, packet("bond0.204", "tcp 10.0.0.10:1 > 10.0.0.1:25 S")),
		at(30, speak("first")),
	],
	expect: [
		order(["b1", null], { step: "first" }),
		split({ b1: 1, b2: 1 }),
		conntrack({ mark: 1 }, 1, { at: "dead now", assured: true }),
		affinity(),
		operationFails("dead", "never"),
	],
});

/** Faults of the good scenario with some of its keys exchanged, as `path: message`. */
function faultsOf(value: unknown): readonly string[] {
	try {
		validateScenarioFile(value, "my.scenario.json");
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		expect(error.code).toBe("invalid");
		for (const fault of error.faults) expect(fault.remedy).not.toBe("");
		return error.faults.map(({ path, message }) => `${path}: ${message}`);
	}
	return [];
}

const withSteps = (...steps: readonly object[]) => ({
	...good,
	steps: steps.map((step) => ({ atMs: 0, label: "", ...step })),
	expect: [],
});
const expecting = (...expectations: readonly object[]) => ({
	...good,
	expect: expectations,
});

describe("a scenario that is right", () => {
	it("comes back as it is, out of JSON too", () => {
		expect(schemaIsComplete).toBe(true);
		expect(validateScenario(good)).toEqual(good);
		expect(validateScenario(JSON.parse(JSON.stringify(good)))).toEqual(good);
	});

	it("may leave out what has a default", () => {
		const { clients, backends, service } = good.setup;
		const written = {
			name: "short",
			title: "Short",
			setup: {
				service,
				clients: clients.map(({ latencyMs, ...rest }) => rest),
				backends: backends.map(({ behaviour, latencyMs, ...rest }) => rest),
				ruleset: { file: "my.rules" },
				gateway: { interfaces: good.setup.gateway.interfaces },
			},
			steps: [{ atMs: 0, kind: "connect", client: "c1" }],
			expect: [{ kind: "affinity" }],
			endMs: 1000,
		};
		expect(validateScenario(written)).toMatchObject({
			suite: "own",
			trap: null,
			setup: { seed: 1, conditions: {}, healthCheck: null },
			steps: [{ label: "", count: 1, ports: { kind: "drawn" } }],
			expect: [{ because: "", of: {} }],
		});
	});

	it("may have backends on ports of their own, and neighbours", () => {
		const [b1] = good.setup.backends;
		const setup = {
			...good.setup,
			backends: [{ ...b1, port: 2525 }, ...good.setup.backends.slice(1)],
			neighbours: [{ interface: "bond0.204", address: "10.0.0.254" }],
		};
		const [read] = validateScenarioFile({ ...good, setup }, "my.json");
		expect(read?.setup).toMatchObject({
			backends: [{ port: 2525 }, {}],
			neighbours: setup.neighbours,
		});
		expect(
			faultsOf({
				...good,
				setup: {
					...setup,
					neighbours: [{ interface: "eth9", address: "10.0.0.254" }],
				},
			}),
		).toEqual([expect.stringContaining("setup.neighbours[0].interface: ")]);
	});

	it("may come alone, in a list, or in a suite", () => {
		const other = { ...good, name: "other" };
		expect(validateScenarioFile(good, "f")).toHaveLength(1);
		expect(validateScenarioFile([good, other], "f")).toHaveLength(2);
		const suite = { suite: "mine", scenarios: [good, other] };
		expect(validateScenarioFile(suite, "f").map((it) => it.suite)).toEqual([
			"mine",
			"mine",
		]);
	});
});

describe("expectations that nothing could violate", () => {
	it.each([
		{ kind: "outcomes", outcome: "refused" },
		{ kind: "outcomes", outcome: "refused", atLeast: 0 },
		{ kind: "moved" },
		{ kind: "gateway-answered", answer: "*" },
		{ kind: "conntrack" },
		{ kind: "order", backends: [] },
		{ kind: "packets-out", interface: "bond0.204", packets: [] },
	])("are refused: %j", (expectation) => {
		const faults = faultsOf(expecting(expectation));
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatch(/^expect\[0\].*nothing could violate it/);
	});
});

describe("the remedy for a name that there is not", () => {
	it.each([
		[
			{ kind: "packets-out", interface: "eht0", packets: ["tcp *"] },
			"an interface",
		],
		[{ kind: "operation", step: "x", ok: true }, "an operation step"],
		[
			{ kind: "counter", at: "x", rule: "nat:OUTPUT:rule:1", packets: 1 },
			"an observe step",
		],
		[{ kind: "avoided", backend: "b9" }, "a backend"],
	])("of %j says %s", (expectation, words) => {
		try {
			validateScenarioFile(expecting(expectation), "my.scenario.json");
		} catch (error) {
			expect((error as ScenarioError).faults[0]?.remedy).toMatch(
				new RegExp(`[aA]dd ${words} of that name`),
			);
			return;
		}
		throw new Error("taken");
	});
});

describe("expectations about what there is not", () => {
	const silent = { packets: [], exactly: true };
	it.each<[object, RegExp]>([
		[
			{ kind: "packets-out", interface: "eht0", ...silent },
			/^expect\[0\]\.interface: no interface "eht0"; interfaces are: bond0\.204/,
		],
		[
			{ kind: "packets-out", interface: "bond0.204", fromMs: 9e6, ...silent },
			/^expect\[0\]\.fromMs: the play ends at \d+ ms: no packet is seen from 9000000 ms on/,
		],
		[
			{
				kind: "packets-out",
				interface: "bond0.204",
				fromMs: 10,
				toMs: 10,
				...silent,
			},
			/^expect\[0\]\.toMs: from 10 ms to 10 ms there is no time/,
		],
		[
			{ kind: "packets-past", interface: "bond0.204", ...silent },
			/^expect\[0\]\.interface: no packet goes past the gateway on bond0\.204/,
		],
		[
			{ kind: "avoided", backend: "b9" },
			/^expect\[0\]\.backend: no backend "b9"; backends are: b1, b2/,
		],
		[
			{ kind: "conntrack", filter: { state: "ESTABLISHD" }, atMost: 0 },
			/^expect\[0\]\.filter\.state: not "ESTABLISHD"/,
		],
		[
			{ kind: "gateway-answered", answer: "rts", atMost: 0 },
			/^expect\[0\]\.answer: the gateway never answers "rts"/,
		],
	])("are refused: %j", (expectation, fault) => {
		const faults = faultsOf(expecting(expectation));
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatch(fault);
	});
});

describe("bounds", () => {
	const connecting = (more: object) =>
		withSteps({ kind: "connect", client: "c1", ...more });
	const smtp = {
		kind: "smtp",
		messages: 1,
		connectTimeoutMs: null,
		readTimeoutMs: null,
	};
	const checking = (more: object) => ({
		...good,
		setup: {
			...good.setup,
			healthCheck: { ...good.setup.healthCheck, ...more },
		},
		expect: [],
	});

	it.each<[string, unknown]>([
		[
			"setup.healthCheck.intervalMs: 1e-9 ms is less than a microsecond",
			checking({ intervalMs: 1e-9 }),
		],
		[
			"setup.healthCheck.intervalMs: 120,060,000 probes until the end are more",
			checking({ intervalMs: 0.001, timeoutMs: 0.001 }),
		],
		[
			"steps[0].dialogue.messages: 9000000000000000 is more than 10000",
			connecting({ dialogue: { ...smtp, messages: 9e15 } }),
		],
		[
			"steps[0].dialogue.messageOctets: 1000000000 is more than 10000000",
			connecting({ dialogue: { ...smtp, messageOctets: 1e9 } }),
		],
		[
			"steps: 1,000,120,000 packets (about) are more",
			connecting({
				count: 10_000,
				dialogue: { ...smtp, messages: 10_000 },
			}),
		],
		[
			"steps[0].count: 10000000 is more than 1000000",
			connecting({ count: 10_000_000 }),
		],
		[
			"steps: 2,000,000 connections are more than a play may have: 1,000,000",
			withSteps(
				{ kind: "connect", client: "c1", count: 1_000_000 },
				{ kind: "connect", client: "c1", count: 1_000_000 },
			),
		],
		[
			"endMs: 94608000000 ms is more than 31 days",
			{ ...good, endMs: 3 * 365 * 24 * 3_600_000 },
		],
		["endMs: 1e+300 ms is more than 31 days", { ...good, endMs: 1e300 }],
		[
			"steps[0].arrivals.intervalMs: -1 is negative",
			connecting({ arrivals: { kind: "every", intervalMs: -1 } }),
		],
		[
			"steps[0].arrivals.perSecond: 1e+300 is more than 1000000",
			connecting({ arrivals: { kind: "poisson", perSecond: 1e300 } }),
		],
		[
			"setup.gateway.epochMs: 1e+300 is more",
			{
				...good,
				setup: {
					...good.setup,
					gateway: { ...good.setup.gateway, epochMs: 1e300 },
				},
			},
		],
		...[5e-324, 1e-17, 0.4, 1].map(
			(confidence) =>
				[
					`expect[0].within.confidence: ${confidence} is`,
					expecting({
						kind: "split",
						weights: { b1: 1 },
						within: { kind: "confidence", confidence },
					}),
				] as [string, unknown],
		),
		[": 300000 scenarios are too many", Array(300_000).fill(good)],
	])("%s", (fault, value) => {
		const faults = faultsOf(value);
		expect(faults).toHaveLength(1);
		expect(faults[0]).toContain(fault);
	});
});

describe("faults of a scenario's form", () => {
	it.each([
		["no object", 7, ": expected an object, not 7"],
		["unknown key", { ...good, expects: [] }, "expects: no such key"],
		[
			"missing key",
			{ ...good, title: undefined },
			"title: expected a text, not undefined",
		],
		[
			"name",
			{ ...good, name: "My Test" },
			'name: "My Test" is no name for a scenario',
		],
		[
			"negative time",
			withSteps({ atMs: -1, kind: "observe", label: "x" }),
			"steps[0].atMs: -1 is negative",
		],
		[
			"kind of step",
			withSteps({ kind: "conect" }),
			'steps[0].kind: no kind "conect"',
		],
		[
			"kind of behaviour",
			withSteps({ kind: "backend", backend: "b1", becomes: { kind: "dead" } }),
			'steps[0].becomes.kind: no kind "dead"',
		],
		[
			"loss in per cent",
			withSteps({
				kind: "backend",
				backend: "b1",
				becomes: { kind: "lossy", loss: 30 },
			}),
			"steps[0].becomes.loss: 30 is more than 0.999999",
		],
		[
			"loss of nothing",
			withSteps({
				kind: "backend",
				backend: "b1",
				becomes: { kind: "lossy", loss: 0 },
			}),
			"steps[0].becomes.loss: 0 is less than 0.000001",
		],
		[
			"number",
			{ ...good, endMs: "1000" },
			'endMs: expected a number, not "1000"',
		],
		[
			"fraction of a connection",
			withSteps({ kind: "connect", client: "c1", count: 1.5 }),
			"steps[0].count: 1.5 is not a whole number",
		],
		[
			"port",
			withSteps({
				kind: "connect",
				client: "c1",
				ports: { kind: "fixed", port: 70_000 },
			}),
			"steps[0].ports.port: 70000 is more than 65535",
		],
		[
			"packet",
			withSteps({
				kind: "packet",
				interface: "bond0.204",
				packet: "tcp 10.0.0.10 > S",
			}),
			"steps[0].packet: packet, column 5: ",
		],
		[
			"outcome",
			expecting({ kind: "outcomes", outcome: "failed" }),
			'expect[0].outcome: not "failed"',
		],
		[
			"confidence",
			expecting({
				kind: "split",
				weights: { b1: 1 },
				within: { kind: "confidence", confidence: 99 },
			}),
			"expect[0].within.confidence: 99 is more than 0.999999999",
		],
		[
			"address",
			{
				...good,
				setup: { ...good.setup, service: { address: "10.0.0.300", port: 25 } },
			},
			'setup.service.address: "10.0.0.300" is no IPv4 address',
		],
		[
			"ruleset",
			{ ...good, setup: { ...good.setup, ruleset: "recipe.rules" } },
			"setup.ruleset: names no ruleset",
		],
		["no list", { ...good, steps: null }, "steps: expected a list, not null"],
		[
			"no record",
			{ ...good, setup: { ...good.setup, conditions: 1 } },
			"setup.conditions: expected an object, not 1",
		],
		[
			"name that is kept by JavaScript",
			expecting({
				kind: "split",
				weights: JSON.parse('{"b1":1,"__proto__":1}'),
				within: { kind: "exact" },
			}),
			"expect[0].weights: has a key that JavaScript keeps for itself",
		],
		[
			"control characters",
			{ ...good, title: "\u001b[2Jgone" },
			"title: holds a line end or another control character",
		],
		["empty list", [], ": there is no scenario in it"],
		["suite without name", { scenarios: [good] }, "suite: a suite has a name"],
		[
			"key of a suite",
			{ suite: "s", scenarios: [good], name: "x" },
			"name: no such key",
		],
	])("%s", (_, value, fault) => {
		const faults = faultsOf(value);
		expect(faults).toHaveLength(1);
		expect(faults[0]).toContain(fault);
	});

	it("shows where a packet is wrong", () => {
		const line = "tcp 10.0.0.10 > S";
		const value = withSteps({
			kind: "packet",
			interface: "bond0.204",
			packet: line,
		});
		expect(() => validateScenarioFile(value, "my.json")).toThrow(
			`\n      ${line}\n          ^`,
		);
	});

	it.each<[unknown, string]>([
		["1000", "Write it without quotes."],
		["soon", "Write a number such as 1000."],
		["", "Write a number such as 1000."],
		[true, "Write a number such as 1000."],
		[{ atMost: 3 }, "Write a number such as 1000."],
	])("says what to write for a number: %j", (endMs, remedy) => {
		expect(() => validateScenarioFile({ ...good, endMs }, "f")).toThrow(remedy);
	});

	it.each<[unknown, string]>([
		[1, "Write it in quotes."],
		[["a"], "Write one text in quotes."],
		[null, "Write one text in quotes."],
	])("says what to write for a text: %j", (title, remedy) => {
		expect(() => validateScenarioFile({ ...good, title }, "f")).toThrow(remedy);
	});

	it("says what the kinds and the keys are", () => {
		try {
			validateScenarioFile(withSteps({ kind: "conect" }), "f");
			expect.unreachable();
		} catch (error) {
			expect(String(error)).toContain("connect, send, speak, close, packet");
		}
		expect(() => validateScenarioFile({ ...good, storry: "" }, "f")).toThrow(
			/The keys here are: name, suite, title, story/,
		);
	});

	it("are all told at once, in every scenario of the file", () => {
		expect(
			faultsOf([
				{ ...good, title: 1, endMs: -1 },
				{ ...good, name: "second", story: 3 },
			]),
		).toEqual([
			"[0].title: expected a text, not 1",
			"[0].endMs: -1 is negative",
			"[1].story: expected a text, not 3",
		]);
	});
});

describe("faults between a scenario's parts", () => {
	it.each([
		[
			"client",
			withSteps({ kind: "connect", client: "c2" }),
			'steps[0].client: no client "c2"; clients are: c1',
		],
		[
			"backend",
			withSteps({ kind: "backend", backend: "b3", becomes: { kind: "up" } }),
			'steps[0].backend: no backend "b3"; backends are: b1, b2',
		],
		[
			"interface",
			withSteps({
				kind: "packet",
				interface: "eth0",
				packet: "tcp 10.0.0.10:1 > 10.0.0.1:25 S",
			}),
			'steps[0].interface: no interface "eth0"; interfaces are: bond0.204, bond0.205',
		],
		[
			"order of times",
			{ ...good, steps: [...good.steps].reverse() },
			"steps[1].atMs: 20 ms is before the step above it (30 ms)",
		],
		[
			"end",
			{ ...good, endMs: 5 },
			"steps[1].atMs: 10 ms is after the end (5 ms)",
		],
		[
			"label twice",
			withSteps(
				{ kind: "observe", label: "x" },
				{ kind: "observe", label: "x" },
			),
			'steps[1].label: another step is labelled "x" already',
		],
		[
			"observation without label",
			withSteps({ kind: "observe" }),
			"steps[0].label: nothing can refer to it",
		],
		[
			"connections that are not made yet",
			withSteps(
				{ kind: "speak", connections: "late", who: "client" },
				{ kind: "connect", label: "late", client: "c1" },
			),
			'steps[0].connections: the connections of "late" are not made yet',
		],
		[
			"label in a filter",
			expecting(affinity({ step: "dead" })),
			'expect[0].of.step: no connect step "dead"; connect steps are: first',
		],
		[
			"label of an observation",
			expecting(conntrack({}, 1, { at: "first" })),
			'expect[0].at: no observe step "first"; observe steps are: dead now',
		],
		[
			"label of an operation",
			expecting(operationFails("dead now", "")),
			'expect[0].step: no operation step "dead now"',
		],
		[
			"backend of an order",
			expecting(order(["b1", "b9"])),
			'expect[0].backends[1]: no backend "b9"',
		],
		[
			"weights",
			expecting(split({ b1: 0 })),
			"expect[0].weights: no backend gets a share",
		],
		[
			"bounds",
			expecting(conntrack({}, { atLeast: 2, atMost: 1 })),
			"expect[0].atLeast: at least 2 and at most 1 cannot be",
		],
		[
			"times of a filter",
			expecting(affinity({ fromMs: 5, toMs: 5 })),
			"expect[0].of.toMs: from 5 ms to 5 ms there is no time",
		],
		[
			"hosts",
			{
				...good,
				setup: {
					...good.setup,
					backends: [...good.setup.backends, good.setup.backends[0]],
				},
			},
			'setup.backends[2]: "b1" is there already',
		],
		[
			"address of the gateway",
			{
				...good,
				setup: {
					...good.setup,
					healthCheck: recipeHealthCheck({ address: "192.168.0.254" }),
				},
			},
			"setup: the gateway's bond0.205 and the health checker have the same address, 192.168.0.254",
		],
		[
			"patience of the health checker",
			{
				...good,
				setup: {
					...good.setup,
					healthCheck: recipeHealthCheck({ timeoutMs: 2000 }),
				},
			},
			"setup.healthCheck.timeoutMs: a probe may take longer (2000 ms)",
		],
		["names", [good, good], ': two scenarios are called "good"'],
	])("%s", (_, value, fault) => {
		expect(faultsOf(value)).toContainEqual(expect.stringContaining(fault));
	});
});

describe("datagrams", () => {
	const dns = (...steps: readonly object[]) => ({
		...good,
		setup: recipeSetup({
			services: [
				service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 }),
				service("mail", { address: "10.0.0.1", port: 25 }),
			],
		}),
		steps,
		expect: [],
	});
	const asked = { atMs: 0, label: "asked", kind: "send", client: "c1" };

	it("need nothing but a client: the rest is as a resolver has it", () => {
		const [sent] = validateScenarioFile(dns(asked), "my.scenario.json");
		expect(sent?.steps[0]).toEqual({
			...asked,
			count: 1,
			arrivals: { kind: "at-once" },
			ports: { kind: "drawn" },
			sockets: "one",
			octets: 32,
			reply: { timeoutMs: 5_000, attempts: 2 },
		});
	});

	it.each<[string, object, string]>([
		["too short to name their flow", { octets: 9 }, "steps[0].octets: "],
		["too long for an Ethernet", { octets: 1_473 }, "steps[0].octets: "],
		[
			"without an attempt",
			{ reply: { timeoutMs: 1, attempts: 0 } },
			"steps[0].reply.attempts: ",
		],
		[
			"to a service over TCP",
			{ service: "mail" },
			'steps[0].service: "mail" is a service over TCP',
		],
		["to another port", { port: 54 }, "steps[0].port: 54 is no port of"],
	])("%s are refused", (_, parts, fault) => {
		const [first] = faultsOf(dns({ ...asked, ...parts }));
		expect(first?.startsWith(fault), first).toBe(true);
	});

	it("have no connections that could be closed", () => {
		expect(
			faultsOf(
				dns(asked, {
					atMs: 1,
					label: "",
					kind: "close",
					connections: "asked",
					who: "client",
				}),
			),
		).toEqual([
			'steps[1].connections: "asked" sends datagrams, and has no connections',
		]);
	});

	it("are as many as a play may have", () => {
		const many = { ...asked, count: 1_000_000, sockets: "each" };
		expect(faultsOf(dns(many, { ...many, label: "more" }))).toEqual([
			"steps: 2,000,000 connections are more than a play may have: 1,000,000",
		]);
	});
});
