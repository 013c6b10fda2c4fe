import { describe, expect, it } from "vitest";
import { seededChoice } from "../../../sim/chance/seeded.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import {
	at,
	observe,
	packet,
	recipeSetup,
	scenario,
	sysctl,
} from "../../language/build/build.ts";
import type {
	PlayableScenario,
	ScenarioStep,
} from "../../language/scenario.ts";
import { compareScenario } from "./compare-scenario.ts";
import type { TracingDriver } from "./side-by-side.ts";
import { driverWith } from "./test-driver.ts";

/** A second model, which draws by itself. */
const driver = driverWith((ask) => ask);

function play(
	rules: string,
	steps: readonly ScenarioStep[],
	on: TracingDriver = driver,
) {
	const ruleset = { name: "nat.rules", text: `*nat\n${rules}\nCOMMIT\n` };
	const backends = {
		behaviour: { b1: { kind: "silent" }, b2: { kind: "silent" } },
	} as const;
	const played = scenario({
		name: "draws",
		title: "",
		steps,
		expect: [],
		setup: recipeSetup({ ruleset, ...backends }),
	}) as PlayableScenario;
	return compareScenario(played, { driver: on });
}

const outside = (line: string) => packet("bond0.204", line);

it("follows a draw that the connection shows, though nothing is sent", async () => {
	const { divergences, unknown } = await play(
		"-A INPUT -p udp -j SNAT --to-source 10.9.9.9:2000-2999 --random\n-A POSTROUTING -d 10.9.9.9 -j ACCEPT",
		[
			outside("udp 10.0.0.10:40000 > 10.0.0.1:53 len 1"),
			outside("udp 10.0.0.10:40001 > 10.0.0.1:53 len 1"),
		],
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("follows the identifier of a query", async () => {
	const { divergences } = await play(
		"-A POSTROUTING -p icmp -j MASQUERADE --random",
		[1, 2, 3].map((id) =>
			outside(`icmp 10.0.0.10 > 192.168.0.1 echo-request id ${id} seq 1`),
		),
	);
	expect(divergences).toEqual([]);
});

it("follows a draw that comes behind another", async () => {
	// To where it claims to come from: what is sent shows neither draw.
	const { divergences, unknown } = await play(
		"-A PREROUTING -p udp -j DNAT --to-destination 192.168.0.1:5000-5999 --random\n-A POSTROUTING -p udp -j SNAT --to-source 10.0.0.1 --random-fully",
		[1, 2, 3].map((port) =>
			outside(`udp 192.168.0.1:${40_000 + port} > 10.0.0.1:53 len 1`),
		),
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("follows a draw from ports that are all taken", async () => {
	// One source and four ports to go to: from the fifth connection on, the last port that was tried stays.
	const { divergences, unknown } = await play(
		"-A PREROUTING -p udp -j DNAT --to-destination 192.168.0.1:5000-5003",
		[1, 2, 3, 4, 5, 6, 7, 8].map((port) =>
			outside(`udp 10.0.0.10:40000 > 10.0.0.1:${port} len 1`),
		),
	);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("finds the connection of the right zone", async () => {
	const { divergences } = await play(
		"-A POSTROUTING -p udp -j MASQUERADE --random\nCOMMIT\n*raw\n-A PREROUTING -m limit --limit 1/hour --limit-burst 1 -j CT --zone 7",
		[1, 2].map(() => outside("udp 10.0.0.10:40000 > 192.168.0.1:53 len 1")),
	);
	expect(divergences).toEqual([]);
});

// The reset ends the connection at once, and its mark tells the port.
const RESET =
	"-A INPUT -p tcp -j SNAT --to-source 10.9.9.9 --random\nCOMMIT\n*mangle\n-A OUTPUT -p tcp -m tcp --dport 1024:40000 -j TOS --set-tos 0x10";
const resets = Array.from({ length: 20 }, (_, index) =>
	outside(`tcp 10.0.0.10:${41_000 + index} > 10.0.0.1:80 A seq 5 ack 5`),
);

it("follows a draw for a connection that is gone at once", async () => {
	const { divergences, unknown } = await play(RESET, resets);
	expect({ divergences, unknown }).toEqual({ divergences: [], unknown: null });
});

it("does not know how it goes on where a translation is not shown", async () => {
	const shy: TracingDriver = {
		...driver,
		async open(...given) {
			const gateway = await driver.open(...given);
			const answerTraced: typeof gateway.answerTraced = async (ask) => ({
				...(await gateway.answerTraced(ask)),
				translated: [],
			});
			return { ...gateway, answerTraced };
		},
	};
	const { divergences, unknown } = await play(RESET, resets, shy);
	expect(divergences).toEqual([]);
	expect(unknown?.reason).toMatch(/drew a port for a translation/);
});

/** A kernel whose rules draw by a seed of its own. */
const drawing = driverWith((ask) => ask, {
	happens: seededChoice(99).happens,
});

describe("rules that draw", () => {
	const random = (probability: number) =>
		`-m statistic --mode random --probability ${probability}`;
	const datagrams = Array.from({ length: 40 }, (_, index) =>
		outside(`udp 10.0.0.10:${40_000 + index} > 192.168.0.77:53 len 1`),
	);
	const compared = (text: string, driver = drawing) =>
		compareScenario(
			scenario({
				name: "draws",
				title: "",
				steps: datagrams,
				expect: [],
				setup: recipeSetup({ ruleset: { name: "draws.rules", text } }),
			}) as PlayableScenario,
			{ driver },
		);

	it.each([
		[
			"one behind the other",
			`*nat\n-A PREROUTING ${random(0.3)} -j DNAT --to 192.168.0.81\n-A PREROUTING ${random(0.5)} -j DNAT --to 192.168.0.82\nCOMMIT\n`,
		],
		[
			"with marks, and in chains that are called twice",
			`*mangle\n:PICK -\n-A PREROUTING -j PICK\n-A PREROUTING -j PICK\n-A PICK ${random(0.4)} -j MARK --set-mark 1\n-A PICK -m mark --mark 1 -j TOS --set-tos 0x10\nCOMMIT\n`,
		],
		[
			"inverted, with nth and limit in front",
			`*filter\n-A FORWARD -m statistic --mode nth --every 2 --packet 0 -m statistic --mode random ! --probability 0.3 -j DROP\n-A FORWARD -m limit --limit 1/s --limit-burst 20 ${random(0.5)} -j REJECT\nCOMMIT\n`,
		],
		[
			"that only count",
			`*filter\n-A FORWARD ${random(0.5)}\n-A FORWARD ${random(0.5)} -j LOG\n-A FORWARD ${random(0.5)} -j ACCEPT\nCOMMIT\n`,
		],
		[
			"with ports that are drawn as well",
			`*nat\n-A POSTROUTING ${random(0.5)} -j MASQUERADE --random-fully\nCOMMIT\n`,
		],
		[
			"before what comes out by itself",
			`*filter\n-A FORWARD -j REJECT\n-A OUTPUT ${random(0.5)} -j DROP\nCOMMIT\n`,
		],
	])("are followed: %s", async (_, rules) => {
		const { divergences, unknown, draws } = await compared(rules);
		expect({ divergences, unknown }).toEqual({
			divergences: [],
			unknown: null,
		});
		// ICMP errors are limited: some of the last kind are not sent.
		expect(draws).toBeGreaterThan(5);
	});

	it("are unknown where something is counted behind what is drawn", async () => {
		const { divergences, unknown, chance } = await compared(
			`*filter\n-A FORWARD ${random(0.5)} -m statistic --mode nth --every 3 --packet 0 -j DROP\nCOMMIT\n`,
		);
		expect(divergences).toEqual([]);
		expect(chance).toBe("rule");
		expect(unknown?.reason).toMatch(/statistic_mt/);
	});

	it("are held against their probability", async () => {
		const often = driverWith((ask) => ask, { happens: () => true });
		const rules = `*filter\n-A FORWARD ${random(0.1)} -j LOG\nCOMMIT\n`;
		const { divergences } = await compared(rules, often);
		expect(divergences).toMatchObject([
			{
				kind: "draws",
				asked: expect.stringMatching(
					/^40 draws for filter:FORWARD:rule:1, which .* of 0\.1/,
				),
				kernel: ["matches: 40 times", "does not match: 0 times"],
			},
		]);
	});

	it("show the rules of the packet at which the two part", async () => {
		const less = driverWith(
			(ask) =>
				ask.kind === "packet" && ask.atMs === 0 && isLater(ask.packet)
					? { ...ask, packet: { ...ask.packet, ttl: 1 } }
					: ask,
			{ happens: seededChoice(7).happens },
		);
		const isLater = (packet: Packet) =>
			"sourcePort" in packet && packet.sourcePort === 40_020;
		const rules = `*mangle\n-A PREROUTING ${random(0.5)} -j MARK --set-mark 1\n-A PREROUTING -m mark --mark 1\nCOMMIT\n`;
		const { divergences } = await compared(rules, less);
		expect(divergences).toHaveLength(1);
		const [{ asked, rules: matched } = { asked: "", rules: null }] =
			divergences;
		expect(asked).toContain("10.0.0.10:40020");
		// Both drew the same, and met the same until the packet was dropped.
		const early = (rules: readonly string[] = []) =>
			rules.filter((rule) => rule.includes("PREROUTING"));
		expect(early(matched?.kernel)).toEqual(early(matched?.model));
		expect(matched?.model).toContain("mangle:FORWARD:policy:1");
		expect(matched?.kernel).not.toContain("mangle:FORWARD:policy:1");
	});
});

describe("a table that is full", () => {
	const ruleset = {
		name: "tracking.rules",
		text: "*filter\n-A FORWARD -m state --state NEW\nCOMMIT\n",
	};
	const there = (port: number) =>
		outside(`udp 10.0.0.10:${port} > 192.168.0.1:53 len 1`);
	const back = packet("bond0.205", "udp 192.168.0.1:53 > 10.0.0.10:40000");
	const compared = (
		steps: readonly (readonly ScenarioStep[])[],
		driver: TracingDriver,
	) =>
		compareScenario(
			scenario({
				name: "full",
				title: "",
				expect: [],
				setup: recipeSetup({
					ruleset,
					sysctls: { "netfilter.nf_conntrack_max": 4 },
				}),
				steps: steps as ScenarioStep[][],
			}) as PlayableScenario,
			{ driver },
		);
	const filled = [40_000, 40_001, 40_002, 40_003].map((port) =>
		at(1, there(port)),
	);

	it("loses the connections that the kernel's has lost", async () => {
		const newest = driverWith((ask) => ask, {
			evict: (candidates) => [candidates.length - 1],
		});
		const { divergences, unknown, draws } = await compared(
			[
				...filled,
				...[40_004, 40_005, 40_006].map((port) => at(2, there(port))),
				at(3, back),
				at(4, observe("then")),
			],
			newest,
		);
		expect({ divergences, unknown }).toEqual({
			divergences: [],
			unknown: null,
		});
		expect(draws).toBe(3);
	});

	it("has no room where the kernel's had none", async () => {
		const none = driverWith((ask) => ask, { evict: () => [] });
		const { divergences, draws } = await compared(
			[...filled, at(2, there(40_004)), at(3, observe("then"))],
			none,
		);
		expect({ divergences, draws }).toEqual({ divergences: [], draws: 1 });
	});

	it("is no chance where every connection stays", async () => {
		/** It has room all the same. */
		const roomy = driverWith((ask) =>
			ask.kind === "operation" && ask.operation.kind === "sysctl"
				? { ...ask, operation: { ...ask.operation, value: 100 } }
				: ask,
		);
		const { divergences } = await compared(
			[
				at(1, there(40_000)),
				at(2, back),
				at(3_000, there(40_000)),
				at(5_000, sysctl("netfilter.nf_conntrack_max", 1)),
				at(5_001, there(40_001)),
			],
			roomy,
		);
		expect(divergences).toMatchObject([{ kind: "packets", atMs: 5_001 }]);
	});
});
