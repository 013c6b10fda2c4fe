/** What the kernel refuses at COMMIT, and what it takes (6.1, `mark_source_chains`, `xt_check_*`). */
import { describe, expect, test } from "vitest";
import { checkRuleset, EMPTY_RULESET, restoreText } from "../parse.ts";

function words(table: string, ...lines: string[]): string {
	const text = [`*${table}`, ...lines, "COMMIT", ""].join("\n");
	const { faults } = checkRuleset(text);
	return faults
		.map(
			({ line, message }) =>
				`${line}: ${message.replace(/^line \d+ failed /, "")}`,
		)
		.join("; ");
}

/** Declares chains A, B, C … */
const chains = (names: string): string[] =>
	[...names].map((name) => `:${name} - [0:0]`);

describe("a circle of jumps", () => {
	const loop = "(Too many levels of symbolic links)";

	test("is refused when a hook leads into it", () => {
		expect(words("filter", ...chains("A"), "-A A -j A", "-A INPUT -j A")).toBe(
			`3: ${loop}`,
		);
		expect(
			words(
				"filter",
				...chains("AB"),
				"-A INPUT -j A",
				"-A A -p tcp -g B",
				"-A B -g A",
			),
		).toBe(`6: ${loop}`);
	});

	test("is taken when no hook leads into it", () => {
		expect(words("filter", ...chains("A"), "-A A -j A")).toBe("");
	});

	test("is taken when it lies behind an unconditional verdict", () => {
		expect(
			words(
				"filter",
				...chains("A"),
				"-A A -j ACCEPT",
				"-A A -j A",
				"-A INPUT -j A",
			),
		).toBe("");
		expect(
			words(
				"filter",
				...chains("A"),
				"-A A -i lo -j ACCEPT",
				"-A A -j A",
				"-A INPUT -j A",
			),
		).toBe(`4: ${loop}`);
		expect(
			words(
				"filter",
				...chains("A"),
				"-A A -m comment --comment x -j ACCEPT",
				"-A A -j A",
				"-A INPUT -j A",
			),
		).toBe(`4: ${loop}`);
	});

	test("a chain that two others jump to is none", () => {
		expect(
			words(
				"filter",
				...chains("ABC"),
				"-A INPUT -j A",
				"-A INPUT -j B",
				"-A A -j C",
				"-A B -j C",
				"-A A -j B",
			),
		).toBe("");
	});

	test("names the chains on the way", () => {
		const { faults } = checkRuleset(
			"*filter\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n",
		);
		expect(faults[0]?.remedy).toContain("A → B → A");
		expect(faults[0]).toMatchObject({ line: 6, column: 9, length: 1 });
	});

	test("10,000 nested jumps are taken, and found when the last leads to the first", () => {
		const depth = 10_000;
		const nested = (last: string) => {
			const lines = ["*filter"];
			for (let n = 0; n < depth; n++) lines.push(`:C${n} - [0:0]`);
			lines.push("-A INPUT -j C0");
			for (let n = 1; n < depth; n++) lines.push(`-A C${n - 1} -j C${n}`);
			lines.push(`-A C${depth - 1} -j ${last}`, "COMMIT", "");
			return checkRuleset(lines.join("\n")).faults;
		};
		expect(nested("ACCEPT")).toEqual([]);
		expect(nested("C0")).toMatchObject([
			{ line: 2 * depth + 2, code: "kernel" },
		]);
		expect(nested("C0")[0]?.remedy.length).toBeLessThan(300);
	});
});

describe("an extension where it may not be", () => {
	test("the chain that it stands in counts by the hooks that lead there", () => {
		const dnat = "-A A -j DNAT --to-destination 192.168.0.1";
		expect(words("nat", ...chains("A"), dnat)).toBe("");
		expect(
			words(
				"nat",
				...chains("A"),
				dnat,
				"-A PREROUTING -j A",
				"-A OUTPUT -j A",
			),
		).toBe("");
		expect(
			words(
				"nat",
				...chains("A"),
				dnat,
				"-A PREROUTING -j A",
				"-A POSTROUTING -j A",
			),
		).toBe(
			"3: (Invalid argument: x_tables: ip_tables: DNAT target: used from hooks PREROUTING/POSTROUTING, but only usable from PREROUTING/OUTPUT)",
		);
	});

	test("a rule behind an unconditional verdict is reached from no hook", () => {
		expect(
			words(
				"nat",
				"-A POSTROUTING -j ACCEPT",
				"-A POSTROUTING -j DNAT --to-destination 192.168.0.1",
			),
		).toBe("");
	});

	test("the protocol must be asked for, uninverted, in the same rule", () => {
		const wrong =
			"(Invalid argument: x_tables: ip_tables: tcp match: only valid for protocol 6)";
		expect(words("filter", "-A INPUT -m tcp --dport 25")).toBe(`2: ${wrong}`);
		expect(words("filter", "-A INPUT -p udp -m tcp --dport 25")).toBe(
			`2: ${wrong}`,
		);
		expect(words("filter", "-A INPUT ! -p tcp -m tcp --dport 25")).toBe(
			`2: ${wrong}`,
		);
		expect(words("filter", "-A INPUT -p tcp -m tcp --dport 25")).toBe("");
	});

	test("every rule that the kernel would refuse is told, though it stops at the first", () => {
		expect(
			checkRuleset(
				"*filter\n-A INPUT -j DNAT --to-destination 1.1.1.1\n-A INPUT -j ACCEPT\n-A OUTPUT -j DNAT --to-destination 1.1.1.1\nCOMMIT\n",
			).faults.map(({ line, column }) => [line, column]),
		).toEqual([
			[2, 13],
			[4, 14],
		]);
	});
});

describe("a name that rules share", () => {
	const limited = "-m hashlimit --hashlimit-above 5/sec --hashlimit-name h";
	const said = (text: string) =>
		checkRuleset(text).faults.map(({ line, message }) => `${line}: ${message}`);

	test("stands for one thing, in whatever table it is", () => {
		expect(
			words(
				"filter",
				`-A INPUT ${limited}`,
				`-A INPUT ${limited} --hashlimit-rate-match`,
			),
		).toBe(
			'3: (Invalid argument: xt_hashlimit: "h" is there without --hashlimit-rate-match)',
		);
		expect(
			said(
				"*mangle\n-A INPUT -j IDLETIMER --timeout 9 --label l --alarm\nCOMMIT\n*filter\n-A INPUT -j IDLETIMER --timeout 9 --label l\nCOMMIT\n",
			),
		).toEqual([
			"5: line 6 failed (Invalid argument: xt_IDLETIMER: Adding/Replacing rule with same label and different timer type is not allowed)",
		]);
	});

	test("is taken by all who want the same", () => {
		expect(words("filter", `-A INPUT ${limited}`, `-A OUTPUT ${limited}`)).toBe(
			"",
		);
	});

	test("lasts as long as the table that is to be replaced", () => {
		const { ruleset } = checkRuleset(`*filter\n-A INPUT ${limited}\nCOMMIT\n`);
		const then = (text: string) =>
			restoreText(ruleset ?? EMPTY_RULESET, text).faults.length;
		const rated = `*filter\n-A INPUT ${limited} --hashlimit-rate-match\nCOMMIT\n`;
		expect(then(rated)).toBe(1);
		expect(then(`*filter\nCOMMIT\n${rated}`)).toBe(0);
	});
});
