/** Commands on a table do what they do to a plain list of rules, and thousands of them take time as their number. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_LINUX, parseLinux } from "../../linux/linux.ts";
import { checkRuleset, EMPTY_RULESET, restoreText } from "../parse.ts";
import { printRuleset } from "../print.ts";

/** One step of the plain model: chains as lists of rules' texts. */
type Chains = Map<string, string[]>;

const CHAINS = ["INPUT", "A", "B"];
const rule = fc.constantFrom(
	"-p tcp",
	"-p udp",
	"-s 1.1.1.1/32",
	"-j ACCEPT",
	"-p tcp -j ACCEPT",
);
const chain = fc.constantFrom(...CHAINS);
const number = fc.integer({ min: 1, max: 40 });
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.tuple(fc.constant("A"), chain, rule, number) },
	{ weight: 6, arbitrary: fc.tuple(fc.constant("I"), chain, rule, number) },
	{
		weight: 5,
		arbitrary: fc.tuple(
			fc.constantFrom("D", "#", "R", "C"),
			chain,
			rule,
			number,
		),
	},
	{
		weight: 1,
		arbitrary: fc.tuple(fc.constantFrom("F", "Z"), chain, rule, number),
	},
);

/** @returns the line for iptables-restore, or `null` when the command would fail */
function play(
	chains: Chains,
	[kind, name, text, number]: readonly [string, string, string, number],
): string | null {
	const rules = chains.get(name) ?? [];
	const at = number - 1;
	switch (kind) {
		case "A":
			rules.push(text);
			return `-A ${name} ${text}`;
		case "I":
			if (at > rules.length) return null;
			rules.splice(at, 0, text);
			return `-I ${name} ${number} ${text}`;
		case "R":
			if (at >= rules.length) return null;
			rules[at] = text;
			return `-R ${name} ${number} ${text}`;
		case "#":
			if (at >= rules.length) return null;
			rules.splice(at, 1);
			return `-D ${name} ${number}`;
		case "C":
			return rules.includes(text) ? `-C ${name} ${text}` : null;
		case "D": {
			const found = rules.indexOf(text);
			if (found < 0) return null;
			rules.splice(found, 1);
			return `-D ${name} ${text}`;
		}
		case "F":
			rules.length = 0;
			return `-F ${name}`;
		default:
			return `-Z ${name}`;
	}
}

describe("commands one after the other", () => {
	test.each([
		["a plain list", 0, 150],
		["a long one", 2500, 20],
	])("do what they do to %s", (_, length, numRuns) => {
		const before = Array.from(
			{ length },
			(_, index) => `-s 1.1.1.${index % 256}/32`,
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
				const chains: Chains = new Map(CHAINS.map((name) => [name, []]));
				chains.set("INPUT", [...before]);
				const near = length === 0 ? 1 : Math.floor(length / 41);
				const lines = [
					...before.map((text) => `-A INPUT ${text}`),
					...steps.flatMap(([kind, name, text, number]) => {
						// All over the long list, and many at one place.
						const at = number < 20 ? 700 % (length + 1) : number * near;
						const to = length > 0 && name === "INPUT" ? at : number;
						const isFlush = length > 0 && kind === "F";
						return isFlush ? [] : (play(chains, [kind, name, text, to]) ?? []);
					}),
				];
				const { ruleset, faults } = checkRuleset(
					`*filter\n:A - [0:0]\n:B - [0:0]\n${lines.join("\n")}\nCOMMIT\n`,
				);
				expect(faults).toEqual([]);
				const printed = printRuleset(ruleset ?? EMPTY_RULESET)
					.split("\n")
					.filter((line) => line.startsWith("-A"));
				expect(printed).toEqual(
					CHAINS.flatMap((name) =>
						(chains.get(name) ?? []).map((text) => `-A ${name} ${text}`),
					),
				);
			}),
			{ seed: 20261128, numRuns },
		);
	});

	test("keep counters, but those that begin anew", () => {
		const loaded = checkRuleset(
			"*filter\n:INPUT ACCEPT [5:5]\n:A - [0:0]\n[1:1] -A INPUT -j A\n[2:2] -A A -p tcp\n[3:3] -A A -p udp\nCOMMIT\n",
		).ruleset;
		const edited = (lines: string) => {
			const { ruleset, faults } = restoreText(
				loaded ?? EMPTY_RULESET,
				`*filter\n${lines}COMMIT\n`,
				{ noflush: true, counters: true },
			);
			expect(faults).toEqual([]);
			return printRuleset(ruleset, { counters: true })
				.split("\n")
				.filter((line) => line.startsWith("["));
		};
		expect(edited("-Z A 1\n[9:9] -A A -p icmp\n-E A NEW\n")).toEqual([
			"[1:1] -A INPUT -j NEW",
			"[0:0] -A NEW -p tcp",
			"[3:3] -A NEW -p udp",
			"[9:9] -A NEW -p icmp",
		]);
		expect(edited("-Z\n[9:9] -I A -p icmp\n")).toEqual([
			"[0:0] -A INPUT -j A",
			"[9:9] -A A -p icmp",
			"[0:0] -A A -p tcp",
			"[0:0] -A A -p udp",
		]);
	});

	test("a chain is renamed to what its label holds: 31 octets, of which the kernel keeps 29", () => {
		const said = (to: string) =>
			checkRuleset(`*filter\n:A - [0:0]\n-E A ${to}\nCOMMIT\n`).faults.map(
				({ message }) => message,
			);
		const kept = (octets: number) =>
			`a chain that is renamed to ${octets} octets, of which the kernel keeps 29`;
		expect(said("B".repeat(29))).toEqual([]);
		expect(said("B".repeat(30))).toEqual([kept(30)]);
		expect(said("B".repeat(31))).toEqual([kept(31)]);
		expect(said("é".repeat(15))).toEqual([kept(30)]);
		const refused = "line 3 failed (Invalid argument)";
		expect(said("B".repeat(32))).toEqual([refused]);
		expect(said("é".repeat(16))).toEqual([refused]);
	});

	test("a built-in chain keeps its name in legacy; what nft makes of it is not followed", () => {
		const said = (linux: string) =>
			checkRuleset("*nat\n-A OUTPUT -j ACCEPT\n-E OUTPUT B\nCOMMIT\n", {
				linux: parseLinux(linux) ?? DEFAULT_LINUX,
			}).faults.map(({ message }) => message);
		expect(said("bookworm/legacy")).toEqual([
			"line 3 failed (No chain/target/match by that name)",
		]);
		for (const linux of ["bullseye/nft", "bookworm/nft", "sid/nft"])
			expect(said(linux)).toEqual(["a built-in chain that is renamed"]);
	});

	test("a chain that was renamed is referenced as before", () => {
		const faults = (lines: string) =>
			checkRuleset(
				`*filter\n:A - [0:0]\n-A INPUT -j A\n${lines}COMMIT\n`,
			).faults.map(({ message }) => message);
		expect(faults("-E A B\n-D INPUT -j B\n-X B\n")).toEqual([]);
		expect(faults("-E A B\n-X B\n")).toEqual([
			"line 5 failed (Too many links)",
		]);
		expect(faults("-E A B\n-N A\n-D INPUT -j A\n")).toEqual([
			"line 6 failed (No chain/target/match by that name)",
		]);
	});
});

