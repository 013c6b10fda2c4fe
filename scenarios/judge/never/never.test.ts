import { describe, expect, it } from "vitest";
import {
	conntrack,
	counter,
	outcomes,
	packetsCounted,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";
import { iptables } from "../../language/build/build-operations.ts";
import { at, connect } from "../../language/build/build-steps.ts";
import type { Expectation, PlayableScenario } from "../../language/scenario.ts";
import { checkScenario } from "../../run/run-scenario.ts";

const SERVICE =
	"*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";

/** What one expectation comes to beside three connections that are served. */
function judged(
	rules: string,
	expectation: Expectation,
	steps: Parameters<typeof scenario>[0]["steps"] = [
		connect(3, { everyMs: 10 }),
	],
) {
	const played = scenario({
		name: "never",
		title: "",
		setup: recipeSetup({ ruleset: { name: "r", text: rules + SERVICE } }),
		steps,
		expect: [outcomes("completed", { atLeast: 3 }), expectation],
	}) as PlayableScenario;
	return checkScenario(played).judgements[1];
}

const filter = (...rules: readonly string[]) =>
	`*filter\n:FORWARD ACCEPT [0:0]\n:OWN - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;

const mangle = (...rules: readonly string[]) =>
	`*mangle\n${rules.map((rule) => `-A PREROUTING ${rule}\n`).join("")}COMMIT\n`;

describe("a rule that counted nothing", () => {
	const first = "filter:FORWARD:rule:1";
	const second = "filter:FORWARD:rule:2";
	it.each<[string, string, string, string]>([
		[
			"behind one that takes all",
			filter("FORWARD -j ACCEPT", "FORWARD -p tcp --dport 26 -j DROP"),
			second,
			"filter:FORWARD:rule:1 takes all packets before they come to it",
		],
		[
			"of a chain that no rule leads to",
			filter("OWN -p tcp -j DROP"),
			"filter:OWN:rule:1",
			"no rule leads to the chain OWN",
		],
		[
			"that excludes itself",
			filter(
				"FORWARD -p tcp -m multiport ! --dports 80,443 -m tcp --dport 443 -j DROP",
			),
			"filter:FORWARD:rule:1",
			"no packet matches the rule: ",
		],
		[
			"is a policy behind a rule for all",
			filter("FORWARD -j ACCEPT"),
			"filter:FORWARD:policy",
			"filter:FORWARD:rule:1 takes all packets before they come to it",
		],
		[
			"of an address that nothing has",
			filter("FORWARD -d 192.168.0.99 -j DROP"),
			"filter:FORWARD:rule:1",
			"no host, rule or step has the address 192.168.0.99",
		],
		[
			"of a network that nothing is on",
			filter("FORWARD -s 198.18.9.0/24 -p tcp --dport 25 -j DROP"),
			"filter:FORWARD:rule:1",
			"no host, rule or step has an address of 198.18.9.0-198.18.9.255",
		],
		[
			"of a mark that no rule gives",
			filter("FORWARD -m mark --mark 5 -j DROP"),
			"filter:FORWARD:rule:1",
			"no rule gives a packet the mark 5",
		],
		[
			"of a mark of connections that no rule gives",
			filter("FORWARD -m connmark --mark 5 -j DROP"),
			"filter:FORWARD:rule:1",
			"no rule gives a connection the mark 5",
		],
		[
			"of a mark that rules give to what was not sent",
			`${mangle("-p udp -j MARK --set-mark 5")}${filter("FORWARD -m mark --mark 5 -j DROP")}`,
			"filter:FORWARD:rule:1",
			"no rule gives a packet the mark 5",
		],
	])("is unknown where nothing comes to it: %s", (_, rules, place, why) => {
		const judgement = judged(rules, counter(place, 0));
		expect(judgement?.outcome).toBe("unknown");
		expect(judgement?.seen).toContain(
			`nothing could violate this, so it shows nothing: ${why}`,
		);
	});

	it.each<[string, string]>([
		[
			filter(
				"FORWARD -p tcp --dport 25 -j ACCEPT",
				"FORWARD -p tcp --dport 26 -j DROP",
			),
			second,
		],
		[
			filter(
				"FORWARD -p tcp -j OWN",
				"FORWARD -p udp -j DROP",
				"OWN -s 192.168.0.1 -p tcp --dport 25 -j DROP",
			),
			"filter:OWN:rule:1",
		],
		[filter("FORWARD -p tcp -j ACCEPT"), "filter:FORWARD:policy"],
		[filter("FORWARD -d 10.0.0.0/8 -p tcp --dport 9 -j DROP"), first],
		[filter("FORWARD ! -s 198.18.9.9 -p tcp --dport 9 -j DROP"), first],
		[filter("FORWARD -p tcp --dport 9 -m mark --mark 0 -j DROP"), first],
		[filter("FORWARD -p tcp --dport 9 -m mark ! --mark 5 -j DROP"), first],
		[
			`${mangle("-p tcp --dport 9 -j MARK --set-mark 5")}${filter("FORWARD -m mark --mark 5 -j DROP")}`,
			first,
		],
		[
			`${mangle("-p tcp -j CONNMARK --restore-mark")}${filter("FORWARD -m mark --mark 5 -j DROP")}`,
			first,
		],
	])("holds where something might come: %j", (rules, place) => {
		expect(judged(rules, counter(place, 0))?.outcome).toBe("holds");
	});

	it("holds where rules were replaced: it may have stood elsewhere", () => {
		const rules = filter("FORWARD -p tcp --dport 26 -j DROP");
		const steps = [
			connect(3, { everyMs: 10 }),
			at(500, iptables("-I FORWARD -j ACCEPT")),
		];
		expect(judged(rules, counter(second, 0), steps)?.outcome).toBe("holds");
	});
});

describe("an entry that is not there", () => {
	it.each<[string, Parameters<typeof conntrack>[0], string]>([
		["no rule sets a mark", { mark: 7 }, ""],
		["another mark", { mark: 7 }, mangle("-j CONNMARK --set-mark 1")],
		["a mark of packets alone", { mark: 7 }, mangle("-j MARK --set-mark 7")],
		[
			"one for a protocol of which nothing was sent",
			{ mark: 7 },
			mangle("-p udp -j CONNMARK --set-mark 7"),
		],
		[
			"one that copies it for such a protocol",
			{ mark: 7 },
			mangle("-p udp -j CONNMARK --save-mark"),
		],
	])("is unknown where no rule gives the mark: %s", (_, wanted, rules) => {
		const judgement = judged(rules, conntrack(wanted, 0));
		expect(judgement?.outcome).toBe("unknown");
		expect(judgement?.seen).toContain("no rule gives a connection the mark 7");
	});

	it.each([
		mangle("-p tcp --dport 26 -j CONNMARK --set-mark 7"),
		mangle("-d 10.0.0.1 -p tcp --dport 26 -j CONNMARK --save-mark"),
	])("holds where one might: %j", (rules) => {
		expect(judged(rules, conntrack({ mark: 7 }, 0))?.outcome).toBe("holds");
	});

	it.each([
		conntrack({ originalSource: "198.18.9.9" }, 0),
		conntrack({ replySource: "198.18.9.9" }, 0),
		packetsCounted(["tcp 198.18.9.9:* > *"], 0),
		packetsCounted(["tcp * > 198.18.9.9:25"], 0),
	])("is unknown of an address that nothing has: %j", (expectation) => {
		const asks = filter("FORWARD -s 198.18.9.9 -j DROP");
		for (const rules of ["", asks])
			expect(judged(rules, expectation)).toMatchObject({
				outcome: "unknown",
				seen: expect.stringContaining(
					"no host, rule or step has the address 198.18.9.9",
				),
			});
		const gives =
			"*nat\n-A POSTROUTING -p udp -j SNAT --to-source 198.18.9.1-198.18.9.20\nCOMMIT\n";
		expect(judged(gives, expectation)?.outcome).toBe("holds");
	});

	it("is unknown where more are allowed than there could be", () => {
		const most = (atMost: number) => judged("", conntrack({}, { atMost }));
		expect(most(3)?.outcome).toBe("holds");
		expect(most(5)?.outcome).toBe("holds");
		expect(most(6)).toMatchObject({
			outcome: "unknown",
			seen: expect.stringContaining(
				"3 connections and 0 other packets make no more entries than 6",
			),
		});
	});
});
