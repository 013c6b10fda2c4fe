import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { RECIPE } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const WORKFLOW = ".github/workflows/marktwin.yml";

/** A repository with a ruleset in it. */
function repository(): string {
	const folder = temporaryFolder();
	mkdirSync(join(folder, "firewall"));
	writeFileSync(join(folder, "firewall", "router.rules"), readFileSync(RECIPE));
	return folder;
}

const init = (cwd: string, ...words: readonly string[]) =>
	marktwin(["init", ...words], { cwd });

it("writes a workflow that names the ruleset, and says what is missing", async () => {
	const cwd = repository();
	const { code, out } = await init(
		cwd,
		"--ci",
		"github",
		"firewall/router.rules",
	);
	expect(code).toBe(0);
	expect(out).toContain(`${WORKFLOW} is written`);
	expect(out).toContain("marktwin-0.1.0.tgz, which is not there yet");
	expect(out).toContain("There are no scenarios below this folder");
	const text = readFileSync(join(cwd, WORKFLOW), "utf8");
	expect(text).toContain("marktwin check -- firewall/router.rules\n");
	expect(text).not.toContain("marktwin run");
});

it("writes over nothing of the user's, unless told to", async () => {
	const cwd = repository();
	const words = ["--ci", "gitlab", "firewall/router.rules"];
	expect((await init(cwd, ...words)).code).toBe(0);
	expect((await init(cwd, ...words)).code).toBe(0);
	writeFileSync(join(cwd, ".gitlab-ci.yml"), "mine: {}\n");
	const { code, err } = await init(cwd, ...words);
	expect(code).toBe(2);
	expect(err).toContain(".gitlab-ci.yml is there already, and differs");
	expect(readFileSync(join(cwd, ".gitlab-ci.yml"), "utf8")).toBe("mine: {}\n");
	const elsewhere = await init(
		cwd,
		...words,
		"--output",
		".gitlab/marktwin.yml",
	);
	expect(elsewhere.code).toBe(0);
	expect(existsSync(join(cwd, ".gitlab/marktwin.yml"))).toBe(true);
	expect((await init(cwd, ...words, "--force")).code).toBe(0);
	expect(readFileSync(join(cwd, ".gitlab-ci.yml"), "utf8")).toContain(
		"marktwin-lint:",
	);
});

it("takes marktwin from package.json where it is a dependency, and plays scenarios that are there", async () => {
	const cwd = repository();
	writeFileSync(
		join(cwd, "package.json"),
		'{"devDependencies":{"marktwin":"file:x.tgz"}}',
	);
	writeFileSync(join(cwd, "a.scenario.json"), "{}");
	const { out } = await init(
		cwd,
		"--ci",
		"github",
		"./firewall/router.rules",
		"-o",
		"-",
	);
	expect(out).toContain(
		"npx --no-install marktwin check -- firewall/router.rules\n",
	);
	expect(out).toContain("npx --no-install marktwin run --report");
	expect(existsSync(join(cwd, WORKFLOW))).toBe(false);
});

it("refuses what a checkout of the repository does not have", async () => {
	const cwd = repository();
	for (const [words, said] of [
		[["../x.rules"], "../x.rules is no file below this folder"],
		[["/etc/passwd"], "/etc/passwd is no file below this folder"],
		[["-"], "- is no file below this folder"],
		[["none.rules"], "cannot read none.rules: no such file"],
		[["firewall"], "cannot read firewall: it is a folder"],
		[
			["firewall/router.rules", "--package", "/tmp/x.tgz"],
			"--package /tmp/x.tgz is no file below this folder",
		],
		[["firewall/router.rules", "--package", ""], "--package"],
		[
			["firewall/router.rules", "--sets", "/etc/passwd"],
			"--sets /etc/passwd is not below this folder",
		],
		[
			["firewall/router.rules", "--addresses", "none.json"],
			"--addresses none.json is not below this folder",
		],
	] as const) {
		const { code, err } = await init(cwd, "--ci", "github", ...words);
		expect(code).toBe(2);
		expect(err).toContain(said);
	}
	expect(existsSync(join(cwd, WORKFLOW))).toBe(false);
});
