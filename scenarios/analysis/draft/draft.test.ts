import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as library from "../../../index.ts";
import { checkRules } from "../../../sim/script/check-rules.ts";
import {
	TEST_RULESETS,
	testRuleset,
} from "../../../test/rulesets/test-rulesets.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { validateScenario } from "../../language/check/validate.ts";
import { loadScenarios } from "../../load/load-scenarios.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import { lintRuleset } from "../lint/run/lint-ruleset.ts";
import { analyse } from "../services/analysis.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { draft, scenariosOf, typescriptOf, withRemarks } from "./draft.ts";
import { draftPlayed } from "./draft-played.ts";

function analysed(text: string, file = "my.rules") {
	const { ruleset, faults } = checkRules(text, { file });
	if (ruleset === null) throw new Error(JSON.stringify(faults));
	return analyse(ruleset);
}

function drafted(text: string, file = "my.rules") {
	const analysis = analysed(text, file);
	const findings = lintRuleset({ file, ...analysis }, text);
	return draftPlayed(analysis, text, {
		ruleset: { file },
		origin: "Written by marktwin init my.rules.",
		findings,
	});
}

const NAT = (...rules: readonly string[]) =>
	`*nat\n${rules.map((rule) => `-A PREROUTING -d 203.0.113.10 -p tcp --dport 80 ${rule}\n`).join("")}COMMIT\n`;
const nth = (every: number, packet = 0) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;
const to = (last: number) => `-j DNAT --to-destination 10.20.0.${last}`;
const RIGHT = NAT(`${nth(3)} ${to(11)}`, `${nth(2)} ${to(12)}`, to(13));
const WRONG = NAT(
	`${nth(3)} ${to(11)}`,
	`${nth(3, 1)} ${to(12)}`,
	`${nth(3, 2)} ${to(13)}`,
);

/** What no scenario of today shows, and who does. */
const NOT_SHOWN: Readonly<Record<string, string>> = {
	hairpin: "clients that stand beside a backend are not drafted",
	"mark-clobbered": "the bit that is lost does nothing to the balance",
	"marks-first-match-assumed": "no packet reaches the other backends",
	"marks-last-writer": "shares that are not equal may be meant",
	"shared-counter": "a scenario has one service",
};

