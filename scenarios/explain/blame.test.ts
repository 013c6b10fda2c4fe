import { describe, expect, it } from "vitest";
import {
	at,
	avoided,
	backend,
	backendAt,
	clientAt,
	connect,
	evenSplit,
	order,
	outcomes,
	recipeSetup,
	scenario,
	split,
} from "../language/build/build.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

/** Marks by statistic and condition in lines 7 to 10, translation by mark in lines 14 to 16. */
const MARKED = `*mangle
:PREROUTING ACCEPT [0:0]
:BALANCE - [0:0]
-A PREROUTING -i eth0 -d 10.0.0.1 -p tcp --dport 443 -j BALANCE
-A BALANCE -j CONNMARK --restore-mark
-A BALANCE -m mark ! --mark 0 -j RETURN
-A BALANCE -m statistic --mode nth --every 3 --packet 0 -m condition ! --condition web1down -j MARK --set-mark 1
-A BALANCE -m mark --mark 0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition web2down -j MARK --set-mark 2
-A BALANCE -m mark --mark 0 -m condition ! --condition web3down -j MARK --set-mark 3
-A BALANCE -m mark --mark 0 -m condition ! --condition web1down -j MARK --set-mark 1
-A BALANCE -j CONNMARK --save-mark
COMMIT
*nat
-A PREROUTING -i eth0 -p tcp -m mark --mark 1 -j DNAT --to-destination 10.20.0.11:8443
-A PREROUTING -i eth0 -p tcp -m mark --mark 2 -j DNAT --to-destination 10.20.0.12:8443
-A PREROUTING -i eth0 -p tcp -m mark --mark 3 -j DNAT --to-destination 10.20.0.13:8443
COMMIT
`;
/** Lines 18 to 23. */
const forward = (last = "") =>
	`*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A FORWARD -p tcp --dport 8443 -j ACCEPT\n${last}COMMIT\n`;
const WRONG_PORT = MARKED.replace("0.13:8443", "0.13:443");
const THREE = ["web1", "web2", "web3"] as const;
const EQUAL = split({ web1: 1, web2: 1, web3: 1 });
const ALL = outcomes("completed", 12);
const REQUIRE_ORDER = order([...THREE, ...THREE, ...THREE, ...THREE]);

interface Story {
	readonly more?: Parameters<typeof scenario>[0]["steps"];
	/** Client and backends on one link. */
	readonly isOneLan?: boolean;
}

function judged(text: string, expectation: Expectation, story: Story = {}) {
	const { more = [], isOneLan = false } = story;
	const [net, out] = isOneLan ? ["10.0.0.1", "eth0"] : ["10.20.0.1", "eth1"];
	const redirects = {
		"ipv4.conf.all.send_redirects": 0,
		"ipv4.conf.eth0.send_redirects": 0,
	};
	const rules = isOneLan ? text.replaceAll("10.20.0.1", "10.0.0.1") : text;
	const [judgement] = checkScenario(
		scenario({
			name: "blame",
			title: "Blame",
			setup: recipeSetup({
				ruleset: { name: "my.rules", text: rules },
				gateway: {
					interfaces: [
						{ name: "eth0", addresses: ["10.0.0.1/24"], mtu: 1500 },
						{ name: "eth1", addresses: ["10.20.0.1/24"], mtu: 1500 },
					],
					sysctls: isOneLan ? redirects : {},
				},
				service: { address: "10.0.0.1", port: 443 },
				clients: [clientAt("c", "10.0.0.9", { interface: "eth0" })],
				backends: [1, 2, 3].map((n) =>
					backendAt(`web${n}`, `${net}${n}`, { interface: out, port: 8443 }),
				),
			}),
			steps: [connect(12, { client: "c", everyMs: 100 }), ...more],
			expect: [expectation],
		}) as PlayableScenario,
	).judgements;
	if (judgement === undefined) throw new Error("nothing was judged");
	return judgement;
}

const blamed = (...given: Parameters<typeof judged>) => {
	const { outcome, why } = judged(...given);
	expect(outcome).toBe("violated");
	return why[0]?.rule?.line ?? null;
};

describe("the rule to blame", () => {
	const hosts = MARKED.replace("20.0.13", "20.0.99");
	const inverted = MARKED.replace(
		"! --condition web1down",
		"--condition web1down",
	);
	const refuses = [at(0, backend("web3", "refuse"))];
	it.each<[string, string, Expectation, number | null, Story?]>([
		// Where packets end at a rule or a policy, that one.
		["wrong port, dropped: split", WRONG_PORT + forward(), EQUAL, 19],
		["wrong port, dropped: order", WRONG_PORT + forward(), REQUIRE_ORDER, 19],
		["rejected", WRONG_PORT + forward("-A FORWARD -j REJECT\n"), ALL, 22],
		[
			"rejected: split",
			WRONG_PORT + forward("-A FORWARD -j REJECT\n"),
			EQUAL,
			22,
		],
		// Where the destination is wrong, the one that wrote it.
		["wrong port, FORWARD open", WRONG_PORT, ALL, 16],
		["no such host", hosts, ALL, 16],
		["no such host: split", hosts, EQUAL, 16],
		["no route", MARKED.replace("10.20.0.13", "172.16.0.9"), ALL, 16],
		["a backend that refuses", MARKED, ALL, 16, { more: refuses }],
		// Where a rule is missing, none.
		["no masquerade on one link", MARKED, ALL, null, { isOneLan: true }],
		// Where connections went elsewhere, the one that chose …
		["every fourth", MARKED.replace("every 3", "every 4"), evenSplit(THREE), 8],
		["at a backend", MARKED, avoided("web2"), 8],
		["at one that refuses", MARKED, avoided("web3"), 9, { more: refuses }],
		// … or the one that never did.
		["inverted condition: split", inverted, EQUAL, 7],
		["inverted condition: order", inverted, REQUIRE_ORDER, 7],
	])("%s", (_, text, expectation, line, story = {}) => {
		expect(blamed(text, expectation, story)).toBe(line);
	});

	it("is said to be none where a translation is missing, and which", () => {
		const { rule, why } = judged(MARKED, ALL, { isOneLan: true });
		expect(rule).toBeNull();
		expect(why[0]?.text).toMatch(
			/no rule is to blame: one is missing in nat POSTROUTING \(MASQUERADE or SNAT\)$/,
		);
	});

	it("is said to have never matched", () => {
		const { seen, rule, why } = judged(inverted, EQUAL);
		expect(seen).toBe("web1 0, web2 6, web3 6");
		expect(rule).toBe("mangle:BALANCE:rule:3");
		expect(why[0]?.text).toMatch(
			/→ out eth1 → web2; line 7 never matched: -A BALANCE .* --condition "?web1down/,
		);
	});

	it("is no stand-in of a rule that matched", () => {
		const { why } = judged(MARKED.replace("every 3", "every 4"), EQUAL);
		expect(why.map(({ text }) => text).join()).not.toContain("never matched");
	});
});

it("shows the SYN that was lost of a connection that came late to another backend", () => {
	const { why } = judged(WRONG_PORT + forward(), EQUAL);
	expect(why[0]).toMatchObject({
		count: 2,
		text: "SYN → mark 0x3 (line 9) → DNAT 10.20.0.13 (line 16) → dropped by -P FORWARD DROP, line 19; the SYN sent again → mark 0x1 (line 7) → DNAT 10.20.0.11:8443 (line 14) → out eth1 → web1",
	});
});
