import { describe, expect, it } from "vitest";
import { ScenarioError } from "../scenario-error.ts";
import * as builders from "./build.ts";

type Builder = (...given: readonly unknown[]) => unknown;
type Name = {
	[Key in keyof typeof builders]: (typeof builders)[Key] extends (
		...given: never[]
	) => unknown
		? Key
		: never;
}[keyof typeof builders];

/** For each builder, arguments that are right; the options object, if it takes one, is the last. */
const RIGHT: Readonly<Record<Name, readonly unknown[]>> = {
	abandonedWithin: ["b1", 5_000, {}],
	affinity: [{}],
	at: [10, []],
	avoided: ["b1", {}],
	backend: ["b1", "refuse", {}],
	backendAt: ["b1", "192.168.0.1", {}],
	clientAt: ["c1", "10.0.0.10", {}],
	close: ["load", "client", {}],
	conditionIs: ["mail1up", 1, {}],
	connect: [3, {}],
	connectedWithin: [1_000, {}],
	connectOnly: [{}],
	conntrack: [{ mark: 1 }, 1, {}],
	counter: ["mangle:MAILMARK:rule:2", 5, {}],
	countsAgree: [{ b1: "192.168.0.1" }, {}],
	echo: [{}],
	evenSplit: [["b1", "b2"], {}],
	evict: [{}, {}],
	failoverGapAtMost: ["b1", 1_000, {}],
	gatewayAnswered: ["rst", 1, {}],
	hold: [{}],
	http: [{}],
	ip: ["ip route flush cache", {}],
	ipset: ["flush", {}],
	iptables: ["-F", {}],
	linkDown: ["eth0", {}],
	linkUp: ["eth0", {}],
	linux: ["trixie/nft"],
	lossy: [0.1],
	mailKept: [{}],
	moved: [1, {}],
	announce: ["10.0.0.1", "other", {}],
	carrier: ["bond0.204", "lost", {}],
	neighbour: ["192.168.0.1", "up", {}],
	observe: ["now"],
	operationFails: ["flush", "no", {}],
	operationSucceeds: ["flush", {}],
	order: [["b1", null], {}],
	outcomes: ["completed", { atLeast: 1 }, {}],
	packet: ["eth0", "tcp 10.0.0.10:1 > 10.0.0.1:25 S", {}],
	packetsCounted: [["*"], 1, {}],
	packetsOut: ["eth0", ["*"], {}],
	packetsPast: ["eth0", ["*"], {}],
	pattern: [["b1"], 3, {}],
	race: [
		["eth0", "udp 10.0.0.10:1 > 10.0.0.1:53"],
		["eth0", "udp 10.0.0.10:1 > 10.0.0.1:53"],
	],
	recipeHealthCheck: [{}],
	recipeSetup: [{}],
	repeat: [2, 10, () => []],
	restore: ["my.rules", {}],
	scenario: [
		{
			name: "mine",
			title: "Mine",
			setup: builders.recipeSetup(),
			steps: [],
			expect: [],
		},
	],
	send: [3, {}],
	service: ["web", { address: "10.0.0.1", port: 80 }],
	setCondition: ["mail1up", "1", {}],
	silent: [1_000],
	slow: [500],
	smtp: [{}],
	speak: ["load", "client", {}],
	split: [{ b1: 1 }, {}],
	splitBySource: [{ "203.0.113.5": 1 }, {}],
	sticky: [{}],
	sysctl: ["ipv4.ip_forward", 1, {}],
	takeOver: [{}],
};

const all = Object.entries(builders).filter(
	(entry): entry is [Name, never] => typeof entry[1] === "function",
);

const byName: ReadonlyMap<Name, unknown> = new Map(all);

function build(name: Name, given: readonly unknown[]): unknown {
	return (byName.get(name) as Builder)(...given);
}

