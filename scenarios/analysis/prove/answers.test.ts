/** Answers of backends in quiet operation: clients are served where these come back. */
import { describe, expect, test } from "vitest";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import { analyse } from "../services/analysis.ts";
import { type GivenWorld, NOTHING_GIVEN } from "../world/assumed-world.ts";
import { ONE_UPLINK, TWO_UPLINKS } from "../world/test-routers.ts";
import { prove } from "./prove.ts";
import { USUAL_BUDGET, USUAL_LIMIT_MS } from "./state/events.ts";
import { outcomeOf, type Result } from "./state/proof.ts";

const SERVICES = ["tcp", "udp"].map(
	(protocol) =>
		`-A PREROUTING -i wan2 -d 192.0.2.1 -p ${protocol} --dport 53 -j DNAT --to-destination 10.0.0.20`,
);

function proved(
	tables: Readonly<Record<string, readonly string[]>>,
	given: Partial<GivenWorld> = {},
) {
	const text = Object.entries({ nat: SERVICES, ...tables })
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	const { ruleset } = parseRules(text, { file: "my.rules" });
	const proof = prove(analyse(ruleset, { ...NOTHING_GIVEN, ...given }), {
		name: "my.rules",
		events: [],
		single: false,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
	});
	const liveness = proof.services.map(
		({ assumed }) =>
			assumed.proved.find(({ property }) => property === "liveness")?.result,
	);
	const clients = proof.services.map((one) => one.clients);
	return { outcome: outcomeOf(proof), clients, liveness };
}

/** What happens, where it is violated, once its scenario was played: it violates that too. */
function words(result: Result | undefined): string {
	if (result?.kind !== "violated") return result?.kind ?? "";
	const { scenario, happens } = result.counterexample;
	expect(checkScenario(scenario).outcome).toBe("violated");
	return happens;
}

describe("answers that rules drop", () => {
	const filter = [
		":FORWARD DROP [0:0]",
		"-A FORWARD -i wan2 -o lan0 -j ACCEPT",
	];

	test("serve no client", () => {
		const { outcome, liveness } = proved({ filter });
		expect(outcome).toBe("violated");
		expect(liveness.map(words)).toEqual(
			["tcp", "udp"].map(
				() =>
					"the answer of 10.0.0.20:53 does not come to the client: dropped by filter:FORWARD:policy:2",
			),
		);
	});

	test("do so no more behind a rule that accepts what is known", () => {
		const known =
			"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
		const { outcome, liveness } = proved({ filter: [...filter, known] });
		expect(outcome).toBe("holds");
		expect(liveness.map(words)).toEqual(["holds", "holds"]);
	});

	test("are no fault where only some are, above a rate", () => {
		const { liveness } = proved({
			filter: [
				"-A FORWARD -i lan0 -m limit --limit 100/s -j ACCEPT",
				"-A FORWARD -i lan0 -j DROP",
			],
		});
		expect(liveness.map(words)).toEqual(["holds", "holds"]);
	});
});

