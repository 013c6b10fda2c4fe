import {
	chmodSync,
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
	captureFiles,
	parseCapture,
} from "../../scenarios/analysis/capture/capture-text.ts";
import { marktwin } from "../../test/marktwin.ts";
import { AS_PUBLISHED, RECIPE, SAVED } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
/** No repair is plainly meant here. */
const HOPELESS = "*filter\n-A INPUT -m nosuchmatch -j ACCEPT\nCOMMIT\n";

describe("marktwin fix", () => {
	it("prints the repaired ruleset, and what changed on standard error", async () => {
		const { code, out, err } = await marktwin(["fix", AS_PUBLISHED]);
		expect(code).toBe(0);
		const saved = await marktwin(["save", "-"], { input: out });
		expect(saved.out).toBe(SAVED);
		expect(err).toContain(`${AS_PUBLISHED}:5: `);
		expect(err).toContain("  - -A MAILMARK -m mark --mark 0x0 -m condition! ");
		expect(err).toContain("  + -A MAILMARK -m mark --mark 0x0 -m condition ! ");
	});

	it("leaves a sound ruleset as it is, to the octet", async () => {
		const { code, out, err } = await marktwin(["fix", RECIPE]);
		expect(code).toBe(0);
		expect(out).toBe(readFileSync(RECIPE, "utf8"));
		expect(err).toContain("nothing to repair");
	});

	it("writes to a file, and to nowhere else", async () => {
		const output = join(folder, "fixed.rules");
		const { code, out } = await marktwin(["fix", AS_PUBLISHED, "-o", output]);
		expect({ code, out }).toEqual({ code: 0, out: "" });
		const saved = await marktwin(["save", output]);
		expect(saved.out).toBe(SAVED);
	});

	it("repairs in place, keeps the permissions, leaves nothing beside", async () => {
		const file = join(folder, "in-place", "my.rules");
		mkdirSync(join(folder, "in-place"));
		copyFileSync(AS_PUBLISHED, file);
		chmodSync(file, 0o640);
		const { code, out } = await marktwin(["fix", "--in-place", file]);
		expect({ code, out }).toEqual({ code: 0, out: "" });
		expect((await marktwin(["check", file])).code).toBe(0);
		expect(statSync(file).mode & 0o777).toBe(0o640);
		expect(readdirSync(join(folder, "in-place"))).toEqual(["my.rules"]);
	});

	it("says what is left, and then changes no file", async () => {
		const file = join(folder, "hopeless.rules");
		writeFileSync(file, HOPELESS);
		const { code, err } = await marktwin(["fix", "--in-place", file]);
		expect(code).toBe(2);
		expect(err).toContain("nosuchmatch");
		expect(readFileSync(file, "utf8")).toBe(HOPELESS);
	});

	it("makes a file for iptables-restore of a script, elsewhere", async () => {
		const script = join(folder, "firewall.sh");
		writeFileSync(script, "IPT=iptables\n$IPT -A INPTU -j DROP\n");
		const { code, out, err } = await marktwin(["fix", script]);
		expect({ code, out }).toEqual({
			code: 0,
			out: "*filter\n-A INPUT -j DROP\nCOMMIT\n",
		});
		expect(err).toContain(`${script}:2: wrote \`INPUT\` for \`INPTU\``);
		const inPlace = await marktwin(["fix", "--in-place", script]);
		expect(inPlace.code).toBe(2);
		expect(inPlace.err).toContain("--output my.rules");
		expect(readFileSync(script, "utf8")).toContain("$IPT -A INPTU");
	});

	it.each([
		{ words: ["--in-place", "-"], says: "--in-place needs a file" },
		{ words: ["--in-place", "-o", "x", RECIPE], says: "cannot be used with" },
		{ words: ["-o", "/nowhere/at/all", RECIPE], says: "mkdir -p /nowhere/at" },
		{
			words: ["-o", "/proc", RECIPE],
			says: "cannot write /proc: it is a folder",
		},
	])("refuses $words", async ({ words, says }) => {
		const { code, out, err } = await marktwin(["fix", ...words]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(says);
	});
});

describe("marktwin fix repairs what the linter finds", () => {
	const DNAT = "-A PREROUTING -d 203.0.113.1/32 -p tcp -m tcp --dport 80";
	const nth = (every: number, packet: number, backend: number) =>
		`${DNAT} -m statistic --mode nth --every ${every} --packet ${packet} -j DNAT --to-destination 10.20.0.${backend}`;
	const last = (backend: number) =>
		`${DNAT} -j DNAT --to-destination 10.20.0.${backend}`;
	const nat = (...lines: readonly string[]) =>
		["# mine", "*nat", ...lines, "COMMIT", ""].join("\n");
	const equal = nat(nth(3, 0, 11), nth(3, 1, 12), nth(3, 2, 13));
	const right = nat(nth(3, 0, 11), nth(2, 0, 12), last(13));

	it("and shows each as a diff with its code", async () => {
		const { code, out, err } = await marktwin(["fix", "-"], { input: equal });
		expect({ code, out }).toEqual({ code: 0, out: right });
		expect(err).toMatch(/^<stdin>:4: MT10\d /m);
		expect(err).toContain(
			`  - ${nth(3, 1, 12)}\n  + ${nth(2, 0, 12)}\n  - ${nth(3, 2, 13)}\n  + ${last(13)}\n`,
		);
		const again = await marktwin(["fix", "-"], { input: out });
		expect(again).toMatchObject({ code: 0, out: right });
		expect(again.err).toContain("nothing to repair");
	});

	it("behind what would not load", async () => {
		const input = equal.replace("-A PREROUTING", "-A PREROUTNG");
		const { code, out, err } = await marktwin(["fix", "-"], { input });
		expect({ code, out }).toEqual({ code: 0, out: right });
		expect(err.indexOf("PREROUTNG")).toBeLessThan(err.indexOf("MT10"));
	});

	it("of those codes alone that are chosen, and says what is left", async () => {
		const { code, out } = await marktwin(["fix", "--only", "MT801", "-"], {
			input: equal,
		});
		expect({ code, out }).toEqual({ code: 0, out: equal });
		const inserted = equal.replace(
			nth(3, 2, 13),
			nth(3, 2, 13).replace("-A PREROUTING", "-I PREROUTING 3"),
		);
		const left = await marktwin(["fix", "-"], { input: inserted });
		expect(left.err).toContain("Still found, in lines of the repaired text:");
		expect(left.code).toBe(1);
	});

	it("or says what it would do, and writes nothing", async () => {
		const file = join(folder, "equal.rules");
		writeFileSync(file, equal);
		const { code, out, err } = await marktwin(["fix", "--check", file]);
		expect({ code, out }).toEqual({ code: 1, out: "" });
		expect(err).toContain(`  + ${nth(2, 0, 12)}`);
		expect(readFileSync(file, "utf8")).toBe(equal);
		expect((await marktwin(["fix", "--in-place", file])).code).toBe(0);
		expect(readFileSync(file, "utf8")).toBe(right);
		expect((await marktwin(["fix", "--check", file])).code).toBe(0);
	});

	it("of a script, but not where a comment in it says why", async () => {
		const script = equal
			.replace("*nat\n", "")
			.replace("COMMIT\n", "")
			.replaceAll("-A PRE", "iptables -t nat -A PRE");
		const fixed = await marktwin(["fix", "-"], { input: script });
		expect(fixed).toMatchObject({
			code: 0,
			out: right.replace("# mine\n", ""),
		});
		const reason = "# marktwin-ignore-file MT101, MT102: a trial\n";
		const kept = await marktwin(["fix", "-"], { input: `${reason}${script}` });
		expect(kept.out).toBe(`${reason}${equal.replace("# mine\n", "")}`);
	});

	it("in a capture, but not in place", async () => {
		const capture = join(folder, "capture");
		mkdirSync(capture);
		const printed = `marktwin capture 1\n== rules: iptables-save -c\n${equal.replace(/^/gm, " ")}\n exit 0\n== connections: cat /proc/net/nf_conntrack\n? missing\n`;
		for (const one of captureFiles(parseCapture(printed, "a")))
			writeFileSync(join(capture, one.name), one.text);
		const rules = join(capture, "rules.v4");
		const { code, out } = await marktwin(["fix", capture]);
		expect({ code, out }).toEqual({ code: 0, out: right });
		const inPlace = await marktwin(["fix", "--in-place", capture]);
		expect(inPlace.code).toBe(2);
		expect(inPlace.err).toContain("belongs to a capture");
		expect(readFileSync(rules, "utf8")).toBe(equal);
	});
});