function faultOf(name: Name, ...given: readonly unknown[]) {
	try {
		build(name, given);
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		const [fault] = error.faults;
		expect(fault?.remedy).not.toBe("");
		return `${fault?.path}: ${fault?.message}. ${fault?.remedy}`;
	}
	return "nothing";
}

/** More than any builder takes. */
const MOST_ARGUMENTS = 4;

const isOptions = (given: unknown): given is object =>
	typeof given === "object" && given !== null && !Array.isArray(given);

describe.each(all)("%s", (name) => {
	const right = RIGHT[name];

	it("takes what is right", () => {
		expect(() => build(name, right)).not.toThrow();
	});

	it("refuses a key that it does not know, wherever it takes an object", () => {
		const last = right.at(-1);
		if (!isOptions(last)) return;
		const wrong = [...right.slice(0, -1), { ...last, labl: "x" }];
		expect(faultOf(name, ...wrong)).toMatch(
			new RegExp(`^${name}\\(.*\\)\\.labl: no such key`),
		);
		const inherited = [
			...right.slice(0, -1),
			{ ...last, ...JSON.parse('{"__proto__":1}') },
		];
		expect(faultOf(name, ...inherited)).toContain("no such key");
	});

	it("refuses an argument more than it takes", () => {
		// They take as many as there are.
		if (name === "at" || name === "race") return;
		const full = [...right];
		while (full.length < MOST_ARGUMENTS) full.push(undefined);
		expect(faultOf(name, ...full, "x")).toMatch(
			new RegExp(`^${name}\\(…\\): takes \\d arguments?, not \\d`),
		);
	});

	it("refuses a value of another kind in each of its places", () => {
		for (const index of right.keys()) {
			const wrong = right.map((given, at) =>
				at === index ? Symbol("wrong") : given,
			);
			expect(faultOf(name, ...wrong)).toContain(`${name}(`);
		}
	});
});

