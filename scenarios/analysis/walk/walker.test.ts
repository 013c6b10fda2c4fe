import { expect, test } from "vitest";
import type { Decision } from "./decision.ts";
import { forksOf, SYN, testWalker, whereTo } from "./test-walk.ts";
import { TooManyWaysError } from "./walker.ts";

/** A decision as nested text: `nat:PREROUTING:rule:1 ? B : A`. */
function shown(decision: Decision): string {
	if (decision.kind === "leaf") return whereTo(decision.end);
	const [no, ...yes] = decision.ways.map(shown);
	return `${decision.asked.key}(${[...yes, no].join(", ")})`;
}

const nth = (every: number, packet: number) =>
	`-m statistic --mode nth --every ${every} --packet ${packet}`;
const to = (last: number) => `-j DNAT --to-destination 10.20.0.${last}`;
const cascade = (...everies: readonly number[]) =>
	everies.map((every, index) =>
		every === 1
			? `-A PREROUTING -p tcp --dport 80 ${to(11 + index)}`
			: `-A PREROUTING -p tcp --dport 80 ${nth(every, 0)} ${to(11 + index)}`,
	);

test("counters before DNAT: each rule sees what the rules before it left", () => {
	const decision = testWalker({ nat: cascade(3, 3, 3) }).walk(SYN);
	expect(shown(decision)).toBe(
		"nat:PREROUTING:rule:1 1(10.20.0.11:80, nat:PREROUTING:rule:2 1(10.20.0.12:80, nat:PREROUTING:rule:3 1(10.20.0.13:80, delivered)))",
	);
});

test("what is assumed of a set is one way, and of a match without a question both", () => {
	const tables = {
		nat: [
			`-A PREROUTING -p tcp --dport 80 -m set --match-set a src ${to(11)}`,
			`-A PREROUTING -p tcp --dport 80 -m osf --genre Linux ${to(12)}`,
			`-A PREROUTING -p tcp --dport 80 ${to(13)}`,
		],
	};
	const ways = (assume: Parameters<typeof testWalker>[1]) =>
		shown(testWalker(tables, assume).walk(SYN));
	expect(ways({ "set:a": "yes" })).toBe("10.20.0.11:80");
	expect(ways({ "set:a": "no", "match:osf": "no" })).toBe("10.20.0.13:80");
	expect(ways({ "set:a": "no", "match:osf": "either" })).toBe(
		"nat:PREROUTING:rule:2 1(10.20.0.12:80, 10.20.0.13:80)",
	);
	// Nothing assumed: the members of a set are a question, and the system behind a SYN is not known.
	expect(ways({})).toContain("nat:PREROUTING:rule:1 1(10.20.0.11:80, ");
});

test.each<[string, string, Parameters<typeof testWalker>[1]]>([
	["-m set --match-set a src", "-m set ! --match-set a src", {}],
	[
		"-m set --match-set a src",
		"-m set ! --match-set a src",
		{ "set:a": "either" },
	],
	["-m geoip --src-cc DE", "-m geoip ! --src-cc DE", {}],
	["-m string --algo bm --string x", "! -f", {}],
])(
	"a packet has one answer to %s, whichever rule asks",
	(one, other, assume) => {
		const rule = (matches: string, last: number) =>
			`-A PREROUTING -p tcp --dport 80 ${matches} ${to(last)}`;
		const walk = (...nat: readonly string[]) =>
			shown(testWalker({ nat }, assume).walk(SYN));
		const two = "nat:PREROUTING:rule:1 1(10.20.0.11:80, 10.20.0.12:80)";
		expect(walk(rule(one, 11), rule(other, 12))).toBe(two);
		expect(walk(rule(one, 11), rule(one, 13), rule(other, 12))).toBe(two);
	},
);

