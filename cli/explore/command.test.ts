import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const inFolder = (name: string, text = "") => {
	const file = join(folder, name);
	if (text !== "") writeFileSync(file, text);
	return file;
};

/** What the page begins with. */
function startIn(file: string) {
	const page = readFileSync(file, "utf8");
	const [, json = ""] =
		/<script type="application\/json" id="start">(.*?)<\/script>/s.exec(page) ??
		[];
	return JSON.parse(json) as {
		readonly kind: string;
		readonly study?: { readonly faults: readonly object[] };
		readonly examples?: readonly object[];
		readonly text?: string;
	};
}

describe("marktwin explore", () => {
	it("writes one page with rules and the model, which loads nothing", async () => {
		const page = inFolder("recipe.html");
		const { code, out, err } = await marktwin([
			"explore",
			RECIPE,
			"--output",
			page,
		]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toBe(`${page} is written.\n`);
		expect(startIn(page)).toMatchObject({ kind: "rules" });
		const text = readFileSync(page, "utf8");
		expect(text).toContain("default-src 'none'; script-src 'sha256-");
		expect(text).not.toMatch(/<(link|img|iframe)\b| src=/);
	});

	it("writes examples where no rules are named", async () => {
		const page = inFolder("examples.html");
		const { code } = await marktwin(["explore", "--output", page]);
		expect(code).toBe(0);
		const { kind, examples = [] } = startIn(page);
		expect([kind, examples.length]).toEqual(["examples", 13]);
	});

	it("writes a page for rules that would not load, says why, and ends with 2", async () => {
		const rules = inFolder(
			"broken.rules",
			"*nat\n-A PREROUTING -j DNAT --to-destination </script>\nCOMMIT\n",
		);
		const page = inFolder("broken.html");
		const { code, err } = await marktwin(["explore", rules, "-o", page]);
		expect(code).toBe(2);
		expect(err).toContain("broken.rules:2:");
		expect(err).toContain("would not load: the page shows why");
		expect(startIn(page).study?.faults).toHaveLength(1);
	});

	it("takes a scenario, one of several by its name", async () => {
		const one = (name: string) => `scenario({ name: "${name}", title: "${name}",
			setup: recipeSetup({ ruleset: { name: "x.rules", text: "*nat\\nCOMMIT\\n" } }),
			steps: [connect(1)], expect: [outcomes("refused", 1)] })`;
		const file = inFolder(
			"two.scenario.ts",
			`import { connect, outcomes, recipeSetup, scenario } from "marktwin";\nexport default [${one("first")}, ${one("second")}];\n`,
		);
		const page = inFolder("two.html");
		const none = await marktwin(["explore", file, "-o", page]);
		expect(none).toMatchObject({
			code: 2,
			err: expect.stringContaining("Name one with --filter: first, second."),
		});
		const misspelt = await marktwin([
			"explore",
			file,
			"--filter=secnod",
			"-o",
			page,
		]);
		expect(misspelt.err).toContain("Did you mean second?");
		const words = ["explore", file, "--filter", "second", "-o", page];
		expect((await marktwin(words)).code).toBe(0);
		expect(startIn(page).text).toContain('"second"');
	});

	it.each([
		{ words: ["explore", "nowhere.rules"], says: "cannot read nowhere.rules" },
		{
			words: ["explore", RECIPE, "--filter", "x"],
			says: "no scenario file is named",
		},
		{
			words: ["explore", RECIPE, "--open", "--output", "-"],
			says: "--output - writes none",
		},
		{
			words: ["explore", "x.scenario.json", "--linux", "trixie"],
			says: "--linux tells of the machine around rules",
		},
		{
			words: ["explore", "x.scenario.json", "--assume", "set:a=yes"],
			says: "--assume tells of the machine around rules",
		},
	])("refuses $words", async ({ words, says }) => {
		const { code, err } = await marktwin(words);
		expect(code).toBe(2);
		expect(err).toContain(says);
	});

	it("writes no page over the rules that it has read", async () => {
		const rules = inFolder("mine.rules", "*filter\nCOMMIT\n");
		const { code } = await marktwin(["explore", rules, "--output", rules]);
		expect(code).toBe(2);
		expect(readFileSync(rules, "utf8")).toBe("*filter\nCOMMIT\n");
	});
});
