import { describe, expect, it } from "vitest";
import { icmpError, tcp } from "../../sim/packet/build.ts";
import type { PacketRecord } from "../../sim/world/account/account.ts";
import {
	abandonedWithin,
	at,
	backend,
	backendAt,
	clientAt,
	connect,
	evict,
	hold,
	recipeSetup,
	repeat,
	scenario,
	setCondition,
	speak,
} from "../language/build/build.ts";
import type {
	ExpectationKind,
	PlayableScenario,
	ScenarioStep,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { loadBuiltInScenarios } from "../suites/index.ts";
import { twoUplinks } from "../suites/routing/router.ts";
import { judgeAbandoned } from "./judge-abandoned.ts";
import { accountOf, connectionRecord } from "./test-account.ts";

const HOSTS = recipeSetup();

/** One connection to b1, which is gone from 1 s on; a packet `in` at each time, and what came of it. */
function judged(
	packets: readonly (readonly [atMs: number, out: "b1" | "b2" | "error"])[],
	{ until = Number.POSITIVE_INFINITY } = {},
) {
	const entered = tcp({
		source: "10.0.0.10",
		sourcePort: 40_000,
		destination: "10.0.0.1",
		destinationPort: 25,
	});
	const passed = (name: "b1" | "b2") =>
		tcp({
			source: "10.0.0.10",
			sourcePort: 40_000,
			destination: name === "b1" ? "192.168.0.1" : "192.168.0.2",
			destinationPort: 25,
		});
	const records = packets.flatMap(([atMs, out]): PacketRecord[] => {
		const of = { atMs, connection: 0 };
		const isError = out === "error";
		return [
			{
				...of,
				direction: "in",
				interface: "bond0.204",
				packet: entered,
			},
			{
				...of,
				direction: "out",
				interface: isError ? "bond0.204" : "bond0.205",
				packet: isError
					? icmpError(entered, { type: 3, code: 1, from: "10.0.0.1" })
					: passed(out),
			},
		];
	});
	const event = (atMs: number, behaviour: string) =>
		({ kind: "backend", atMs, backend: "b1", behaviour }) as const;
	const account = accountOf({
		connections: [connectionRecord(0, { backend: "b1" })],
		packets: records,
		events: [
			event(1_000, "vanish"),
			...(until < 10_000 ? [event(until, "up")] : []),
		],
	});
	const expectation = abandonedWithin("b1", 2_000) as Extract<
		ExpectationKind,
		{ kind: "abandoned" }
	>;
	const { outcome, seen } = judgeAbandoned(expectation, account, HOSTS);
	return { outcome, seen };
}

describe("a backend that has failed", () => {
	it("is abandoned where its last packet goes soon enough, and others go elsewhere", () => {
		expect(
			judged([
				[500, "b1"],
				[2_000, "b1"],
				[4_000, "b2"],
			]),
		).toEqual({
			outcome: "holds",
			seen: "the last packet to b1 went 1000 ms after it failed",
		});
	});

	it("is not where packets go on to it", () => {
		expect(
			judged([
				[500, "b1"],
				[3_000, "b1"],
				[3_500, "b1"],
			]),
		).toEqual({
			outcome: "violated",
			seen: "the last packet to b1 went 2500 ms after it failed; 1 packet of 1 connection went too late",
		});
	});

	it("is not where the gateway gives up on the packets that it has for it", () => {
		expect(
			judged([
				[500, "b1"],
				[4_000, "error"],
			]).outcome,
		).toBe("violated");
		expect(
			judged([
				[500, "b1"],
				[1_500, "b2"],
				[4_000, "error"],
			]).outcome,
		).toBe("holds");
	});

	it("may get packets again when it serves again", () => {
		const packets = [
			[500, "b1"],
			[3_500, "b2"],
			[4_000, "b1"],
		] as const;
		expect(judged(packets, { until: 3_800 }).outcome).toBe("holds");
		expect(judged(packets).outcome).toBe("violated");
	});

	it("shows nothing where no packet was sent later", () => {
		expect(
			judged([
				[500, "b1"],
				[2_900, "b1"],
			]),
		).toEqual({
			outcome: "unknown",
			seen: expect.stringMatching(
				/^the last packet .* none of them sent anything that might have gone to b1 later$/,
			),
		});
	});
});

async function played(steps: readonly ScenarioStep[]) {
	const [any] = await loadBuiltInScenarios();
	const story = scenario({
		name: "abandoned",
		title: "A backend dies under a connection that goes on",
		setup: recipeSetup(),
		steps: [
			connect(1, { label: "held", dialogue: hold() }),
			...steps,
			at(
				2_000,
				repeat(5, 1_000, () => [speak("held")]),
			),
		].flat(),
		expect: [abandonedWithin("b1", 500)],
	});
	const { ruleset } = (any as { scenario: PlayableScenario }).scenario.setup;
	return checkScenario({
		...story,
		setup: { ...story.setup, ruleset },
	} as PlayableScenario);
}

it("is told of a play, with the rule that chose the backend", async () => {
	const silent = await played(
		[at(1_000, backend("b1", { kind: "silent" }))].flat(),
	);
	const [judgement] = silent.judgements;
	expect(judgement?.outcome).toBe("violated");
	expect(judgement?.seen).toMatch(/of 1 connection went too late$/);
	expect(judgement?.why[0]?.rule?.text).toMatch(/--set-xmark|--set-mark|nth/);
	const evicted = await played(
		[
			at(1_000, backend("b1", { kind: "silent" })),
			at(1_100, setCondition("mail1up", "1"), evict({ mark: 1 })),
		].flat(),
	);
	expect(evicted.judgements[0]?.outcome).toBe("holds");
});

it("never failed: then it is violated", async () => {
	const account = accountOf({ connections: [connectionRecord(0)] });
	const expectation = abandonedWithin("b1", 0) as never;
	expect(judgeAbandoned(expectation, account, HOSTS)).toMatchObject({
		outcome: "violated",
		seen: "b1 never failed",
	});
});

it("was dead from the beginning: then it has failed there", async () => {
	const text =
		"*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";
	const story = scenario({
		name: "dead",
		title: "Dead",
		setup: recipeSetup({
			ruleset: { name: "a.rules", text },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [connect(2, { everyMs: 1_000 })],
		expect: [abandonedWithin("b1", 100)],
	});
	const { judgements } = checkScenario(story as PlayableScenario);
	expect(judgements[0]?.seen).not.toContain("never failed");
	expect(judgements[0]?.seen).toContain("after it failed");
});

it("counts packets to a host that is far by whichever uplink they go", () => {
	const story = scenario({
		name: "far",
		title: "Far",
		setup: twoUplinks(
			"*nat\n-A POSTROUTING -o isp2 -j MASQUERADE\nCOMMIT\n",
			["ip route replace default via 203.0.113.1 dev isp2"],
			{
				clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
				backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
			},
		),
		steps: [
			connect(1, { client: "pc", label: "held", dialogue: hold() }),
			at(1_000, backend("remote", "silent")),
			at(2_000, speak("held")),
		].flat(),
		expect: [abandonedWithin("remote", 100)],
	});
	const { judgements } = checkScenario(story as PlayableScenario);
	expect(judgements[0]?.outcome).toBe("violated");
	expect(judgements[0]?.seen).toMatch(/of 1 connection went too late$/);
});