test("what a rule counts, or asks of another packet, has an answer of its own", () => {
	const limit = "-A PREROUTING -p tcp --dport 80 -m limit --limit 1/s";
	expect(
		shown(
			testWalker({ nat: [11, 12].map((last) => `${limit} ${to(last)}`) }).walk(
				SYN,
			),
		),
	).toBe(
		"nat:PREROUTING:rule:1 1(10.20.0.11:80, nat:PREROUTING:rule:2 1(10.20.0.12:80, delivered))",
	);
	const set = "-m set --match-set a dst";
	const translated = testWalker({
		nat: [`-A PREROUTING -p tcp --dport 80 ${set} ${to(11)}`],
		filter: [`-A FORWARD ${set} -j DROP`],
	}).walk(SYN);
	expect(shown(translated)).toBe(
		"nat:PREROUTING:rule:1 1(filter:FORWARD:rule:1 0(dropped, 10.20.0.11:80), delivered)",
	);
});

test("marks: ways that lead to the same mark share a node", () => {
	const marks = Array.from(
		{ length: 30 },
		(_, index) =>
			`-A PREROUTING -p tcp ${nth(30, index)} -j MARK --set-mark ${index + 1}`,
	);
	const decision = testWalker({ mangle: marks }).walk(SYN);
	// Rule n is met with each of the n marks that rules before it may have set.
	expect(forksOf(decision)).toHaveLength((30 * 31) / 2);
});