describe("answers of a backend beside its client", () => {
	const given = ONE_UPLINK;
	const asking = (clients: string, protocol: string) =>
		`-A PREROUTING ${clients} -d 203.0.113.1 -p ${protocol} --dport 443 -j DNAT --to-destination 10.20.0.11`;
	const clients = ["-i br0", "-s 10.20.0.0/24"];

	test.each(clients)("do not come back to those of %s", (from) => {
		for (const protocol of ["tcp", "udp"]) {
			const nat = [asking(from, protocol)];
			const { outcome, liveness } = proved({ nat }, given);
			expect(outcome).toBe("violated");
			expect(liveness.map(words)).toContain(
				"10.20.0.11:443 answers the client directly, since both are on 10.20.0.0/24 (br0), and the client has asked another address",
			);
		}
	});

	test("do not come back to those that another rule tells of, and are those of a class of their own", () => {
		const nat = [
			asking("", "tcp").replace(
				"-j DNAT",
				"-m statistic --mode nth --every 2 --packet 0 -j DNAT",
			),
			asking("", "tcp").replace("10.20.0.11", "10.20.0.12"),
		];
		const toFirst =
			"-A POSTROUTING -s 10.20.0.0/24 -d 10.20.0.11 -j MASQUERADE";
		const toLast = toFirst.replace("10.20.0.11", "10.20.0.12");
		const out = "-A POSTROUTING -o eth0 -j MASQUERADE";
		const of = (...more: readonly string[]) => {
			const found = proved(
				{ nat: [...nat, ...more] },
				{ ...given, hasAddresses: true },
			);
			return [found.clients, found.liveness.map(words)];
		};
		const outside = "clients outside of 10.20.0.0/24";
		expect(of(toFirst, out)).toEqual([
			[outside, "clients of 10.20.0.0/24 at br0"],
			[
				"holds",
				"10.20.0.12:443 answers the client directly, since both are on 10.20.0.0/24 (br0), and the client has asked another address",
			],
		]);
		// Whether there are such clients is not known: nothing is said of them.
		expect(of(out)).toEqual([[outside], ["holds"]]);
		expect(of(toFirst, toLast, out)).toEqual([["all clients"], ["holds"]]);
		expect(of()).toEqual([["all clients"], ["holds"]]);
	});

	test.each(clients)(
		"come back to those of %s whose source is translated as well",
		(from) => {
			const masquerade = "-A POSTROUTING -s 10.20.0.0/24 -o br0 -j MASQUERADE";
			const nat = [asking(from, "tcp"), masquerade];
			expect(proved({ nat }, given).outcome).toBe("holds");
		},
	);

	test("come back through a bridge whose frames pass through the rules", () => {
		const nat = [
			asking("-i br0", "tcp"),
			"-A POSTROUTING -s 10.20.0.11/32 -d 10.20.0.11/32 -p tcp --dport 443 -j MASQUERADE",
		];
		expect(proved({ nat }, given).outcome).toBe("holds");
	});
});

describe("answers of a router with two uplinks", () => {
	const mangle = [
		"-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j CONNMARK --set-mark 2",
	];

	test("serve no client that came by the other one", () => {
		const { outcome, liveness } = proved({ mangle }, TWO_UPLINKS);
		expect(outcome).toBe("violated");
		expect(liveness.map(words)).toEqual(
			["tcp", "udp"].map(
				() =>
					"the answer of 10.0.0.20:53 does not come to the client: it leaves by wan1, and the client came by wan2",
			),
		);
	});

	test("serve those whose mark is restored, and are not judged where routing is not told", () => {
		const restored = [
			...mangle,
			"-A PREROUTING -i lan0 -j CONNMARK --restore-mark",
		];
		for (const { liveness } of [
			proved({ mangle: restored }, TWO_UPLINKS),
			proved({ mangle }, { ...TWO_UPLINKS, hasRoutingRules: false }),
		])
			expect(liveness.map(words)).toEqual(["holds", "holds"]);
	});
});

describe("what clients and hosts choose", () => {
	test.each([
		[
			"the length of a segment",
			{
				filter: [
					":FORWARD DROP [0:0]",
					"-A FORWARD -m length --length 0:1000 -j ACCEPT",
				],
			},
		],
		[
			"the flags and the length of answers",
			{
				raw: [
					"-A PREROUTING -s 10.0.0.20 -p tcp -m length --length 60: -m tcp --tcp-flags ACK,PSH ACK,PSH -j DROP",
				],
			},
		],
		[
			"a bit of the client's address",
			{ filter: ['-A FORWARD -i wan2 -m u32 --u32 "12&0x1=0" -j DROP'] },
		],
		[
			"the client's port",
			{ raw: ["-A PREROUTING -p tcp --sport 1024:32767 -j DROP"] },
		],
	] as const)("leaves liveness open: %s", (_, tables) => {
		const { outcome, liveness } = proved(tables);
		expect(outcome).not.toBe("holds");
		expect(liveness[0]?.kind).toBe("unknown");
	});

	test("decides nothing where all of them are treated alike", () => {
		const { outcome } = proved({
			filter: [
				"-A FORWARD -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP",
				"-A FORWARD -p tcp --sport 1024:65535 -m length --length 40:1500 -j ACCEPT",
			],
		});
		expect(outcome).toBe("holds");
	});
});