describe("a draft", () => {
	const right = TEST_RULESETS.filter(({ faults }) => faults.length === 0);
	const faulty = TEST_RULESETS.filter(({ faults }) => faults.length > 0);

	it.each(right)("of $name, which is right, holds", ({ text }) => {
		const { results } = drafted(text);
		expect(
			results
				.filter(({ outcome }) => outcome !== "holds")
				.map(({ scenario, judgements }) => [scenario.name, judgements]),
		).toEqual([]);
	});

	it.each(faulty)("of $name, which is faulty, shows it", ({ name, text }) => {
		const { draft: made, results } = drafted(text);
		const isViolated = results.some(({ outcome }) => outcome === "violated");
		const reason = NOT_SHOWN[name];
		const isPlayed = made.scenarios.length > 0;
		if (isPlayed && reason === undefined) expect(isViolated).toBe(true);
	});

	it("covers each service, or says why not", () => {
		for (const { name, text } of TEST_RULESETS) {
			const analysis = analysed(text);
			const made = draft(analysis, {
				ruleset: { file: "my.rules" },
				origin: "",
			});
			for (const { key } of analysis.services)
				expect(
					made.services.includes(key) ||
						made.leftOut.some((one) => one.startsWith(`${key}: `)),
					`${name}: ${key}`,
				).toBe(true);
		}
	});

	it("of the repaired cascade is violated by the faulty one", () => {
		const { draft: made, results } = drafted(RIGHT);
		expect(results.map(({ outcome }) => outcome)).toEqual(["holds", "holds"]);
		const [split] = scenariosOf(made);
		const played = checkScenario({
			...(split as library.PlayableScenario),
			setup: {
				...(split as library.PlayableScenario).setup,
				ruleset: { name: "wrong.rules", text: WRONG },
			},
		});
		expect(played.outcome).toBe("violated");
	});

	it("of a faulty cascade expects equal shares, and says so", () => {
		const { draft: made, results } = drafted(WRONG);
		expect(results[0]?.outcome).toBe("violated");
		const text = typescriptOf(made);
		expect(text).toContain("split({ b1: 1, b2: 1, b3: 1 })");
		expect(text.replaceAll(/\n\/\/ +/g, " ")).toContain(
			"the rules give b1 1/3, b2 2/9, b3 4/27, no backend: delivered to the gateway itself 8/27. The scenarios expect equal shares, and are violated until the rules are repaired.",
		);
	});

	it("keeps weights, and the proportions of those that are left", () => {
		const name = "weights";
		const { draft: made } = drafted(testRuleset(name).text);
		expect(typescriptOf(made)).toContain("split({ b1: 2, b2: 1, b3: 1 })");
	});

	it("is the same text each time, and the same scenarios as data", async () => {
		const folder = temporaryFolder();
		for (const name of ["conditions-up", "recent-affinity", "weights"]) {
			const { text } = testRuleset(name);
			const { draft: made } = drafted(text, `${name}.rules`);
			const written = typescriptOf(made);
			expect(typescriptOf(drafted(text, `${name}.rules`).draft)).toBe(written);
			const file = join(folder, `${name}.scenario.ts`);
			writeFileSync(file, written);
			writeFileSync(join(folder, `${name}.rules`), text);
			const loaded = await loadScenarios([file], { library });
			expect(
				loaded.map(({ scenario }) => ({
					...scenario,
					setup: { ...scenario.setup, ruleset: null },
				})),
			).toEqual(
				scenariosOf(made).map((scenario) => ({
					...scenario,
					setup: { ...scenario.setup, ruleset: null },
				})),
			);
		}
	});

	it("sends datagrams to services of UDP, each from a new socket, and some from one", () => {
		const { draft: made, results } = drafted(
			NAT(`${nth(2)} ${to(11)}`, to(12)).replaceAll(
				"-p tcp --dport 80",
				"-p udp --dport 53",
			),
		);
		expect(results.map(({ outcome }) => outcome)).toEqual(["holds", "holds"]);
		const text = typescriptOf(made);
		expect(text).toContain('sockets: "each"');
		expect(text).toContain('outcomes("answered", 12)');
		expect(text).not.toContain("smtp");
	});

	it("has the services alone that are asked for", () => {
		const { text } = testRuleset("kube-proxy");
		const { services } = draft(analysed(text), {
			ruleset: { file: "my.rules" },
			origin: "",
			service: "10.96.10.1:80",
		});
		expect([...new Set(services)]).toEqual(["tcp 10.96.10.1:80"]);
	});

	it("has the routing rules and the sets that the machine told", () => {
		const { ruleset } = checkRules(RIGHT, { file: "my.rules" });
		if (ruleset === null) throw new Error("it does not load");
		const ip = [
			"ip route append default dev wan0 table 122",
			"ip rule add pref 1001 fwmark 0x16 lookup 122",
		];
		const sets = "create vips hash:ip\nadd vips 203.0.113.10\n";
		const analysis = analyse(ruleset, { ...NOTHING_GIVEN, ip, sets });
		const made = draft(analysis, {
			ruleset: { file: "my.rules" },
			origin: "",
		});
		const [scenario] = scenariosOf(made);
		expect(scenario?.setup.gateway).toMatchObject({ ip, sets });
	});

	it("has its remarks as stories where JSON has no comments", () => {
		const { draft: made } = drafted(RIGHT);
		const [split] = withRemarks(made);
		expect(split?.story).toMatch(
			/^tcp 203\.0\.113\.10:80: the rules give b1 1\/3, b2 1\/3, b3 1\/3\. Not tested here: no rule asks .*, so none of them dies in a scenario\. Rules do not tell this; it is assumed/,
		);
		expect(validateScenario(split).name).toBe("split");
	});

	it("names what it leaves out, in stories where JSON has no comments", () => {
		const limit = "*filter\n-A FORWARD -m limit --limit 1/s -j DROP\nCOMMIT\n";
		const { draft: made } = drafted(`${limit}${RIGHT}`);
		const [held] = withRemarks(made);
		expect(held?.name).toBe("held");
		const [share, death] = made.leftOut;
		expect(share).toContain(
			"tcp 203.0.113.10:80: what a backend gets depends on the rate of packets, which nothing bounds, and so does whether it is served",
		);
		expect(death).toContain("none of them dies in a scenario");
		const text = typescriptOf(made).replaceAll(/\n\/\/ +/g, " ");
		for (const one of made.leftOut) {
			expect(held?.story).toContain(one.replace(/^tcp \S+: /, ""));
			expect(text).toContain(one);
		}
	});

	it("names rules that no packet met, and has the countries that rules name", () => {
		const rules = RIGHT.replace(
			"COMMIT",
			"-A PREROUTING -m geoip --src-cc DE -d 198.18.0.9 -p tcp --dport 80 -j DNAT --to-destination 10.9.9.9\nCOMMIT",
		);
		const { ruleset } = checkRules(rules, { file: "my.rules" });
		if (ruleset === null) throw new Error("it does not load");
		const geoip = { DE: ["192.0.2.0/24"], FR: ["198.51.100.0/24"] };
		const analysis = analyse(ruleset, { ...NOTHING_GIVEN, geoip });
		const at = {
			rule: "nat:PREROUTING:rule:9",
			line: 9,
			text: "-A X",
			isTold: false,
		};
		const made = draft(
			{ ...analysis, unmet: [at] },
			{ ruleset: { file: "my.rules" }, origin: "" },
		);
		expect(made.leftOut).toContain(
			"line 9: no packet that was walked matches it (-A X)",
		);
		const [scenario] = scenariosOf(made);
		expect(scenario?.setup.gateway).toMatchObject({
			geoip: { DE: ["192.0.2.0/24"] },
		});
	});

	it("gives each connection a client of its own where rules remember clients", () => {
		const { draft: made } = drafted(testRuleset("recent-affinity").text);
		expect(typescriptOf(made)).toContain('client: "c6"');
		expect(typescriptOf(made)).not.toContain("one draw");
	});

	it("lets clients come again where rules remember them", () => {
		const web = "-A PREROUTING -d 203.0.113.5 -p tcp --dport 80";
		const remember = (chain: string, last: number) =>
			`-A ${chain} -p tcp -m recent --set --name ${chain} ${to(last)}\n`;
		const rules = (first: string, second: string) =>
			`*nat\n:B1 - [0:0]\n:B2 - [0:0]\n${[
				`-m recent --rcheck --name B1 -j ${first}`,
				`-m recent --rcheck --name B2 -j ${second}`,
				`${nth(2)} -j B1`,
				"-j B2",
			]
				.map((words) => `${web} ${words}\n`)
				.join("")}${remember("B1", 21)}${remember("B2", 22)}COMMIT\n`;
		const returning = (text: string) => {
			const { results } = drafted(text);
			const found = results.find(({ scenario }) =>
				scenario.name.endsWith("returning"),
			);
			return found?.judgements.map(({ expectation, outcome }) => [
				expectation.kind,
				outcome,
			]);
		};
		expect(returning(rules("B1", "B2"))).toEqual([
			["sticky", "holds"],
			["outcomes", "holds"],
		]);
		expect(returning(rules("B2", "B1"))).toContainEqual(["sticky", "violated"]);
		const none = rules("RETURN", "RETURN");
		expect(returning(none)?.some(([, outcome]) => outcome !== "holds")).toBe(
			true,
		);
	});

	it("names clients on the router for rules about what it sends itself", () => {
		const rules = (words: string) =>
			NAT(`${nth(2)} ${to(11)}`, to(12)).replaceAll("-A PREROUTING", words);
		for (const words of ["-A OUTPUT -s 192.168.77.1", "-A PREROUTING -i lo"]) {
			const { leftOut } = drafted(rules(words)).draft;
			expect(leftOut).toHaveLength(2);
			for (const one of leftOut)
				expect(one).toContain(
					'a program on the gateway is clientAt(NAME, ADDRESS, { interface: "lo" })',
				);
		}
	});

	it("says that few clients show little where each of them is one draw", () => {
		const web = "-A PREROUTING -i up0 -d 192.0.2.1 -p tcp --dport 80";
		const recall = (n: number) =>
			`${web} -m recent --name w${n} --rcheck --seconds 60 -j W${n}\n`;
		const to = (n: number) =>
			`-A W${n} -m recent --name w${n} --set\n-A W${n} -p tcp -j DNAT --to-destination 10.50.0.${n}\n`;
		const { draft: made } = drafted(
			`*nat\n:W1 - [0:0]\n:W2 - [0:0]\n${recall(1)}${recall(2)}${web} -m statistic --mode random --probability 0.5 -j W1\n${web} -j W2\n${to(1)}${to(2)}COMMIT\n`,
		);
		expect(typescriptOf(made)).toContain("Each client is one draw: 16");
	});
});

