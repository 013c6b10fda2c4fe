/** Shares of rules where routes have several next hops: one that connections draw, or one that none of them asks. */
import { describe, expect, it } from "vitest";
import {
	backendAt,
	clientAt,
	connect,
	scenario,
	service,
	split,
	splitBySource,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";
import { twoUplinks } from "../suites/routing/router.ts";

const BOTH =
	"nexthop via 198.51.100.1 dev isp1 nexthop via 203.0.113.1 dev isp2";
const SNAT = "-A POSTROUTING -p tcp";
const half = "-m statistic --mode random --probability 0.5";
/** 50, 25 and 25 %. */
const SOURCES = `*nat
${SNAT} ${half} -j SNAT --to-source 198.51.100.11
${SNAT} ${half} -j SNAT --to-source 198.51.100.12
${SNAT} -j SNAT --to-source 198.51.100.13
COMMIT
`;
const WRONG = splitBySource({
	"198.51.100.11": 5,
	"198.51.100.12": 3,
	"198.51.100.13": 2,
});

function judged(
	ip: readonly string[],
	{
		rules = SOURCES,
		expectation = WRONG,
		connections = 40,
	}: {
		readonly rules?: string;
		readonly expectation?: Expectation;
		readonly connections?: number;
	} = {},
) {
	const played = scenario({
		name: "several-hops",
		title: "Several next hops",
		setup: twoUplinks(rules, ip, {
			clients: [clientAt("c1", "192.168.1.20", { interface: "lan0" })],
			services: [service("remote", { address: "192.0.2.80", port: 25 })],
			backends: [
				backendAt("b1", "192.0.2.80", { interface: "isp1" }),
				backendAt("b2", "192.0.2.81", { interface: "isp1" }),
			],
		}),
		steps: [connect(connections, { everyMs: 5 })],
		expect: [expectation],
	}) as PlayableScenario;
	return checkScenario(played).judgements[0];
}

const LUCK =
	"luck: the rules give 198.51.100.11 50 %, 198.51.100.12 25 %, 198.51.100.13 25 %";

describe("the shares that rules give", () => {
	it.each([
		["no route has several next hops", []],
		[
			"the route is in a table that no rule asks",
			[`ip route add default ${BOTH} table 100`],
		],
		[
			"the route is in a table that other packets ask",
			[
				`ip route add default ${BOTH} table 100`,
				"ip rule add fwmark 7 table 100",
			],
		],
		["the route leads elsewhere", [`ip route add 198.18.0.0/15 ${BOTH}`]],
		[
			"one next hop is all of them",
			["ip route replace default nexthop via 198.51.100.1 dev isp1"],
		],
		[
			"the route was replaced",
			[
				`ip route replace default ${BOTH}`,
				"ip route replace default via 198.51.100.1 dev isp1",
			],
		],
	])("are known where %s", (_, ip) => {
		expect(judged(ip)).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining(LUCK),
		});
	});

	it.each([
		["with next hops", [`ip route replace default ${BOTH}`]],
		[
			"with links alone",
			["ip route replace default nexthop dev isp1 nexthop dev isp2"],
		],
		[
			"in a table that their packets ask",
			[
				`ip route add default ${BOTH} table 100`,
				"ip rule add from 192.168.1.0/24 table 100",
			],
		],
	])("are not where their connections draw a next hop: %s", (_, ip) => {
		expect(judged(ip)?.seen).not.toContain("luck: the rules give");
	});

	/** 4/15 and 11/15. */
	const NAT = (backend: number) =>
		`-j DNAT --to-destination 192.0.2.${backend}`;
	const nth = (every: number) =>
		`-m statistic --mode nth --every ${every} --packet 0`;
	const UNEVEN = `*nat
:TWO - [0:0]
:OTHERS - [0:0]
-A PREROUTING -p tcp --dport 25 ${nth(2)} -j TWO
-A PREROUTING -p tcp --dport 25 -j OTHERS
-A TWO -p tcp ${nth(3)} ${NAT(80)}
-A TWO -p tcp ${NAT(81)}
-A OTHERS -p tcp ${nth(5)} ${NAT(80)}
-A OTHERS -p tcp ${NAT(81)}
COMMIT
*filter
-A FORWARD -i lan0 -o isp2 -j DROP
COMMIT
`;

	it("are not told of counters, where rules may treat another next hop otherwise", () => {
		const given = {
			rules: UNEVEN,
			expectation: split({ b1: 1, b2: 3 }),
			connections: 8,
		};
		const remarks = (ip: readonly string[]) =>
			judged(ip, given)?.why.map(({ text }) => text);
		const exact = "the exact shares of the rules: b1 4/15, b2 11/15";
		expect(remarks([])).toContain(exact);
		expect(remarks([`ip route replace default ${BOTH}`])).not.toContain(exact);
	});
});
