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
