import { describe, expect, test } from "vitest";
import { keyOfNeed } from "../../contract/need.ts";
import { checkRuleset } from "../parse.ts";
import { printRuleset } from "../print.ts";
import { openPoints } from "./open-points.ts";

/** Names of what stays open about some rules of a table. */
function openIn(table: string, rules: readonly string[], given: string[] = []) {
	const text = `*${table}\n${rules.join("\n")}\nCOMMIT\n`;
	const { tables, faults } = checkRuleset(text);
	const open = openPoints(tables, new Set(given));
	return {
		faults: faults.map(({ line, message }) => `${line}: ${message}`),
		notModelled: open.notModelled.map(
			({ kind, name, rules }) =>
				`${kind} ${name}: ${rules.map(({ line }) => line)}`,
		),
		needs: open.needs.map(
			({ kind, name, rules }) =>
				`${kind}:${name}: ${rules.map(({ line }) => line)}`,
		),
	};
}

const NOTHING = { faults: [], notModelled: [], needs: [] };

describe("what stays open about a ruleset", () => {
	test("is nothing where all is modelled", () => {
		expect(openIn("filter", ["-A INPUT -p tcp --dport 25 -j ACCEPT"])).toEqual(
			NOTHING,
		);
	});

	test("is each extension that is not modelled, once, with its rules", () => {
		expect(
			openIn("filter", [
				"-A INPUT -m psd -j CHAOS",
				"-A FORWARD -p tcp -m psd -m osf --genre Linux",
				"-A INPUT -p tcp -j QUEUE",
			]),
		).toEqual({
			...NOTHING,
			notModelled: [
				"match psd: 2,3",
				"target CHAOS: 2",
				"target QUEUE: 4",
				"match osf --genre: 3",
			],
		});
	});

	test("is told beside faults, also of a table that does not load", () => {
		expect(
			openIn("filter", [
				"-A INPUT -m psd",
				"-A INPUT -j DNAT --to-destination 10.0.0.1",
				"-A INPUT --nonsense",
			]),
		).toMatchObject({
			notModelled: ["match psd: 2"],
			faults: [
				expect.stringMatching(/^4: unknown option/),
				expect.stringMatching(/^3: line 5 failed/),
			],
		});
	});

	test("is whatever a rule needs besides the ruleset", () => {
		expect(
			openIn("raw", [
				"-A PREROUTING -p tcp -j CT --helper ftp",
				"-A PREROUTING -p udp -j CT --helper ftp",
				"-A PREROUTING -p tcp -j CT --helper ftp-0",
				"-A PREROUTING -p tcp -j CT --timeout patient",
				"-A PREROUTING -p tcp -m set --match-set a src -j SET --add-set b src --exist",
				"-A PREROUTING -m set ! --match-set a dst -j CT --notrack",
			]).needs,
		).toEqual([
			"helper:ftp: 2",
			"helper:ftp/udp: 3",
			"helper:ftp-0: 4",
			"timeout:patient: 5",
			"set:a: 6,7",
			"set:b: 6",
		]);
	});

	test("is an option that is not modelled of a target that is", () => {
		expect(
			openIn(
				"raw",
				["-A OUTPUT -p tcp -j CT --helper ftp", "-A OUTPUT -j CT --zone 1"],
				["helper:ftp"],
			),
		).toEqual({ ...NOTHING, notModelled: ["target CT --helper: 2"] });
	});

	test("is not what a rule before it makes", () => {
		const made =
			"-A INPUT -d 10.0.0.1 -j CLUSTERIP --new --hashmode sourceip --clustermac 01:00:5e:00:00:20 --total-nodes 2 --local-node 1";
		const joined = "-A INPUT -d 10.0.0.1 -j CLUSTERIP";
		expect(openIn("filter", [made, joined]).needs).toEqual([]);
		expect(
			openIn("filter", ["-A INPUT -d 10.0.0.1 -j CLUSTERIP"]).needs,
		).toEqual(["cluster:10.0.0.1: 2"]);
	});

	test("is not what is said to be there", () => {
		const rules = ["-A INPUT -m set --match-set a src,dst"];
		expect(openIn("filter", rules, ["set:b"]).needs).toEqual(["set:a: 2"]);
		expect(openIn("filter", rules, ["set:a"]).needs).toEqual([]);
	});
});

