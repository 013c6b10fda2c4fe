/** Which next hop of a multipath route a connection takes is a draw, one for each value of what is hashed. */
import { describe, expect, it } from "vitest";
import {
	at,
	backendAt,
	clientAt,
	connect,
	neighbour,
	scenario,
	service,
	splitBySource,
} from "../language/build/build.ts";
import type { PlayableScenario, ScenarioStep } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { twoUplinks } from "../suites/routing/router.ts";

const BOTH =
	"ip route replace default nexthop via 198.51.100.1 dev isp1 weight 1 nexthop via 203.0.113.1 dev isp2 weight 1";
const MASQUERADE =
	"*nat\n-A POSTROUTING -o isp1 -j MASQUERADE\n-A POSTROUTING -o isp2 -j MASQUERADE\nCOMMIT\n";
const EVEN = { "198.51.100.2": 1, "203.0.113.2": 1 };

function judged(
	given: {
		readonly clients?: number;
		readonly each: number;
		/** `fib_multipath_hash_policy` */
		readonly policy?: number;
		readonly rules?: string;
		readonly more?: readonly ScenarioStep[];
	},
	weights: Readonly<Record<string, number>> = EVEN,
	seed = 1,
) {
	const { clients = 1, each, policy = 0, rules = MASQUERADE } = given;
	const all = Array.from({ length: clients }, (_, index) =>
		clientAt(`c${index}`, `192.168.1.${20 + index}`, { interface: "lan0" }),
	);
	const played = scenario({
		name: "next-hop-draws",
		title: "Next hops",
		setup: twoUplinks(rules, [BOTH], {
			clients: all,
			services: [service("remote", { address: "192.0.2.80", port: 25 })],
			backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
			gateway: {
				sysctls: {
					"ipv4.ip_forward": 1,
					"ipv4.fib_multipath_hash_policy": policy,
				},
			},
		}),
		steps: [
			...all.map(({ name }) => connect(each, { client: name, everyMs: 5 })),
			...(given.more ?? []),
		],
		expect: [splitBySource(weights)],
	}) as PlayableScenario;
	return checkScenario(played, { seed }).judgements[0];
}

const draws = (count: string) => ({
	outcome: "holds",
	expected: expect.stringContaining(`(${count};`),
});
const ONE = {
	outcome: "unknown",
	seen: expect.stringContaining("1 draw may fall in any way"),
};

describe("the choice of a next hop is a draw", () => {
	it("for each connection, where ports are hashed", () => {
		for (let seed = 1; seed <= 5; seed++)
			expect(judged({ each: 60, policy: 1 }, EVEN, seed)).toMatchObject(
				draws("60 draws"),
			);
	});

	it("for each pair of addresses, where addresses are", () => {
		for (let seed = 1; seed <= 5; seed++)
			expect(judged({ clients: 30, each: 2 }, EVEN, seed)).toMatchObject(
				draws("30 draws for 60 connections"),
			);
	});

	it("of which one shows nothing, however many connections go by it", () => {
		expect(judged({ each: 40 })).toMatchObject(ONE);
		expect(judged({ each: 1 }, { "198.51.100.2": 1 })).toMatchObject(ONE);
		expect(judged({ each: 40 }, { "198.51.100.2": 1 })).toMatchObject(ONE);
		expect(judged({ each: 40 }, { "198.51.100.2": 1 }, 3)).toMatchObject({
			outcome: "violated",
		});
	});

	/** Both of them: whichever the draw chose. */
	const BOTH_VANISH = at(
		100,
		neighbour("198.51.100.1", "vanish"),
		neighbour("203.0.113.1", "vanish"),
	);

	it("which is seen in what left, also where the next hop lost it", () => {
		expect(judged({ each: 40, more: BOTH_VANISH })).toMatchObject(ONE);
		expect(judged({ clients: 30, each: 40, more: BOTH_VANISH })).toMatchObject(
			draws("30 draws for 1200 connections"),
		);
		const untranslated = "*nat\nCOMMIT\n";
		const own = { "192.168.1.20": 1 };
		expect(
			judged({ each: 40, rules: untranslated, more: BOTH_VANISH }, own)?.seen,
		).toContain("192.168.1.20");
		expect(
			judged({ each: 40, rules: untranslated, more: BOTH_VANISH }, own)?.seen,
		).not.toContain("nowhere");
	});

	it("and finds wrong shares wrong", () => {
		const wrong = { "198.51.100.2": 9, "203.0.113.2": 1 };
		expect(judged({ each: 60, policy: 1 }, wrong)).toMatchObject({
			outcome: "violated",
			expected: expect.stringContaining("(60 draws;"),
		});
	});
});
