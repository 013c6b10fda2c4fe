/** What a user gets: the tarball, installed into an empty folder elsewhere. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { execute, type Finished } from "./marktwin.ts";
import { ROOT } from "./source-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const write = (name: string, content: string) =>
	writeFileSync(join(folder, name), content);
/** As the user types it, in his own folder. */
const npx = (...words: readonly string[]): Promise<Finished> =>
	execute("npx", ["--no-install", "marktwin", ...words], { cwd: folder });

const RULES = `*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const SCENARIO = `import { at, connect, order, recipeSetup, scenario } from "marktwin";

export default scenario({
	name: "mine",
	title: "My rules alternate",
	setup: recipeSetup({ ruleset: "my.rules" }),
	steps: [at(0, connect(4, { everyMs: 10 }))],
	expect: [order(["b1", "b2", "b1", "b2"])],
});
`;

const CONSUMER = `import { parseRuleset, printRuleset, type Ruleset, type Scenario } from "marktwin";
import mine from "./my.scenario.ts";

const ruleset: Ruleset = parseRuleset("*filter\\n-A INPUT -j DROP\\nCOMMIT\\n", { file: "x" });
export const rules: number = ruleset.tables[0]?.chains[0]?.rules.length ?? 0;
export const scenario: Scenario = mine;
// @ts-expect-error a text is not a ruleset: the types are there, and they are strict
printRuleset("*filter");
console.log(printRuleset(ruleset).includes("-A INPUT -j DROP"), rules);
`;

beforeAll(async () => {
	write(
		"package.json",
		'{ "name": "user", "type": "module", "private": true }',
	);
	const { code, err } = await execute(
		"npm",
		[
			"install",
			"--prefer-offline",
			"--no-audit",
			"--no-fund",
			"--no-save",
			inject("tarball"),
		],
		{ cwd: folder },
	);
	if (code !== 0) throw new Error(`npm install failed:\n${err}`);
	write("my.rules", RULES);
	write("my.scenario.ts", SCENARIO);
	write("consumer.ts", CONSUMER);
});

describe("the package", () => {
	it("holds what is built, and nothing else", async () => {
		const { out } = await execute("tar", ["tzf", inject("tarball")]);
		const files = out
			.trim()
			.split("\n")
			.map((file) => file.replace("package/", ""));
		const others = files.filter((file) => !file.startsWith("dist/"));
		const top = others.filter((file) => !file.startsWith("docs/"));
		expect(top.filter((file) => file !== "CHANGELOG.md").sort()).toEqual([
			"CONTRIBUTING.md",
			"LICENSE",
			"README.md",
			"lab/healthcheck/Dockerfile",
			"lab/healthcheck/marktwin-healthcheck.service",
			"package.json",
		]);
		// What the README links to is there.
		expect(others).toEqual(
			expect.arrayContaining(["docs/tutorial.md", "docs/picture.svg"]),
		);
		const unwanted = /\.test\.|\/test-|^dist\/(test|bench)\/|(?<!\.d)\.ts$/;
		expect(files.filter((file) => unwanted.test(file))).toEqual([]);
		expect(files).toContain("dist/scenarios/suites/recipe/recipe.rules");
	});

	it("has no page with a link to a file that is not in it", async () => {
		const { out } = await execute("tar", ["tzf", inject("tarball")]);
		const files = new Set(
			out.split("\n").map((file) => file.replace("package/", "")),
		);
		const pages = [...files].filter((file) => file.endsWith(".md"));
		const dead = pages.flatMap((page) => {
			const text = readFileSync(
				join(folder, "node_modules", "marktwin", page),
				"utf8",
			);
			const links = text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g);
			return [...links]
				.map(([, link = ""]) => link)
				.filter((link) => !/^[a-z]+:/.test(link))
				.filter((link) => !files.has(join(dirname(page), link)))
				.map((link) => `${page}: ${link}`);
		});
		expect(pages).toContain("docs/healthcheck.md");
		expect(dead).toEqual([]);
	});

	it("brings few packages along, and none that runs a script when it is installed", () => {
		const lock = readFileSync(
			join(folder, "node_modules", ".package-lock.json"),
			"utf8",
		);
		const { packages } = JSON.parse(lock) as {
			readonly packages: Record<
				string,
				{ readonly hasInstallScript?: boolean }
			>;
		};
		const names = Object.keys(packages).map((path) =>
			path.replace("node_modules/", ""),
		);
		expect(names).toContain("commander");
		expect(names.length).toBeLessThanOrEqual(15);
		expect(names).not.toContain("dockerode");
		const scripts = Object.entries(packages).filter(
			([, { hasInstallScript }]) => hasInstallScript,
		);
		expect(scripts).toEqual([]);
	});

	it.each([
		"lab status",
		"run --on docker live-both-dead",
		"lab build --container --fresh",
	])(
		"says for %s how to get the package that speaks to Docker's engine",
		async (line) => {
			const { code, err } = await npx(...line.split(" "));
			expect(code).toBe(4);
			expect(err).toContain("the package dockerode: it is not installed");
			expect(err).toContain("npm install dockerode");
		},
	);

	it("starts", async () => {
		const { code, out } = await npx("--version");
		expect({ code, out }).toEqual({ code: 0, out: "0.1.0\n" });
	});

	it("plays what comes with it", async () => {
		const { code, out } = await npx("run", "builtin", "--filter", "split");
		expect(code).toBe(0);
		expect(out).toMatch(/^\d+ scenarios: \d+ hold/m);
	});

	it("plays a user's scenario in TypeScript with his own rules", async () => {
		const { code, out } = await npx("run", "my.scenario.ts");
		expect(out).toContain("✓ My rules alternate");
		expect(code).toBe(0);
	});

	it("plays the same scenario as JSON", async () => {
		await npx("run", "my.scenario.ts", "--json", "result.json");
		const script = `import { readFileSync, writeFileSync } from "node:fs";