describe("names that only the machine knows", () => {
	test.each([
		[
			"-A INPUT -s mail.example.com,10.0.0.1 -j ACCEPT",
			["host:mail.example.com"],
		],
		["-A INPUT -p foo ! -d a.b/24 -g ONE", ["protocol:foo", "host:a.b"]],
		["-A INPUT -p tcp --dport 80:myservice", ["service:myservice"]],
		[
			'-A INPUT -p tcp -m tcp --dport mine:80 -j LOG --log-prefix "a b"',
			["service:mine"],
		],
		["-A INPUT -p udp --sport smtp:mine -j DROP", ["service:mine"]],
		[
			"-A INPUT -p foo -m multiport --dports 1,http:mine",
			["service:http", "service:mine"],
		],
		[
			"-A INPUT -p foo -m tcp --dport 1 -j REJECT --reject-with tcp-reset",
			["protocol:foo"],
		],
		[
			"-A OUTPUT -m owner --uid-owner postgres --gid-owner ssl-cert",
			["user:postgres", "group:ssl-cert"],
		],
	])("%s stands as it was written", (rule, needs) => {
		const text = `*filter\n:ONE - [0:0]\n${rule}\nCOMMIT\n`;
		const { ruleset, tables, faults } = checkRuleset(text);
		expect(faults).toEqual([]);
		const known = openPoints(tables).needs.map(keyOfNeed);
		expect(known).toEqual(expect.arrayContaining(needs));
		expect(openPoints(tables, new Set(known)).needs).toEqual([]);
		const printed = printRuleset(ruleset ?? { tables: [] });
		expect(printed.split("\n")).toContain(rule);
	});

	test.each([
		["-A INPUT -s 10.0.0.256", "host/network `10.0.0.256' not found"],
		["-A INPUT -s 10.0.0.1:25", "host/network `10.0.0.1:25' not found"],
		["-A INPUT -p tcp --dport 65536", "invalid port/service `65536' specified"],
		[
			"-A INPUT -p tcp --dport 80,443",
			"invalid port/service `80,443' specified",
		],
		[
			"-A OUTPUT -m owner --uid-owner 1-x",
			'owner: Bad value for "--uid-owner" option: "1-x"',
		],
	])("%s is refused on any machine", (rule, words) => {
		const { faults } = checkRuleset(`*filter\n${rule}\nCOMMIT\n`);
		expect(faults.map(({ message }) => message)).toContain(words);
	});

	test("an address that iptables does not look up is a fault", () => {
		const rule =
			"-A PREROUTING -p tcp -j DNAT --to-destination mail.example.com";
		const { faults } = checkRuleset(`*nat\n${rule}\nCOMMIT\n`);
		expect(faults[0]?.message).toBe('Bad IP address "mail.example.com"');
	});

	test("a rule without its command, its counters and the old name of its chain", () => {
		const text = `*filter
:ONE - [0:0]
[1:2] -I INPUT 1 -v -p tcp --dport mine -c 3 4 -j ONE
-E ONE TWO
-A INPUT -p tcp --dport other
-D INPUT -p tcp --dport mine2 -j TWO
COMMIT
`;
		const { tables } = checkRuleset(
			text.replace("-D INPUT -p tcp --dport mine2 -j TWO\n", ""),
		);
		expect(printRuleset({ tables })).toContain(
			"-A INPUT -p tcp --dport mine -j TWO\n-A INPUT -p tcp --dport other\n",
		);
		// Another name is another rule.
		expect(checkRuleset(text).faults[0]?.message).toContain(
			"No chain/target/match by that name",
		);
	});
});

describe("an extension of a package", () => {
	test.each([
		["-m asn --src-a 64496", "-m asn --src-asn 64496"],
		["-m asn --source-number=64496", "-m asn --src-asn 64496"],
	])("prints its options in full: %s", (written, printed) => {
		const { ruleset } = checkRuleset(`*filter\n-A INPUT ${written}\nCOMMIT\n`);
		expect(ruleset && printRuleset(ruleset)).toContain(`-A INPUT ${printed}\n`);
	});

	test("has the options that it has", () => {
		const { faults } = checkRuleset(
			"*filter\n-A INPUT -m asn --src-country DE\nCOMMIT\n",
		);
		expect(faults[0]?.message).toBe('unknown option "--src-country"');
	});

	test("leaves its name to a chain of the user's own", () => {
		const { ruleset, faults } = checkRuleset(
			"*filter\n-N ACCOUNT\n-A INPUT -j ACCOUNT\nCOMMIT\n",
		);
		expect(faults).toEqual([]);
		const chain = ruleset?.tables[0]?.chains[0];
		expect(chain?.rules[0]?.target).toEqual({ kind: "jump", chain: "ACCOUNT" });
	});
});
