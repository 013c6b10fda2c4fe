import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { validateWorkflow } from "@action-validator/core";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { execute } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { CI_SYSTEMS, type CiJob, ciText } from "./ci-files.ts";
import { createRunner, fakeMarktwin, type Step } from "./test-workflow.ts";

const folder = temporaryFolder();

/** Everything that YAML, GitHub, GitLab and a shell read as something else. */
const NAMES = [
	"firewall/router.rules",
	`- it's: #1 "$(touch gone)" \`id\` \${{ github.token }} $HOME %0A.rules`,
	"!|>&*{}[],?\\ 'x' ##[error]ü.rules",
];

/** As a user might name them. */
const SETS = "firewall/it's.sets";
const ROUTER: CiJob["router"] = {
	check: ["--linux", "trixie/nft", "--sets", SETS],
	analysis: [
		"--linux",
		"trixie/nft",
		"--sets",
		SETS,
		"--assume",
		"set:blocked=no",
	],
};
const NOTHING: CiJob["router"] = { check: [], analysis: [] };

const FILE = { spec: "tools/it's $1 marktwin.tgz", isFile: true };
const JOBS: readonly (readonly [string, CiJob])[] = [
	[
		"a file",
		{ rules: NAMES, router: ROUTER, hasScenarios: true, install: FILE },
	],
	[
		"a URL",
		{
			rules: NAMES,
			router: ROUTER,
			hasScenarios: false,
			install: {
				spec: "https://example.org/marktwin.tgz?a=b#c",
				isFile: false,
			},
		},
	],
	[
		"package.json",
		{ rules: NAMES, router: ROUTER, hasScenarios: true, install: null },
	],
];

interface Workflow {
	readonly permissions: object;
	readonly jobs: { readonly ruleset: { readonly steps: readonly Step[] } };
}

type GitlabJob = Readonly<Record<string, unknown>> & {
	readonly script?: readonly string[];
};

const github = (job: CiJob) => parse(ciText("github", job)) as Workflow;
const gitlab = (job: CiJob) =>
	parse(ciText("gitlab", job)) as Readonly<Record<string, GitlabJob>>;

describe.each(JOBS)("a job that installs from %s", (_, job) => {
	it("is YAML, and without anything that cannot be seen", () => {
		for (const system of CI_SYSTEMS)
			expect(ciText(system, job)).toMatch(/^[^\p{C}\t]*$/mu);
	});

	it("is a workflow by GitHub's schema, with rights and actions pinned", () => {
		const text = ciText("github", job);
		expect(validateWorkflow(text).errors).toEqual([]);
		expect(github(job).permissions).toEqual({ contents: "read" });
		const used = github(job).jobs.ruleset.steps.flatMap(
			({ uses }) => uses ?? [],
		);
		expect(used.length).toBeGreaterThan(2);
		for (const action of used) expect(action).toMatch(/@[0-9a-f]{40}$/);
	});

	it("has jobs of GitLab, with keys that it knows", () => {
		const KEYS =
			/^(image|variables|cache|before_script|extends|script|artifacts)$/;
		for (const [name, one] of Object.entries(gitlab(job))) {
			expect(name).toMatch(/^\.?marktwin(-lint|-run)?$/);
			for (const key of Object.keys(one)) expect(key).toMatch(KEYS);
			// A line with a colon in it would be a map.
			for (const line of [one.script, one.before_script].flat())
				if (line !== undefined) expect(line).toBeTypeOf("string");
			expect(name.startsWith(".") || Array.isArray(one.script)).toBe(true);
		}
	});
});

/** The words of marktwin's commands, once a shell has read the lines. */
const lints = (format: string, file: string) => [
	"lint",
	...ROUTER.analysis,
	"--format",
	format,
	"--output",
	file,
	"--",
	...NAMES,
];

it("hands names on as they are, on GitHub", async () => {
	const { steps } = github({
		rules: NAMES,
		router: ROUTER,
		hasScenarios: true,
		install: FILE,
	}).jobs.ruleset;
	const runner = createRunner(join(folder, "github"));
	const { folder: bin, calls } = fakeMarktwin(join(folder, "github-bin"));
	const cwd = join(folder, "github-work");
	mkdirSync(cwd);
	for (const step of steps.filter(
		({ run }) => run?.includes("marktwin ") === true,
	))
		if (step.name !== "Install marktwin") {
			const env = { PATH: `${bin}:${process.env.PATH}` };
			await runner.run({ ...step, env }, {}, { cwd });
		}
	expect(calls()).toEqual([
		["check", ...ROUTER.check, "--", ...NAMES],
		["lint", ...ROUTER.analysis, "--format", "github", "--", ...NAMES],
		lints("sarif", "marktwin.sarif"),
		...NAMES.map((name) => [
			"verdict",
			...ROUTER.analysis,
			"--markdown",
			"--",
			name,
		]),
		"run --report marktwin.html --junit marktwin.xml --summary"
			.split(" ")
			.concat(runner.env.GITHUB_STEP_SUMMARY ?? ""),
	]);
});

it("hands names on as they are, on GitLab", async () => {
	const jobs = gitlab({
		rules: NAMES,
		router: ROUTER,
		hasScenarios: true,
		install: FILE,
	});
	const { folder: bin, calls } = fakeMarktwin(join(folder, "gitlab-bin"));
	const cwd = join(folder, "gitlab-work");
	mkdirSync(cwd);
	const env = { PATH: `${bin}:${process.env.PATH}` };
	for (const job of ["marktwin-lint", "marktwin-run"])
		for (const line of jobs[job]?.script ?? [])
			await execute("sh", ["-c", line], { cwd, env });
	expect(calls()).toEqual([
		["check", ...ROUTER.check, "--", ...NAMES],
		...NAMES.map((name) => ["verdict", ...ROUTER.analysis, "--", name]),
		lints("gitlab", "gl-code-quality-report.json"),
		["lint", ...ROUTER.analysis, "--", ...NAMES],
		["run", "--report", "marktwin.html", "--junit", "marktwin.xml"],
	]);
	expect(jobs[".marktwin"]?.before_script).toEqual([
		"npm install --global --ignore-scripts --no-audit --no-fund -- 'tools/it'\\''s $1 marktwin.tgz'",
	]);
	// GitLab reads two dollars as one.
	expect(jobs[".marktwin"]?.cache).toEqual({
		key: { files: ["tools/it's $$1 marktwin.tgz"] },
		paths: [".npm/"],
	});
});

it("runs the package of the repository where package.json names it", () => {
	const job = {
		rules: ["a.rules"],
		router: NOTHING,
		hasScenarios: false,
		install: null,
	};
	const runs = github(job).jobs.ruleset.steps.flatMap(({ run }) => run ?? []);
	expect(runs.slice(0, 2)).toEqual([
		"npm ci\n",
		"npx --no-install marktwin check -- a.rules\n",
	]);
	expect(Object.keys(gitlab(job))).toEqual([".marktwin", "marktwin-lint"]);
});
