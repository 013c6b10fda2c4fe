/** Lists of `-m recent` that are asked for an address which clients share: any of them may have put it there. */
import { expect, test } from "vitest";
import { printRational } from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { analyse } from "./analysis.ts";

const TO = "-A PREROUTING -d 10.0.0.1 -p tcp --dport 25";
const [B1, B2] = [1, 2].map((n) => `-j DNAT --to-destination 192.168.0.${n}`);
const FILLS = `${TO} -m statistic --mode random --probability 0.25 -m recent --name s --rdest --set ${B1}`;

/** The shares of all clients, `unknown` where the model does not know what they depend on. */
function shares(nat: readonly string[], filter: readonly string[] = []) {
	const text = `*filter\n${filter.map((rule) => `${rule}\n`).join("")}COMMIT\n*nat\n${nat.map((rule) => `${rule}\n`).join("")}COMMIT\n`;
	const ruleset = parseRuleset(text, { file: "test.rules" });
	const { services } = analyse(ruleset, NOTHING_GIVEN);
	return services
		.flatMap(({ classes }) => classes)
		.flatMap(({ vectors }) => vectors[0]?.split.parts ?? [])
		.map(({ key, share }) => {
			if (share.kind === "exact") return `${key} ${printRational(share.value)}`;
			if (share.kind !== "interval") return `${key} ${share.kind}`;
			return `${key} ${share.isUnknown ? "unknown" : "interval"}: ${share.on}`;
		});
}

test.each([
	["--rcheck", "--rdest --rcheck --seconds 60", FILLS],
	["--update", "--rdest --update", FILLS],
	["--remove", "--rdest --remove", FILLS],
	["!", "--rdest ! --rcheck", FILLS],
	[
		"a list that is filled by sources",
		"--rdest --rcheck",
		"-A PREROUTING -p tcp --dport 7000 -m recent --name s --rsource --set",
	],
	[
		"a mask that no address is left of",
		"--rsource --mask 0.0.0.0 --rcheck",
		FILLS.replace("--rdest", "--rsource --mask 0.0.0.0"),
	],
])("leave shares unknown: %s", (_, asks, fills) => {
	const found = shares([
		`${TO} -m recent --name s ${asks} ${B1}`,
		fills,
		`${TO} ${B2}`,
	]);
	expect(found).toEqual(
		[1, 2].map(
			(n) =>
				`192.168.0.${n}:25 unknown: what other clients have left in the list s`,
		),
	);
});

test("bound shares as rates do, where they are asked how often", () => {
	const found = shares([
		`${TO} -m recent --name s --rdest --rcheck --hitcount 9 --seconds 60 ${B1}`,
		`${TO} -m recent --name s --rdest --set ${B2}`,
	]);
	expect(found).toEqual([
		"192.168.0.1:25 interval: the rate of packets",
		"192.168.0.2:25 interval: the rate of packets",
	]);
});

test.each([
	[
		"no rule fills the list",
		[`${TO} -m recent --name s --rdest --rcheck ${B1}`, `${TO} ${B2}`],
		[],
		["192.168.0.2:25 1"],
	],
	[
		"the packet itself has filled it",
		[
			`${TO} -m recent --name s --rdest --set`,
			`${TO} -m recent --name s --rdest --rcheck ${B1}`,
			`${TO} ${B2}`,
		],
		[],
		["192.168.0.1:25 1"],
	],
	[
		"the answer decides nothing",
		[`${TO} -m recent --name s --rdest --rcheck ${B1}`, FILLS, `${TO} ${B1}`],
		[],
		["192.168.0.1:25 1"],
	],
	[
		"answers and later packets alone ask",
		[FILLS, `${TO} ${B2}`],
		[
			"-A FORWARD -s 192.168.0.1 -p tcp --sport 25 -m recent --name s --rdest --rcheck -j DROP",
			"-A FORWARD -m conntrack --ctstate ESTABLISHED -m recent --name s --rdest --rcheck -j DROP",
		],
		["192.168.0.1:25 1/4", "192.168.0.2:25 3/4"],
	],
])("leave shares exact where %s", (_, nat, filter, exact) => {
	expect(shares(nat, filter)).toEqual(exact);
});
