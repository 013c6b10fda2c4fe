import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RECIPE } from "../../../test/recipe.ts";
import { TEST_RULESETS } from "../../../test/rulesets/test-rulesets.ts";
import type { ShareDocument } from "../document/split-document.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import type { ClassDiff, DiffDocument } from "./diff-document.ts";
import { compared } from "./test-diff.ts";

const recipe = readFileSync(RECIPE, "utf8");
const WEB = "-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80";

function nat(...rules: readonly string[]): string {
	return ["*nat", ...rules, "COMMIT", ""].join("\n");
}

function filter(...rules: readonly string[]): string {
	return ["*filter", ...rules, "COMMIT", ""].join("\n");
}

function textOf(share: ShareDocument | undefined): string {
	return share?.kind === "exact" ? share.share.fraction : `${share?.kind}`;
}

function partsOf(one: ClassDiff | undefined, vector = 0) {
	return Object.fromEntries(
		(one?.vectors[vector]?.parts ?? []).map(({ key, before, after }) => [
			key,
			`${textOf(before)} → ${textOf(after)}`,
		]),
	);
}

function firstClass({ services }: DiffDocument): ClassDiff | undefined {
	return services[0]?.classes.find(({ verdict }) => verdict === "changed");
}

const turns = (...of: readonly (readonly [every: number, to: number])[]) =>
	nat(
		...of.map(([every, to]) => {
			const turn =
				every > 1 ? ` -m statistic --mode nth --every ${every} --packet 0` : "";
			return `${WEB}${turn} -j DNAT --to-destination 10.20.0.${to}`;
		}),
	);

describe("a ruleset and itself", () => {
	it.each(TEST_RULESETS.map(({ name, text }) => [name, text] as const))(
		"%s is the same",
		(_, text) => {
			const { document } = compared(text, text);
			expect(document).toMatchObject({
				verdict: "same",
				changes: [],
				unknown: [],
			});
		},
	);
});

describe("shares", () => {
	it("of the recipe change from 1:1 to 3:1, and a quarter moves", () => {
		const weighted = recipe.replace("--every 2", "--every 4");
		expect(weighted).not.toBe(recipe);
		const { document } = compared(recipe, weighted);
		expect(document.verdict).toBe("different");
		const one = firstClass(document);
		expect(partsOf(one)).toEqual({
			"192.168.0.1:25": "1/2 → 1/4",
			"192.168.0.2:25": "1/2 → 3/4",
		});
		expect(textOf(one?.vectors[0]?.moved)).toBe("1/4");
		expect(one?.vectors[0]?.isAtLeast).toBe(false);
	});

	it("may be the same while each connection goes elsewhere", () => {
		const { document } = compared(
			turns([2, 11], [1, 12]),
			turns([2, 12], [1, 11]),
		);
		const one = firstClass(document);
		expect(partsOf(one)).toEqual({
			"10.20.0.11:80": "1/2 → 1/2",
			"10.20.0.12:80": "1/2 → 1/2",
		});
		expect(textOf(one?.vectors[0]?.moved)).toBe("1");
	});

	it("of turns with a third backend move as the joint orbit says", () => {
		// Six connections: a b a b a b, and a b c a b c.
		const { document } = compared(
			turns([2, 11], [1, 12]),
			turns([3, 11], [2, 12], [1, 13]),
		);
		expect(textOf(firstClass(document)?.vectors[0]?.moved)).toBe("2/3");
	});

	it("of draws move at least by what they differ", () => {
		const draw = (probability: string) =>
			nat(
				`${WEB} -m statistic --mode random --probability ${probability} -j DNAT --to-destination 10.20.0.11`,
				`${WEB} -j DNAT --to-destination 10.20.0.12`,
			);
		const { document } = compared(draw("0.5"), draw("0.75"));
		const vector = firstClass(document)?.vectors[0];
		expect(textOf(vector?.moved)).toBe("1/4");
		expect(vector?.isAtLeast).toBe(true);
		const rewritten = compared(draw("0.5"), draw("0.50"));
		expect(rewritten.document.verdict).toBe("same");
	});

	it("are the same where rules are written otherwise", () => {
		const { document } = compared(
			turns([2, 11], [1, 12]),
			turns([2, 11], [1, 12]).replace(
				"-A PREROUTING",
				"-A PREROUTING -m comment --comment web",
			),
		);
		expect(document.before.rules).toHaveLength(1);
		expect(document.verdict).toBe("same");
	});
});