describe("a hundred thousand lines", () => {
	const COUNT = 100_000;
	const many = (line: (index: number) => string) =>
		Array.from({ length: COUNT }, (_, index) => line(index)).join("\n");
	const half = (line: (index: number) => string) =>
		Array.from({ length: COUNT / 2 }, (_, index) => line(index)).join("\n");
	const address = (index: number) =>
		`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
	const appended = half((i) => `-A INPUT -s ${address(i)} -j DROP`);

	test.each([
		["-I 1", many((i) => `-I INPUT -s ${address(i)}`)],
		[
			"-I 2",
			`-A INPUT\n-A INPUT\n${many((i) => `-I INPUT 2 -s ${address(i)}`)}`,
		],
		[
			"-I in the middle",
			`${appended}\n${half((i) => `-I INPUT ${25_000 + (i >> 1)} -s ${address(i)}`)}`,
		],
		["-D 1", `${appended}\n${half(() => "-D INPUT 1")}`],
		[
			"-D by text",
			`${appended}\n${half((i) => `-D INPUT -s ${address(i)} -j DROP`)}`,
		],
		[
			"-D by text, all the same",
			`${half(() => "-A INPUT -p tcp")}\n${half(() => "-D INPUT -p tcp")}`,
		],
		[
			"-D by text, from the end",
			`${appended}\n${half((i) => `-D INPUT -s ${address(COUNT / 2 - 1 - i)} -j DROP`)}`,
		],
		["-C", `${appended}\n${half((i) => `-C INPUT -s ${address(i)} -j DROP`)}`],
		[
			"-C of what is not there",
			`${appended}\n${half((i) => `-C INPUT -d ${address(i)}`)}`,
		],
		[
			"-C of what is never found",
			`${half((i) => `-A INPUT -m condition --condition c${i}`)}\n${half((i) => `-C INPUT -m condition --condition c${i}`)}`,
		],
		["-R", `${appended}\n${half((i) => `-R INPUT ${i + 1} -p tcp`)}`],
		["-Z", `${appended}\n${half((i) => (i % 2 ? "-Z" : `-Z INPUT ${i + 1}`))}`],
		[
			"-Z, many chains",
			`${half((i) => `:C${i} - [0:0]`)}\n${half(() => "-Z")}`,
		],
		["-F", `${appended}\n${half(() => "-F INPUT")}`],
		[
			"-F, many chains",
			`${half((i) => `:C${i} - [0:0]`)}\n${half(() => "-F")}`,
		],
		[
			"-X, many chains",
			`${half((i) => `:C${i} - [0:0]`)}\n${half((i) => `-X C${i}`)}`,
		],
		[
			"-X beside many rules",
			`${appended}\n:C - [0:0]\n${half((i) => (i % 2 ? "-N C" : "-X C"))}`,
		],
		[
			"-E beside many rules",
			`:C0 - [0:0]\n${half(() => "-A INPUT -j C0")}\n${half((i) => `-E C${i} C${i + 1}`)}`,
		],
		["-P", many((i) => `-P INPUT ${i % 2 ? "DROP" : "ACCEPT"}`)],
	])("%s", { timeout: 120_000 }, (_, lines) => {
		const began = performance.now();
		checkRuleset(`*filter\n${lines}\nCOMMIT\n`);
		// What is quadratic takes minutes.
		expect(performance.now() - began).toBeLessThan(30_000);
	});
});

test.each([
	[1, "The chain INPUT has 1 rule."],
	[2, "The chain INPUT has 2 rules."],
])(
	"a number that is too great says how many rules there are: %i",
	(count, remedy) => {
		const rules = "-A INPUT -j ACCEPT\n".repeat(count);
		const text = `*filter\n${rules}-D INPUT 9\nCOMMIT\n`;
		expect(
			JSON.stringify(checkRuleset(text, { file: "test.rules" })),
		).toContain(remedy);
	},
);
