import { describe, expect, it } from "vitest";
import { accountOf, connectionRecord } from "../judge/test-account.ts";
import {
	connect,
	recipeSetup,
	scenario,
	split,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { withKnownChance } from "./known-chance.ts";

const account = accountOf({ connections: [connectionRecord(0)] });
const drawn = accountOf({
	connections: [connectionRecord(0, { chance: "drew" })],
});

function chanceOf(rule: string, ip: readonly string[] = []) {
	const text = `*nat\n${rule}\nCOMMIT\n`;
	const played = scenario({
		name: "kernel",
		title: "On a kernel",
		setup: recipeSetup({
			ruleset: { name: "my.rules", text },
			gateway: { ip },
		}),
		steps: [connect(1)],
		expect: [split({ b1: 1, b2: 1 })],
	}) as PlayableScenario;
	return withKnownChance(account, played, () => drawn).connections[0]?.chance;
}

describe("the model tells for which connections a kernel draws", () => {
	it.each([
		"-A PREROUTING -m statistic --mode random --probability 0.5 -j ACCEPT",
		"-A PREROUTING -p tcp -j DNAT --to-destination 192.168.0.1-192.168.0.2",
		"-A PREROUTING -p tcp -j DNAT --to-destination 192.168.0.1:25-26",
		"-A PREROUTING -p tcp -j DNAT --to-dest 192.168.0.1-192.168.0.2",
		"-A PREROUTING -p tcp -j REDIRECT --to-ports 25-26",
		"-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1 -j ACCEPT",
	])("%s", (rule) => {
		expect(chanceOf(rule)).toBe("drew");
	});

	it("among next hops", () => {
		const hops =
			"ip route add default nexthop via 10.0.0.2 nexthop via 10.0.0.3";
		expect(chanceOf("", [hops])).toBe("drew");
	});

	it("and is not asked where nothing is drawn", () => {
		const rule = "-A PREROUTING -p tcp -j DNAT --to-destination 192.168.0.1:25";
		expect(chanceOf(rule)).toBeUndefined();
	});
});
