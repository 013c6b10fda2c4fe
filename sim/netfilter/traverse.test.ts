import { describe, expect, it, test } from "vitest";
import { createTestGateway, OUT } from "../gateway/test-gateway.ts";

const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S";

/** Rules that a SYN to the gateway matches, in order. */
function matchedBy(...lines: string[]): string[] {
	const gateway = createTestGateway(
		["*filter", ...lines, "COMMIT", ""].join("\n"),
	);
	gateway.fate(OUT, SYN);
	return gateway.matched.filter((rule) => !rule.includes("OUTPUT"));
}

describe("a match that is not modelled", () => {
	const fate = (...lines: string[]) =>
		createTestGateway(["*filter", ...lines, "COMMIT", ""].join("\n")).fate(
			OUT,
			SYN,
		);

	it("makes a packet's outcome unknown that reaches it, with the rule", () => {
		expect(fate("-A INPUT -m asn --src-asn 64496 -j DROP")).toMatchObject({
			kind: "unknown",
			unknown: {
				rule: "filter:INPUT:rule:1",
				reason: 'match "asn" is not modelled',
			},
		});
	});

	it("is not reached where another match of the rule says no, wherever it stands", () => {
		const last = "-A INPUT -m asn --src-asn 64496 -m tcp --dport 26";
		const known = fate();
		expect(fate("-A INPUT -p udp -m asn --src-asn 64496 -j DROP")).toEqual(
			known,
		);
		expect(fate(`${last} -p tcp -j DROP`)).toEqual(known);
		expect(
			fate(`${last} -p tcp -m statistic --mode nth --every 2 --packet 0`),
		).toEqual(known);
	});

	it("is reached before a match that counts, since the kernel might count there", () => {
		expect(
			fate(
				"-A INPUT -p tcp -m asn --src-asn 64496 -m statistic --mode nth --every 2 --packet 1 -m tcp --dport 26",
			),
		).toMatchObject({ kind: "unknown" });
	});
});

test("a packet that a rule hands to a program has an unknown outcome, with the rule", () => {
	const gateway = createTestGateway(
		"*filter\n-A INPUT -p tcp -j QUEUE\nCOMMIT\n",
	);
	expect(gateway.fate(OUT, SYN)).toMatchObject({
		kind: "unknown",
		unknown: { rule: "filter:INPUT:rule:1", text: "-A INPUT -p tcp -j QUEUE" },
	});
});

describe("a rule with a name that only the machine knows", () => {
	const fate = (line: string) =>
		createTestGateway(`*filter\n${line}\nCOMMIT\n`).fate(OUT, SYN);

	it.each([
		"-A INPUT -p tcp --dport myservice -j DROP",
		"-A INPUT -s mail.example.com -j DROP",
		"-A INPUT ! -p foo -j DROP",
	])("makes a packet's outcome unknown that reaches it: %s", (line) => {
		expect(fate(line)).toMatchObject({
			kind: "unknown",
			unknown: { rule: "filter:INPUT:rule:1" },
		});
	});

	it("is not reached where the rest of the header says no", () => {
		expect(fate("-A INPUT -p udp -s mail.example.com -j DROP")).toEqual(
			fate("-A INPUT -p udp -j DROP"),
		);
	});
});