describe("packets", () => {
	it("of the gateway's own are the same where no rule of either side does anything with them", () => {
		const port = "-A INPUT -p udp -m udp --dport 5353 -j ACCEPT";
		const { document } = compared(filter(port), nat());
		expect(document.verdict).toBe("same");
	});

	it("that are dropped now are told with the rule and an example", () => {
		const { document } = compared(
			filter("-A FORWARD -s 10.66.0.0/16 -p tcp --dport 22 -j ACCEPT"),
			filter("-A FORWARD -s 10.66.0.0/16 -p tcp --dport 22 -j DROP"),
		);
		const [one] = document.packets.filter(({ which }) => which === "first");
		expect(one?.packets).toMatch(/^tcp from 10\.66\.0\.0\/16 .*port 22/);
		expect(one?.before[0]).toMatch(/^forwarded by /);
		expect(one?.after).toEqual([
			"dropped (line 2: -A FORWARD -s 10.66.0.0/16 -p tcp -m tcp --dport 22 -j DROP)",
		]);
		expect(one?.example).toMatch(/^tcp 10\.66\..*:22 S/);
		expect(one?.measure?.fraction).toMatch(/^\d+\/\d+$/);
	});

	it("are the same where a rule stands behind one that takes its packets", () => {
		const drops = "-A FORWARD -s 10.66.0.0/16 -j DROP";
		const { document } = compared(
			filter(drops),
			filter(drops, "-A FORWARD -s 10.66.1.0/24 -j ACCEPT"),
		);
		expect(document.packets).toEqual([]);
		// What the linter says of such a rule.
		expect(document.changes.map(({ kind }) => kind)).toEqual(["finding"]);
	});

	it("of connections that stand are told where first ones are the same", () => {
		const rules = [
			"-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT",
			"-A FORWARD -d 10.20.0.5/32 -p tcp --dport 80 -j ACCEPT",
		];
		const ends = ":FORWARD DROP [0:0]";
		const { document } = compared(
			filter(ends, ...rules),
			filter(ends, ...rules.slice(1)),
		);
		const later = document.packets.find(({ which }) => which === "answer");
		expect(later?.after[0]).toMatch(/^dropped/);
		const [load] = document.loads;
		expect(load?.connections.map(({ outcomes }) => outcomes)).toContainEqual([
			"broken",
		]);
	});

	it("with another source are told", () => {
		const snat = (to: string) =>
			nat(`-A POSTROUTING -s 10.20.0.0/24 -j SNAT --to-source ${to}`);
		const { document } = compared(snat("198.51.100.1"), snat("198.51.100.2"));
		expect(
			document.packets.some(
				({ before, after }) =>
					`${before}`.includes("from 198.51.100.1") &&
					`${after}`.includes("from 198.51.100.2"),
			),
		).toBe(true);
	});

	it("change with a policy", () => {
		const { document } = compared(
			filter(":FORWARD ACCEPT [0:0]"),
			filter(":FORWARD DROP [0:0]"),
		);
		expect(document.packets[0]?.after[0]).toMatch(/^dropped/);
	});
});

describe("what is not known", () => {
	it("is unknown, with the rule", () => {
		const { document } = compared(
			filter("-A FORWARD -p tcp --dport 22 -j DROP"),
			filter("-A FORWARD -p tcp --dport 22 -m ipp2p --edk -j DROP"),
		);
		expect(document.verdict).not.toBe("same");
		expect(document.unknown.join("\n")).toContain("ipp2p");
	});

	it("is a rate, and a list that another rule writes", () => {
		const rate = (of: string) =>
			filter(`-A FORWARD -p udp --dport 53 -m limit --limit ${of} -j DROP`);
		expect(compared(rate("1/s"), rate("9/s")).document.verdict).toBe("unknown");
		const reads =
			"-A FORWARD -p tcp --dport 22 -m recent --rcheck --name seen -j DROP";
		const writes = "-A FORWARD -p udp -m recent --set --name seen";
		const { document } = compared(filter(reads), filter(reads, writes));
		expect(document.verdict).toBe("unknown");
		const younger = reads.replace("--rcheck", "--rcheck --seconds 60");
		const other = compared(filter(reads), filter(younger));
		expect(other.document.verdict).toBe("unknown");
	});

	it("is a set that another rule fills, by its name or that of a list", () => {
		const given = {
			...NOTHING_GIVEN,
			sets: "create seen hash:ip\ncreate all list:set\nadd all seen\n",
		};
		const reads = (to: number, name = "seen") =>
			`-A PREROUTING -d 203.0.113.1 -p tcp --dport 22 -m set --match-set ${name} src -j DNAT --to-destination 10.20.0.1${to}`;
		const writes = "-A PREROUTING -p udp -j SET --add-set seen src";
		const verdictOf = (one: string, other: string) =>
			compared(one, other, given).document.verdict;
		for (const name of ["seen", "all"]) {
			const read = reads(1, name);
			expect(verdictOf(nat(read), nat(read, writes))).toBe("unknown");
			expect(verdictOf(nat(read, writes), nat(reads(2, name), writes))).toBe(
				"unknown",
			);
		}
	});

	it("is a rule that no packet fits which is compared", () => {
		const { document } = compared(
			filter(),
			filter("-A INPUT -d 224.0.0.251/32 -j DROP"),
		);
		expect(document.verdict).toBe("unknown");
		expect(document.unknown[0]).toContain("224.0.0.251");
	});

	it("is another range of ports of a source", () => {
		const ports = (range: string) =>
			nat(`-A POSTROUTING -p tcp -j MASQUERADE --to-ports ${range}`);
		const { document } = compared(ports("1024-2047"), ports("1024-4095"));
		expect(document.verdict).toBe("unknown");
	});
});