test("a condition is asked about once on each way, and both of its values are taken", () => {
	const walker = testWalker({
		nat: [
			`-A PREROUTING -m condition --condition dead1 ${to(12)}`,
			`-A PREROUTING -m condition ! --condition dead1 -m condition ! --condition dead2 ${to(11)}`,
		],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"condition dead1(10.20.0.12:80, condition dead2(delivered, 10.20.0.11:80))",
	);
});

test("a condition that a goto leads to is another question than that of the rule behind it", () => {
	const walker = testWalker({
		nat: [
			":OTHER - [0:0]",
			`-A PREROUTING ${nth(2, 0)} -g OTHER`,
			`-A PREROUTING -m condition --condition c ${to(11)}`,
			`-A OTHER -m condition --condition c ${to(12)}`,
		],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"nat:PREROUTING:rule:1 0(condition c(10.20.0.12:80, delivered), condition c(10.20.0.11:80, delivered))",
	);
});

test("a hundred backends with a condition each have two forks each", () => {
	const rules = Array.from({ length: 100 }, (_, index) =>
		[
			`-A PREROUTING -p tcp -m condition ! --condition dead${index}`,
			index < 99 ? nth(100 - index, 0) : "",
			to(11 + index),
		].join(" "),
	);
	const decision = testWalker({ nat: rules }).walk(SYN);
	expect(forksOf(decision)).toHaveLength(199);
});

test("what nothing bounds has both ways, and ranges have one for each address", () => {
	const walker = testWalker({
		nat: [
			`-A PREROUTING -m limit --limit 1/s ${to(11)}`,
			"-A PREROUTING -j DNAT --to-destination 10.20.0.21-10.20.0.23",
		],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"nat:PREROUTING:rule:1 0(10.20.0.11:80, nat:PREROUTING:rule:2 nat destination address(10.20.0.22:80, 10.20.0.23:80, 10.20.0.21:80))",
	);
});

test("marks at the end, the rules on the way, and what was sent back", () => {
	const walker = testWalker({
		mangle: [
			"-A PREROUTING -j MARK --set-mark 0x1",
			"-A PREROUTING -j CONNMARK --save-mark",
			"-A INPUT -j MARK --set-mark 0x2",
		],
		filter: ["-A INPUT -p tcp --dport 80 -j REJECT --reject-with tcp-reset"],
	});
	const decision = walker.walk(SYN);
	expect(decision).toMatchObject({
		kind: "leaf",
		end: {
			fate: { kind: "dropped", by: "filter:INPUT:rule:1" },
			routingMark: 1,
			mark: 2,
			connmark: 1,
			answered: expect.stringContaining(
				"203.0.113.1:80 > 198.51.100.7:40000 R",
			),
			rules: [
				{ rule: "mangle:PREROUTING:rule:1", line: 2 },
				{ rule: "mangle:PREROUTING:rule:2", line: 3 },
				{ rule: "mangle:INPUT:rule:1", line: 4 },
				{ rule: "filter:INPUT:rule:1", line: 7 },
			],
		},
	});
});

test("what a list of -m recent remembers makes another state", () => {
	const walker = testWalker({
		mangle: [
			`-A PREROUTING ${nth(2, 0)} -m recent --set --name a -j MARK --set-mark 0`,
			`-A PREROUTING ${nth(3, 0)} -j MARK --set-mark 0`,
			"-A PREROUTING -m recent --rcheck --name a -j DROP",
		],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"mangle:PREROUTING:rule:1 0(mangle:PREROUTING:rule:2 0(dropped, dropped), mangle:PREROUTING:rule:2 0(delivered, delivered))",
	);
});

test("a packet of a known connection is walked behind the packets before it", () => {
	const walker = testWalker({ nat: cascade(2, 1) });
	const first = walker.walk(SYN);
	if (first.kind !== "fork") throw new Error("no fork");
	for (const [way, where] of [
		[1, "10.20.0.11:80"],
		[0, "10.20.0.12:80"],
	] as const)
		expect(shown(walker.walk(SYN, { before: [{ ...SYN, ways: [way] }] }))).toBe(
			where,
		);
});

test("ways are bounded", () => {
	const walker = testWalker({ nat: cascade(3, 3, 3) });
	expect(() => walker.walk(SYN, { mostForks: 2 })).toThrow(TooManyWaysError);
});

test("what a ruleset does not tell is taken both ways, also where the model does not know the match", () => {
	const walker = testWalker({
		raw: [
			"-A PREROUTING -m rpfilter --invert -j DROP",
			"-A PREROUTING -m cpu --cpu 1 -j DROP",
		],
		nat: [`-A PREROUTING -p tcp --dport 80 ${to(11)}`],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"raw:PREROUTING:rule:1 0(dropped, raw:PREROUTING:rule:2 0(dropped, 10.20.0.11:80))",
	);
});

test("what follows from the packet stays unknown where the model does not know it", () => {
	const walker = testWalker({
		mangle: ["-A PREROUTING -p tcp -j PROTO --proto-set 17"],
	});
	expect(shown(walker.walk(SYN))).toBe("unknown");
});

test("an unconditional verdict is a rule, though the kernel calls it a policy", () => {
	const walker = testWalker({ filter: ["-A INPUT -j DROP"] });
	const decision = walker.walk(SYN);
	expect(decision.kind === "leaf" && decision.end.fate).toEqual({
		kind: "dropped",
		by: "filter:INPUT:rule:1",
	});
});

test("a rule that picks an address and a port has a way for each pair", () => {
	const walker = testWalker({
		nat: [
			"-A PREROUTING -p tcp -j DNAT --to-destination 10.20.0.11-10.20.0.12:8000-8001",
		],
	});
	expect(new Set(shown(walker.walk(SYN)).match(/10\.20\.0\.\d+:\d+/g))).toEqual(
		new Set(
			["11", "12"].flatMap((host) =>
				["8000", "8001"].map((port) => `10.20.0.${host}:${port}`),
			),
		),
	);
});

test("what a rule without a target remembers is walked both ways", () => {
	const walker = testWalker({
		mangle: [`-A PREROUTING -p tcp ${nth(2, 0)} -m recent --name a --set`],
		nat: [
			`-A PREROUTING -p tcp -m recent --name a --rcheck ${to(11)}`,
			`-A PREROUTING -p tcp ${to(12)}`,
		],
	});
	expect(shown(walker.walk(SYN))).toBe(
		"mangle:PREROUTING:rule:1 0(10.20.0.11:80, 10.20.0.12:80)",
	);
});

test.each([
	"-m iface --iface ppp0 --lower-up -j ACCEPT",
	'-j LOGMARK --log-prefix "a\\"b"',
	"-m ipv4options --flags 32 -j ACCEPT",
])(
	"walks rules that iptables-save prints as nobody can read them: %s",
	(rule) => {
		const walker = testWalker({ filter: [`-A FORWARD ${rule}`] });
		expect(walker.walk(SYN).kind).toBe("leaf");
	},
);