describe("a walk through a table", () => {
	it("goes on behind a jump when the chain returns", () => {
		expect(
			matchedBy(
				":A - [0:0]",
				"-A INPUT -p tcp -j A",
				"-A INPUT -p tcp -m tcp --dport 25",
				"-A A -p tcp -m tcp --dport 26",
				"-A A -p tcp -m tcp --dport 25 -j RETURN",
				"-A A -p tcp -j DROP",
			),
		).toEqual([
			"filter:INPUT:rule:1",
			"filter:A:rule:2",
			"filter:INPUT:rule:2",
			"filter:INPUT:policy:3",
		]);
	});

	it("returns from a chain that was gone to as the chain in front of it would have", () => {
		expect(
			matchedBy(
				":A - [0:0]",
				":B - [0:0]",
				"-A INPUT -p tcp -j A",
				"-A INPUT -p tcp -m tcp --sport 40000",
				"-A A -p tcp -g B",
				"-A A -p tcp -j DROP",
				"-A B -p tcp -m tcp --dport 25",
			),
		).toEqual([
			"filter:INPUT:rule:1",
			"filter:A:rule:1",
			"filter:B:rule:1",
			"filter:B:return:2",
			"filter:INPUT:rule:2",
			"filter:INPUT:policy:3",
		]);
	});

	it("takes RETURN in a built-in chain for its policy", () => {
		expect(
			matchedBy(
				":INPUT DROP [0:0]",
				"-A INPUT -p tcp -j RETURN",
				"-A INPUT -j ACCEPT",
			),
		).toEqual(["filter:INPUT:rule:1", "filter:INPUT:policy:3"]);
	});

	it("traces an unconditional verdict as the kernel does: as the end of its chain", () => {
		expect(matchedBy("-A INPUT -j ACCEPT", "-A INPUT -j DROP")).toEqual([
			"filter:INPUT:policy:1",
		]);
		expect(matchedBy(":A - [0:0]", "-A INPUT -j A", "-A A -j RETURN")).toEqual([
			"filter:INPUT:rule:1",
			"filter:A:return:1",
			"filter:INPUT:policy:2",
		]);
	});

	it("does not mistake a rule with nothing but a comment for the end of its chain", () => {
		expect(
			matchedBy('-A INPUT -m comment --comment "let in" -j ACCEPT'),
		).toEqual(["filter:INPUT:rule:1"]);
	});

	it("compares addresses by mask, interfaces by prefix, each also inverted", () => {
		expect(
			matchedBy(
				"-A INPUT -s 10.0.0.0/24",
				"-A INPUT ! -s 10.0.0.0/24",
				"-A INPUT -d 10.0.0.1/255.0.255.255",
				"-A INPUT -i bond+",
				"-A INPUT ! -i bond0.204",
				"-A INPUT ! -i eth+",
				"-A INPUT ! -p udp",
				"-A INPUT -f",
				"-A INPUT ! -f",
			),
		).toEqual(
			[1, 3, 4, 6, 7, 9]
				.map((rule) => `filter:INPUT:rule:${rule}`)
				.concat("filter:INPUT:policy:10"),
		);
	});

	it("counts what matched, in packets and octets", () => {
		const gateway = createTestGateway(
			"*filter\n:INPUT DROP [5:500]\n[7:700] -A INPUT -p tcp\n-A INPUT -p udp\nCOMMIT\n",
		);
		gateway.fate(OUT, SYN);
		gateway.fate(OUT, 'tcp 10.0.0.10:40001 > 10.0.0.1:25 S data "0123456789"');
		const { ruleset } = gateway.model.observe();
		expect(ruleset).toContain("[2:90] -A INPUT -p tcp");
		expect(ruleset).toContain("[0:0] -A INPUT -p udp");
		expect(ruleset).toContain(":INPUT DROP [2:90]");
	});

	it("names the rule, its text and its line when it meets what is not modelled", () => {
		const gateway = createTestGateway(
			"*filter\n-A INPUT -s 10.9.9.9 -p tcp -m asn --src-asn 64496 -j DROP\n\n-A INPUT -p tcp -m asn --src-asn 64496 -j DROP\nCOMMIT\n",
		);
		expect(gateway.fate(OUT, SYN)).toEqual({
			kind: "unknown",
			unknown: {
				rule: "filter:INPUT:rule:2",
				text: "-A INPUT -p tcp -m asn --src-asn 64496 -j DROP",
				line: 4,
				reason: 'match "asn" is not modelled',
			},
		});
	});

	it("does not ask for what a rule's header rules out", () => {
		const gateway = createTestGateway(
			"*filter\n-A INPUT -s 10.9.9.9 -p tcp -m asn --src-asn 64496 -j DROP\nCOMMIT\n",
		);
		expect(gateway.fate(OUT, SYN)).toEqual({ kind: "delivered" });
	});

	it("ends as unknown after a million rules for one packet, and names the rule", () => {
		// Each of 41 chains jumps twice to the next one: 2⁴¹ steps.
		const chains = Array.from({ length: 41 }, (_, index) => `C${index}`);
		const gateway = createTestGateway(
			[
				"*filter",
				...chains.map((name) => `:${name} - [0:0]`),
				"-A INPUT -j C0",
				...chains.slice(1).flatMap((next, index) => {
					const rule = `-A C${index} -j ${next}`;
					return [rule, rule];
				}),
				"COMMIT",
				"",
			].join("\n"),
		);
		gateway.model.isTraced = false;
		expect(gateway.fate(OUT, SYN)).toMatchObject({
			kind: "unknown",
			unknown: {
				rule: expect.stringMatching(/^filter:C\d+:/),
				reason: "more than 1,000,000 rules for one packet",
			},
		});
	});

	it("walks a chain of a thousand rules a hundred times", () => {
		const gateway = createTestGateway(
			[
				"*filter\n:LONG - [0:0]",
				...Array.from({ length: 100 }, () => "-A INPUT -j LONG"),
				...Array.from({ length: 1_000 }, () => "-A LONG -p udp"),
				"COMMIT",
				"",
			].join("\n"),
		);
		gateway.model.isTraced = false;
		expect(gateway.fate(OUT, SYN)).toEqual({ kind: "delivered" });
	});
});