it("lets no backend die that rules keep all connections from, and says so", () => {
	const text = `${NAT(
		`-m condition --condition up1 ${nth(2)} ${to(11)}`,
		`-m condition --condition up2 ${to(12)}`,
		to(11),
	)}*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.20.0.11/32 -j ACCEPT
COMMIT
`;
	const { draft: written } = drafted(text);
	expect(written.leftOut).toContain(
		"tcp 203.0.113.10:80: no connection reaches 10.20.0.12:80, so it does not die in a scenario",
	);
});

describe("a draft of what the gateway's own programs open", () => {
	const own = (words: string) =>
		NAT(`${nth(2)} ${to(11)}`, to(12)).replaceAll(
			"-A PREROUTING",
			`-A OUTPUT ${words}`,
		);
	const clientsOf = (text: string) =>
		scenariosOf(drafted(text).draft).flatMap(({ setup }) => setup.clients);

	it("has a client on the gateway, and holds", () => {
		const { results } = drafted(own(""));
		expect(results.map(({ outcome }) => outcome)).toEqual(["holds", "holds"]);
		for (const client of clientsOf(own("")))
			expect(client).toMatchObject({ interface: "lo" });
	});

	it("is a program of the user and the group that rules ask for", () => {
		const text = own("-m owner --uid-owner 1000 --gid-owner 100");
		expect(clientsOf(text)[0]).toMatchObject({
			interface: "lo",
			user: 1000,
			group: 100,
		});
		expect(drafted(text).results.map(({ outcome }) => outcome)).toEqual([
			"holds",
		]);
		const others = own("-m owner ! --uid-owner 13");
		expect(clientsOf(others)[0]).not.toHaveProperty("user");
	});

	it("may be at 127.0.0.1, which the rules ask for", () => {
		const text = own("-s 127.0.0.1").replaceAll("203.0.113.10", "127.0.0.1");
		expect(clientsOf(text)[0]).toMatchObject({
			interface: "lo",
			address: "127.0.0.1",
		});
	});
});
