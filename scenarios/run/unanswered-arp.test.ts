import { describe, expect, it } from "vitest";
import {
	connect,
	outcomes,
	recipeSetup,
	scenario,
	splitBySource,
} from "../language/build/build.ts";
import { ip, sysctl } from "../language/build/build-operations.ts";
import { at } from "../language/build/build-steps.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

type Steps = Parameters<typeof scenario>[0]["steps"];

const rulesTo = (source: string) =>
	`*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
-A POSTROUTING -o bond0.205 -p tcp --dport 25 -j SNAT --to-source ${source}
COMMIT
`;

function judged(
	source: string,
	{
		before = [],
		expectation = outcomes("completed", 3),
		commands = [],
	}: {
		before?: Steps;
		expectation?: Expectation;
		commands?: readonly string[];
	} = {},
) {
	const setup = recipeSetup({
		ruleset: { name: "r", text: rulesTo(source) },
	}) as PlayableScenario["setup"];
	const played = scenario({
		name: "arp",
		title: "",
		setup: { ...setup, gateway: { ...setup.gateway, ip: commands } },
		steps: [...before, at(10, connect(3, { everyMs: 100 }))],
		expect: [expectation],
	}) as PlayableScenario;
	return checkScenario(played, { seed: 1 }).judgements[0];
}

describe("an answer to a source on the link of a backend", () => {
	it("does not come to the gateway where nothing has the source", () => {
		const judgement = judged("192.168.0.77");
		expect(judgement?.outcome).toBe("violated");
		expect(judgement?.why?.[0]?.text).toContain(
			"→ b1; the answer (SYN/ACK) → 192.168.0.77, for which nothing answers ARP on bond0.205: no host there has the address, and no interface of the gateway",
		);
		expect(judgement?.why?.[0]?.rule?.line).toBe(3);
		expect(
			judged("192.168.0.77", { expectation: outcomes("connect-timeout", 3) })
				?.outcome,
		).toBe("holds");
		expect(
			judged("192.168.0.253-192.168.0.254", {
				expectation: splitBySource({ "192.168.0.254": 1, "192.168.0.253": 1 }),
			})?.outcome,
		).not.toBe("holds");
	});

	it.each<[string, string, Parameters<typeof judged>[1]]>([
		["an address of its interface", "192.168.0.254", {}],
		["one of another interface", "10.0.0.1", {}],
		["what no host takes for its link", "198.51.100.77", {}],
		[
			"an address that a command gives",
			"192.168.0.77",
			{ commands: ["ip addr add 192.168.0.77/32 dev bond0.205"] },
		],
		[
			"a local route",
			"192.168.0.77",
			{ commands: ["ip route add local 192.168.0.72/29 dev lo"] },
		],
		[
			"an address of a step",
			"192.168.0.77",
			{ before: at(0, ip("ip addr add 192.168.0.77/24 dev bond0.205")) },
		],
		[
			"a proxy",
			"192.168.0.77",
			{ before: at(0, sysctl("ipv4.conf.all.proxy_arp", 1)) },
		],
	])("comes to the gateway for %s", (_, source, options) => {
		expect(judged(source, options)?.seen).not.toContain("connect-timeout");
		expect(judged(source, options)?.outcome).not.toBe("violated");
	});

	it("does not for an address beside that of a command", () => {
		const commands = [
			"ip addr add 192.168.0.78/24 dev bond0.205",
			"ip route add local 192.168.0.80/29 dev lo",
		];
		expect(judged("192.168.0.77", { commands })?.outcome).toBe("violated");
	});
});
