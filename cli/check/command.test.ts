import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { AS_PUBLISHED, RECIPE, SAVED } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const fileOf = (name: string, content: string | Uint8Array): string => {
	const file = join(folder, name);
	writeFileSync(file, content);
	return file;
};

describe("marktwin check", () => {
	it("says that a ruleset would load, and what is in it", async () => {
		const { code, out, err } = await marktwin(["check", RECIPE]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toBe(
			`✓ ${RECIPE} would load: 6 rules in mangle, 2 in nat; with the package xtables-addons: condition\n`,
		);
	});

	it("names every fault of a ruleset at its line, with a caret", async () => {
		const { code, out } = await marktwin(["check", AS_PUBLISHED]);
		expect(code).toBe(2);
		const places = [...out.matchAll(/^\S+\.rules:(\d+):\d+: /gm)];
		expect(places.map(([, line]) => Number(line))).toEqual([
			4, 4, 5, 6, 10, 11,
		]);
		expect(out).toContain(
			"  5 | -A MAILMARK -m mark --mark 0x0 -m condition! --condition mail2up -j MARK --set-mark 2\n" +
				"    |                                   ^~~~~~~~~~\n",
		);
		expect(out).toContain("would not load: 6 faults");
	});

	it("looks at all files and says it of each", async () => {
		const { code, out } = await marktwin(["check", AS_PUBLISHED, RECIPE]);
		expect(code).toBe(2);
		expect(out).toContain(`✗ ${AS_PUBLISHED}`);
		expect(out).toContain(`✓ ${RECIPE}`);
	});

	it("says the same as JSON", async () => {
		const { code, out } = await marktwin([
			"check",
			"--json",
			AS_PUBLISHED,
			RECIPE,
		]);
		expect(code).toBe(2);
		const { files } = JSON.parse(out);
		expect(files).toMatchObject([
			{ file: AS_PUBLISHED, loads: false },
			{ file: RECIPE, loads: true, faults: [] },
		]);
		expect(files[0].faults[2]).toMatchObject({ line: 5, column: 35 });
	});

	it("takes no fault for what marktwin does not model, says it, and ends with 3", async () => {
		const rules = fileOf(
			"open.rules",
			`*filter
-A INPUT -m pknock --name a --time 5 -j CHAOS
-A INPUT -m pknock --name b --checkip -m set --match-set blocked src -j DROP
COMMIT
`,
		);
		const { code, out } = await marktwin(["check", rules]);
		expect(code).toBe(3);
		expect(out.split("\n")).toEqual([
			"not modelled: the match pknock in 2 rules (lines 2, 3); packets that reach it have an unknown outcome",
			"not modelled: the target CHAOS in 1 rule (line 2); packets that reach it have an unknown outcome",
			"needs the set `blocked' in 1 rule (line 3): ipset create blocked …; where it is there: --given set:blocked",
			`? ${rules} would load, given what it needs; not modelled: pknock, CHAOS: 2 rules in filter; with the package xtables-addons: pknock, CHAOS`,
			"",
		]);
		const given = ["--given", "set:blocked"];
		const again = await marktwin(["check", "--json", ...given, rules]);
		expect(again.code).toBe(3);
		expect(JSON.parse(again.out).files).toMatchObject([
			{
				loads: true,
				faults: [],
				needs: [],
				notModelled: [
					{
						kind: "match",
						name: "pknock",
						rules: [
							{ table: "filter", chain: "INPUT", line: 2 },
							{ table: "filter", chain: "INPUT", line: 3 },
						],
					},
					{ kind: "target", name: "CHAOS" },
				],
			},
		]);
	});

	it("does not know whether a ruleset loads that needs something else", async () => {
		const rules = fileOf(
			"helper.rules",
			"*raw\n-A PREROUTING -p tcp -j CT --helper ftp\nCOMMIT\n",
		);
		const { code, out } = await marktwin(["check", "--json", rules]);
		expect(code).toBe(3);
		expect(JSON.parse(out).files).toMatchObject([
			{ loads: null, needs: [{ kind: "helper", name: "ftp" }] },
		]);
		const there = await marktwin(["check", "--given", "helper:ftp", rules]);
		expect(there.code).toBe(3);
		expect(there.out).toContain("would load; not modelled: CT --helper:");
	});

	it("ends with 2 where there is a fault besides", async () => {
		const rules = fileOf(
			"both.rules",
			"*filter\n-A INPUT -m pknock --name a --checkip\n-A INPUT --nonsense\nCOMMIT\n",
		);
		const { code, out } = await marktwin(["check", rules]);
		expect(code).toBe(2);
		expect(out).toContain("not modelled: the match pknock");
		expect(out).toContain("would not load: 1 fault\n");
	});

	it.each([
		["empty.rules", ""],
		["comments.rules", "# generated\n\n# by nothing\n"],
		["echo.sh", "#!/bin/sh\necho hi\n"],
	])(
		"does not take %s without a table for one that was checked",
		async (name, text) => {
			const rules = fileOf(name, text);
			const { code, out } = await marktwin(["check", rules]);
			expect(code).toBe(3);
			expect(out).toContain(`? ${rules} has no rules: nothing was checked\n`);
			const json = await marktwin(["check", "--json", rules]);
			expect(json.code).toBe(3);
			expect(JSON.parse(json.out).files).toMatchObject([
				{ loads: null, hasRules: false, faults: [] },
			]);
		},
	);

	it("takes a table without rules as one", async () => {
		const rules = fileOf("table.rules", "*nat\nCOMMIT\n");
		const { code, out } = await marktwin(["check", rules]);
		expect({ code, out }).toEqual({
			code: 0,
			out: `✓ ${rules} would load: 0 rules in nat\n`,
		});
	});

	it("says apart what a machine refuses and what marktwin does not take", async () => {
		const loop = "for p in 1 2; do\n  iptables -A INPUT -p $p\ndone\n";
		const own = fileOf("own.sh", `#!/bin/sh\n${loop}`);
		const alone = await marktwin(["check", own]);
		expect(alone.code).toBe(2);
		expect(alone.out).toContain(
			`✗ ${own} is not taken by marktwin: 1 reason\n`,
		);
		const json = await marktwin(["check", "--json", own]);
		expect(JSON.parse(json.out).files).toMatchObject([{ loads: null }]);
		const both = fileOf(
			"both.sh",
			`#!/bin/sh\niptables -A INPUT --nonsense\n${loop}`,
		);
		const mixed = await marktwin(["check", both]);
		expect(mixed.code).toBe(2);
		expect(mixed.out).toContain(
			`✗ ${both} would not load: 1 fault, and is not taken by marktwin: 1 reason\n`,
		);
		const six = fileOf("six.rules", "table inet filter {\n}\n");
		expect((await marktwin(["check", six])).out).toContain(
			"is not taken by marktwin: 1 reason\n",
		);
	});

	it("takes the sets of the machine, and refuses rules that name others", async () => {
		const rules = fileOf(
			"sets.rules",
			"*filter\n-A INPUT -m set --match-set blocked src -j DROP\nCOMMIT\n",
		);
		const codeOf = async (sets: string) => {
			const file = fileOf("ipset.save", sets);
			return (await marktwin(["check", "--sets", file, rules])).code;
		};
		expect(await codeOf("create blocked hash:ip\n")).toBe(0);
		expect(await codeOf("create other hash:ip\n")).toBe(2);
		expect(await codeOf("create blocked hash:nope\n")).toBe(2);
	});

	it("says which kinds --given takes", async () => {
		const { code, err } = await marktwin(["check", "--given", "st:a", RECIPE]);
		expect(code).toBe(2);
		expect(err).toContain("Did you mean set:a?");
	});

	it("takes a shell script of iptables commands, and says what it leaves out", async () => {
		const script = fileOf(
			"firewall.sh",
			"#!/bin/sh\nIPT=/sbin/iptables\nmodprobe nf_nat_ftp\n$IPT -F\n$IPT -A INPUT -i lo -j ACCEPT\n",
		);
		const checked = await marktwin(["check", script]);
		expect(checked).toMatchObject({ code: 0, err: "" });
		expect(checked.out.split("\n")).toEqual([
			`${script}:1: a script: it is taken to start from an empty ruleset`,
			`${script}:3: \`modprobe\` has no bearing on rules: ignored`,
			`✓ ${script} would load: 1 rule in filter`,
			"",
		]);
		const saved = await marktwin(["save", script]);
		expect(saved.out).toContain("-A INPUT -i lo -j ACCEPT\n");
		const json = await marktwin(["check", "--json", script]);
		expect(JSON.parse(json.out).files[0].notes).toMatchObject([
			{ line: 1 },
			{ line: 3 },
		]);
	});

	it("refuses a script that only a shell could carry out", async () => {
		const script = fileOf(
			"loop.sh",
			"for p in 22 80; do\n  iptables -A INPUT -p tcp --dport $p -j ACCEPT\ndone\n",
		);
		for (const command of ["check", "save", "fix"]) {
			const { code, out, err } = await marktwin([command, script]);
			expect(code).toBe(2);
			expect(out + err).toContain(
				`${script}:1:1: a loop (\`for\`) holds iptables commands`,
			);
		}
	});

	it("reads standard input", async () => {
		const { code, out } = await marktwin(["check", "-"], {
			input: "*filter\n-A INPUT -j NOPE\nCOMMIT\n",
		});
		expect(code).toBe(2);
		expect(out).toMatch(/^<stdin>:2:\d+: /);
	});

	it.each([
		{ name: "is not there", says: "no such file", make: (): void => {} },
		{
			name: "is a folder",
			says: "it is a folder",
			make: (path: string) => mkdirSync(path),
		},
		{
			name: "is no text",
			says: "is no text, and no ruleset",
			make: (path: string) =>
				writeFileSync(path, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe)),
		},
		{
			name: "is UTF-16",
			says: "iconv -f utf-16",
			make: (path: string) => writeFileSync(path, "\ufeff*filter\n", "utf16le"),
		},
		{
			name: "is compressed",
			says: "Read it with: zcat",
			make: (path: string) =>
				writeFileSync(path, gzipSync("*filter\nCOMMIT\n")),
		},
	])("refuses a file that $name", async ({ name, says, make }) => {
		const path = join(folder, name.replaceAll(" ", "-"));
		make(path);
		for (const command of ["check", "save", "fix"]) {
			const { code, out, err } = await marktwin([command, path]);
			expect({ code, out }).toEqual({ code: 2, out: "" });
			expect(err).toContain(says);
			expect(err).toContain(path);
		}
	});

	it("sees a byte order mark, as iptables-restore does", async () => {
		const path = join(folder, "marked.rules");
		writeFileSync(path, "\ufeff*filter\nCOMMIT\n");
		const checked = await marktwin(["check", path]);
		expect(checked.code).toBe(2);
		expect(checked.out).toContain("byte order mark");
		const fixed = await marktwin(["fix", path]);
		expect(fixed).toMatchObject({ code: 0, out: "*filter\nCOMMIT\n" });
	});

	it("keeps octets that are no UTF-8, as iptables-restore does", async () => {
		const rule = Buffer.from(
			'-A INPUT -m comment --comment "caf\xe9 \xfc"\n',
			"latin1",
		);
		const text = Buffer.concat([
			Buffer.from("# caf\xe9\n*filter\n", "latin1"),
			rule,
			Buffer.from("COMMIT\n"),
		]);
		const file = fileOf("latin1.rules", text);
		expect(await marktwin(["check", file])).toMatchObject({ code: 0 });
		const saved = join(folder, "latin1.saved");
		const { code } = await marktwin(["fix", file, "--output", saved]);
		expect(code).toBe(0);
		expect(readFileSync(saved)).toEqual(text);
	});

	it("takes NUL octets for a fault of the ruleset", async () => {
		const file = fileOf("nul.rules", "*filter\n-A INPUT\0-j ACCEPT\nCOMMIT\n");
		const { code, out } = await marktwin(["check", file]);
		expect(code).toBe(2);
		expect(out).toContain(`${file}:2:`);
	});
});

describe("marktwin save", () => {
	it("prints the recipe as iptables-save does", async () => {
		const { code, out, err } = await marktwin(["save", RECIPE]);
		expect({ code, out, err }).toEqual({ code: 0, out: SAVED, err: "" });
	});

	it("prints counters when asked", async () => {
		const { out } = await marktwin(["save", "--counters", "-"], {
			input: "*filter\n:INPUT DROP [1:2]\n[3:4] -A INPUT -j ACCEPT\nCOMMIT\n",
		});
		expect(out).toContain(":INPUT DROP [1:2]\n");
		expect(out).toContain("[3:4] -A INPUT -j ACCEPT\n");
	});

	it("prints the faults of a ruleset that does not load, and nothing else", async () => {
		const { code, out, err } = await marktwin(["save", AS_PUBLISHED]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(`${AS_PUBLISHED}:5:35: `);
	});
});
