import { describe, expect, test } from "vitest";
import { printRational } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { analyse } from "./analysis.ts";
import type { Service } from "./service.ts";

const DNAT = "-j DNAT --to-destination";
const nth = (every: number) =>
	`-m statistic --mode nth --every ${every} --packet 0`;

function servicesIn(
	tables: Readonly<Record<string, readonly string[]>>,
): readonly Service[] {
	const text = Object.entries(tables)
		.map(([table, lines]) => `*${table}\n${lines.join("\n")}\nCOMMIT\n`)
		.join("");
	return analyse(parseRuleset(text, { file: "test.rules" })).services;
}

/** Class by class: `10.0.0.11:80 1/2` … */
function shownShares({ classes }: Service) {
	return Object.fromEntries(
		classes.map(({ name, vectors }) => [
			name,
			vectors[0]?.split.parts.flatMap(({ key, share }) =>
				share.kind === "exact" && share.value.numerator > 0n
					? [`${key} ${printRational(share.value)}`]
					: [],
			),
		]),
	);
}

describe("clients are told apart", () => {
	test("by bits of their addresses that make no interval", () => {
		const rules = ["0.0.0.0", "0.0.0.1"].map(
			(value, index) =>
				`-A PREROUTING -i eth0 -p tcp --dport 80 -s ${value}/0.0.0.1 ${DNAT} 10.0.0.${11 + index}`,
		);
		const [service, ...others] = servicesIn({ nat: rules });
		expect(others).toEqual([]);
		expect(shownShares(service as Service)).toEqual({
			"clients that fit 0.0.0.0/0.0.0.1": ["10.0.0.11:80 1"],
			"clients that fit 0.0.0.1/0.0.0.1": ["10.0.0.12:80 1"],
		});
	});

	test("by a network, where what a rule does for it has a part in the balance", () => {
		const [service] = servicesIn({
			nat: [
				`-A PREROUTING -d 203.0.113.5 -s 198.51.100.0/24 -p tcp --dport 80 ${DNAT} 10.0.0.9`,
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${nth(2)} ${DNAT} 10.0.0.11`,
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12`,
			],
		});
		expect(shownShares(service as Service)).toEqual({
			"clients of 198.51.100.0/24": ["10.0.0.9:80 1"],
			"clients outside of 198.51.100.0/24": [
				"10.0.0.11:80 1/2",
				"10.0.0.12:80 1/2",
			],
		});
	});

	test("not by a mark that is for another hook to read", () => {
		const [service] = servicesIn({
			nat: [
				"-A PREROUTING -s 10.244.0.0/16 -d 203.0.113.5 -j MARK --set-xmark 0x4000/0x4000",
				`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12`,
				"-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
			],
		});
		expect(service?.classes.map(({ name }) => name)).toEqual(["all clients"]);
	});
});

test("a service takes the name that comments of all its ways have", () => {
	const comment = (text: string) => `-m comment --comment "${text}"`;
	const [service] = servicesIn({
		nat: [
			":POOL - [0:0]",
			`-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${comment("the shop")} -j POOL`,
			`-A POOL -p tcp ${nth(2)} ${comment("first")} ${DNAT} 10.0.0.11`,
			`-A POOL -p tcp ${comment("second")} ${DNAT} 10.0.0.12`,
		],
	});
	expect(service?.name).toBe("the shop");
	expect(service?.backends).toMatchObject([
		{ key: "10.0.0.11:80", rules: [{ line: 4 }] },
		{ key: "10.0.0.12:80", rules: [{ line: 5 }] },
	]);
});

test("traffic that moves a counter without being balanced drives the shares of what is", () => {
	const analysis = analyse(
		parseRuleset(
			`*mangle
-A PREROUTING -p tcp --dport 80 ${nth(2)} -j MARK --set-mark 1
COMMIT
*nat
-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 -m mark --mark 1 ${DNAT} 10.0.0.11
-A PREROUTING -d 203.0.113.5 -p tcp --dport 80 ${DNAT} 10.0.0.12
COMMIT
`,
			{ file: "test.rules" },
		),
	);
	expect(analysis.others.length).toBeGreaterThan(0);
	const [drive] = analysis.services[0]?.drives ?? [];
	expect(drive?.kind === "driven" && printRational(drive.greatest)).toBe("1");
	expect(drive?.kind === "driven" && printRational(drive.least)).toBe("0");
});