describe("what a builder says", () => {
	it.each<[string, Name, readonly unknown[]]>([
		[
			"connect(…).everyMss: no such key. Did you mean `everyMs`?",
			"connect",
			[3, { everyMss: 5 }],
		],
		[
			"connect(…).protocol: no such key. The keys here are: label, client",
			"connect",
			[3, { protocol: "udp" }],
		],
		[
			"restore(…).noFlush: no such key. Did you mean `noflush`?",
			"restore",
			["my.rules", { noFlush: true }],
		],
		[
			"outcomes(count).atleast: no such key. Did you mean `atLeast`?",
			"outcomes",
			["refused", { atleast: 100 }],
		],
		[
			'outcomes(outcome): not "refsed". Did you mean `refused`?',
			"outcomes",
			["refsed", 1],
		],
		[
			'conntrack(filter).state: not "ESTABLISHD". Did you mean `ESTABLISHED`?',
			"conntrack",
			[{ state: "ESTABLISHD" }, 0],
		],
		[
			'evict(filter).state: not "established". Did you mean `ESTABLISHED`?',
			"evict",
			[{ state: "established" }],
		],
		[
			"conntrack(filter): no entry of udp has a state.",
			"conntrack",
			[{ protocol: "udp", state: "ESTABLISHED" }, 0],
		],
		[
			'conntrack(filter).protocol: not "tpc". Did you mean `tcp`?',
			"conntrack",
			[{ protocol: "tpc" }, 0],
		],
		[
			'gatewayAnswered(answer): the gateway never answers "rts". Did you mean `rst`?',
			"gatewayAnswered",
			["rts", 0],
		],
		[
			'gatewayAnswered(answer): the gateway never answers "icmp host-unreachble". Did you mean `icmp host-unreachable`?',
			"gatewayAnswered",
			["icmp host-unreachble", 0],
		],
		[
			'gatewayAnswered(answer): the gateway never answers "ICMP *".',
			"gatewayAnswered",
			["ICMP *", 0],
		],
		[
			'outcomes(outcome): not "halfopen". Did you mean `half-open`?',
			"outcomes",
			["halfopen", 0],
		],
		[
			"recipeSetup(…).halthCheck: no such key. Did you mean `healthCheck`?",
			"recipeSetup",
			[{ halthCheck: null }],
		],
		[
			'recipeSetup(…).behaviour.b3: no backend "b3"; backends are: b1, b2.',
			"recipeSetup",
			[{ behaviour: { b3: { kind: "refuse" } } }],
		],
		[
			"connect(…): `everyMs` and `perSecond` contradict each other.",
			"connect",
			[3, { everyMs: 5, perSecond: 4 }],
		],
		[
			"connect(…): `port` and `firstPort` contradict each other.",
			"connect",
			[3, { port: 5, firstPort: 4 }],
		],
		[
			"split(…): `exact` and `tolerance` contradict each other",
			"split",
			[{ b1: 1 }, { exact: true, tolerance: 0.1 }],
		],
		[
			"connect(…).everyMs: expected a number, not undefined.",
			"connect",
			[3, { everyMs: undefined }],
		],
		["connect(…): expected an object, not a list", "connect", [3, []]],
		[
			"connect(…): takes 2 arguments, not 3. Write `connect(count, { … })`, with all options in one object.",
			"connect",
			[4, { everyMs: 10 }, { client: "x" }],
		],
		["evenSplit(…): takes 2", "evenSplit", [["b1", "b2"], {}, "x"]],
		[
			'evenSplit(backends): "b1" is named twice',
			"evenSplit",
			[["b1", "b1", "b2"]],
		],
		['connect(count): expected a number, not "5"', "connect", ["5"]],
		['at(atMs): expected a number, not "10"', "at", ["10", []]],
		[
			"at(steps)[0]: expected a step, not the function `connect`. Call it",
			"at",
			[10, builders.connect],
		],
		[
			'scenario(…).steps: "steps" is missing',
			"scenario",
			[{ name: "a", title: "", setup: {} }],
		],
		["moved(count): nothing could violate it", "moved", [{}]],
		[
			"outcomes(count): nothing could violate it",
			"outcomes",
			["refused", { atLeast: 0 }],
		],
		["pattern(connections): 0 is less than 1", "pattern", [["b1"], 0]],
		["split(…).confidence: 1 is more than", "split", [{}, { confidence: 1 }]],
		["connect(count): 10000000 is more", "connect", [10_000_000]],
		["smtp(…).messages: 9000000000000000 is", "smtp", [{ messages: 9e15 }]],
		["repeat(times): 1000000000 is more", "repeat", [1e9, 1, () => []]],
		["at(atMs): 1e+300 ms is more than 31 days", "at", [1e300, []]],
		["at(atMs): 1e-9 ms is less than a microsecond", "at", [1e-9, []]],
	])("%s", (words, name, given) => {
		const said = faultOf(name, ...given);
		expect(said).toContain(words);
	});
});

it("has types that refuse the same", () => {
	const { connect, moved, outcomes, scenario, split } = builders;
	const setup = builders.recipeSetup();
	const wrong: readonly (() => unknown)[] = [
		// @ts-expect-error no such key
		() => connect(1, { protocol: "udp" }),
		// @ts-expect-error two arrivals
		() => connect(1, { everyMs: 1, perSecond: 1 }),
		// @ts-expect-error two ports
		() => connect(1, { port: 1, firstPort: 1 }),
		// @ts-expect-error a text
		() => connect("5"),
		// @ts-expect-error two measures
		() => split({ b1: 1 }, { exact: true, confidence: 0.9 }),
		// @ts-expect-error no bound
		() => moved({}),
		// @ts-expect-error a misspelt bound
		() => outcomes("refused", { atleast: 100 }),
		// @ts-expect-error an argument too many
		() => connect(1, {}, { client: "c1" }),
		// @ts-expect-error no steps
		() => scenario({ name: "a", title: "", setup, expect: [] }),
	];
	for (const build of wrong) expect(build).toThrow(ScenarioError);
});