const [{ scenario }] = JSON.parse(readFileSync("result.json", "utf8")).results;
scenario.setup.ruleset = { file: "my.rules" };
writeFileSync("my.scenario.json", JSON.stringify(scenario));`;
		const made = await execute(
			process.execPath,
			["--input-type=module", "--eval", script],
			{ cwd: folder },
		);
		expect(made.err).toBe("");
		const { code, out } = await npx("run", "my.scenario.json");
		expect(out).toContain("✓ My rules alternate");
		expect(code).toBe(0);
	});

	it("holds JSON Schemas of what users write and what it writes", async () => {
		const played = await npx("run", "my.scenario.ts", "--json", "played.json");
		const merged = await npx("merge", "played.json", "--json", "merged.json");
		expect([played.code, merged.code]).toEqual([0, 0]);
		const { resolve } = createRequire(join(folder, "package.json"));
		const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));
		const schemaOf = (name: string) =>
			read(resolve(`marktwin/schemas/${name}.json`));
		const ajv = new Ajv();
		const takesResults = ajv.compile(schemaOf("results"));
		for (const name of ["played.json", "merged.json"])
			expect([takesResults(read(join(folder, name))), name]).toEqual([
				true,
				name,
			]);
		const [{ scenario }] = read(join(folder, "played.json")).results;
		expect(ajv.validate(schemaOf("scenario"), scenario)).toBe(true);
		expect(schemaOf("healthcheck").$id).toContain("/marktwin@0.1.0/dist/");
	});

	it("has types that a user's compiler takes, strictly", async () => {
		mkdirSync(join(folder, "types"));
		write(
			"tsconfig.json",
			JSON.stringify({
				compilerOptions: {
					strict: true,
					target: "ES2023",
					module: "NodeNext",
					// The package's own declarations are checked as well.
					skipLibCheck: false,
					exactOptionalPropertyTypes: true,
					noEmit: true,
					allowImportingTsExtensions: true,
					types: [],
					lib: ["ES2023", "DOM"],
				},
				files: ["consumer.ts"],
			}),
		);
		const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
		const { code, out } = await execute(process.execPath, [tsc], {
			cwd: folder,
		});
		expect(out).toBe("");
		expect(code).toBe(0);
	});

	it("is a library", async () => {
		const { out, err } = await execute(
			process.execPath,
			[
				"--input-type=module",
				"--eval",
				'import { parseRuleset } from "marktwin"; console.log(parseRuleset("").tables.length);',
			],
			{ cwd: folder },
		);
		expect({ out, err }).toEqual({ out: "0\n", err: "" });
	});
});