describe("loading an edit", () => {
	it("leaves rules of the old file with --noflush", () => {
		const { document } = compared(
			turns([2, 11], [1, 12]),
			turns([3, 11], [1, 12]),
		);
		const load = document.loads.find((one) => one.load === "noflush");
		expect(load?.leftOver).toBeGreaterThan(0);
		const commands = document.loads.filter((one) => one.load !== "noflush");
		expect(
			commands.map((one) => [one.refused, one.leftOver, one.missing]),
		).toEqual(commands.map(() => [null, 0, 0]));
	});

	it("breaks no connection of TCP whose answers the old rules drop, and of UDP what passed", () => {
		const rules = (port: number, protocol: string) =>
			`*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p ${protocol} --dport ${port} -j ACCEPT\nCOMMIT\n`;
		const outcomes = (protocol: string) =>
			compared(rules(25, protocol), rules(26, protocol)).diff.loaded.map(
				({ load, standing }) => [load, standing.map((one) => one.outcomes)],
			);
		for (const [, standing] of outcomes("tcp")) expect(standing).toEqual([]);
		for (const [load, standing] of outcomes("udp"))
			expect(standing).toEqual([[load === "noflush" ? "kept" : "broken"]]);
	});

	it.each([
		["INPUT", "-p tcp --dport 22", "delivered to the gateway itself"],
		["PREROUTING", "-p tcp --dport 80", "the gateway's own 100.64.0.1:8080"],
	])(
		"keeps connections that end at the gateway itself: %s",
		(chain, fit, to) => {
			const rules = (from: string) =>
				chain === "INPUT"
					? `*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT ${from}${fit} -j ACCEPT\nCOMMIT\n`
					: `*nat\n-A PREROUTING ${from}${fit} -j REDIRECT --to-ports 8080\nCOMMIT\n`;
			const { document } = compared(rules(""), rules("-s 10.0.0.0/8 "));
			for (const { connections } of document.loads) {
				const own = connections.filter((one) => one.to === to);
				expect(own.length).toBeGreaterThan(0);
				for (const { outcomes } of own) expect(outcomes).toEqual(["kept"]);
			}
		},
	);

	it("breaks those that end at the gateway itself, where nothing lets them go on", () => {
		const rules = (more: string) =>
			`*filter\n:INPUT DROP [0:0]\n${more}-A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n`;
		const { document } = compared(
			rules(
				"-A INPUT -s 10.0.0.0/8 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n",
			),
			rules(""),
		);
		expect(document.verdict).toBe("different");
		expect(document.packets.map(({ which }) => which)).toContain("next");
		for (const { load, connections } of document.loads)
			for (const { outcomes } of connections)
				expect(outcomes).toEqual([load === "noflush" ? "kept" : "broken"]);
		expect(document.loads[0]?.connections).not.toEqual([]);
	});

	const filter = (...rules: readonly string[]) =>
		`*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;

	it.each([
		[
			"answers of programs of the gateway's own",
			["INPUT -p tcp --dport 22 -j ACCEPT"],
			"OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT",
			"answer",
		],
		[
			"answers to programs of the gateway's own",
			["OUTPUT -j ACCEPT"],
			"INPUT -p tcp --sport 443 -m conntrack --ctstate ESTABLISHED -j ACCEPT",
			"answer",
		],
	])("drops %s", (_, rules, rule, which) => {
		const { document } = compared(filter(...rules, rule), filter(...rules));
		expect(document.packets.map((one) => one.which)).toContain(which);
		expect(
			document.loads
				.find(({ load }) => load === "restore")
				?.connections.flatMap(({ outcomes }) => outcomes),
		).toContain("broken");
	});

	it("tells answers to one port from those to another", () => {
		const drop = (port: number) =>
			filter(
				`FORWARD -p tcp --dport ${port} -m conntrack --ctdir REPLY -j DROP`,
			);
		const { document } = compared(drop(1), drop(9));
		expect(document.packets).toHaveLength(2);
		const both = filter(
			"FORWARD -p tcp -m multiport --dports 1,9 -m conntrack --ctdir REPLY -j DROP",
		);
		expect(compared(both, drop(1)).document.verdict).toBe("different");
		expect(compared(drop(1), both).document.verdict).toBe("different");
	});

	it.each([
		"FORWARD -p tcp --tcp-flags RST RST -j DROP",
		"INPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT",
		"OUTPUT -p icmp --icmp-type echo-reply -j ACCEPT",
		"FORWARD -f -j DROP",
		"FORWARD -p tcp -m length --length 1000: -j DROP",
		"FORWARD -m conntrack --ctstate RELATED -j DROP",
	])("is unknown of a rule that no walked packet fits: %s", (rule) => {
		const { document } = compared(filter(), filter(rule));
		expect(document.verdict).toBe("unknown");
		expect(JSON.stringify(document)).toContain(
			"no packet that was walked fits the added rule of filter",
		);
	});

	it.each([
		"FORWARD -p tcp --tcp-flags RST RST -j LOG",
		"FORWARD -p tcp --tcp-flags RST RST",
		"AWAY -p tcp --tcp-flags RST RST -j DROP",
	])(
		"is the same where a rule that no walked packet fits does nothing: %s",
		(rule) => {
			const withChain = (text: string) =>
				text.replace("*filter\n", "*filter\n:AWAY - [0:0]\n");
			const { document } = compared(
				withChain(filter()),
				withChain(filter(rule)),
			);
			expect(document.verdict).toBe("same");
		},
	);

	it("says nothing of counters of rules that draw: they have none", () => {
		const rules = (probability: string) =>
			`*nat\n-A PREROUTING -p tcp --dport 80 -m statistic --mode random --probability ${probability} -j DNAT --to-destination 192.168.0.1\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.0.2\nCOMMIT\n`;
		const other = rules("0.5").replace("192.168.0.2", "192.168.0.3");
		expect(compared(rules("0.5"), other).document.counters).toEqual([]);
	});

	it("by commands works for every two rulesets", () => {
		const texts = TEST_RULESETS.slice(0, 6).map(({ text }) => text);
		for (const [index, text] of texts.entries()) {
			const { document } = compared(text, texts[(index + 1) % 6] as string);
			for (const { load, refused, leftOver, missing } of document.loads)
				if (load === "commands")
					expect({ index, refused, leftOver, missing }).toEqual({
						index,
						refused: null,
						leftOver: 0,
						missing: 0,
					});
		}
	});

	it("keeps connections that were translated", () => {
		const { document } = compared(
			turns([2, 11], [1, 12]),
			turns([3, 11], [1, 12]),
		);
		const [load] = document.loads;
		expect(load?.connections.map(({ outcomes }) => outcomes)).toEqual([
			["kept"],
			["kept"],
		]);
	});
});

it("tells findings that are gone", () => {
	const { document } = compared(
		turns([3, 11], [3, 12], [3, 13]),
		turns([3, 11], [2, 12], [1, 13]),
	);
	expect(document.findings.gone.map(({ name }) => name)).toContain(
		"no-backend",
	);
});

it("tells kinds of clients of one service apart by what they ask for, where they are the same clients", () => {
	const mail = (...turns: readonly string[]) =>
		[
			"*nat",
			...turns.map(
				(turn, index) =>
					`-A POSTROUTING -s 192.168.1.25 -o wan0 -p tcp --dport 25 ${turn} -j SNAT --to-source 203.0.113.${5 + index}`,
			),
			"-A POSTROUTING -o wan0 -j MASQUERADE",
			"COMMIT",
			"",
		].join("\n");
	const nth = (every: number, packet: number) =>
		`-m statistic --mode nth --every ${every} --packet ${packet}`;
	const { document } = compared(
		mail(nth(3, 0), nth(3, 1), nth(3, 2)),
		mail(nth(3, 0), nth(2, 0), ""),
		{
			...NOTHING_GIVEN,
			interfaces: [
				{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
				{ name: "wan0", addresses: ["203.0.113.1/24"], mtu: 1500 },
			],
			routes: [
				{ destination: "0.0.0.0/0", via: "203.0.113.254", interface: "wan0" },
			],
		},
	);
	const classes = document.services.flatMap((one) => one.classes);
	expect(
		classes.flatMap(({ verdict, packets }) =>
			verdict === "changed" ? [packets] : [],
		),
	).toEqual(["clients from 192.168.1.25"]);
	expect(classes.map(({ packets }) => packets)).toContain(
		"clients from outside of 192.168.1.0/24 to 203.0.113.0,203.0.113.255; clients from 192.168.1.0/24 to 192.168.1.0,192.168.1.255",
	);
	const names = classes.flatMap(({ packets }) => packets.split("; "));
	expect(names).toEqual([...new Set(names)]);
});
