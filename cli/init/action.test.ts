/** The action at the top of the project: its steps are run as a runner runs them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { validateAction } from "@action-validator/core";
import { describe, expect, inject, it } from "vitest";
import { execute } from "../../test/marktwin.ts";
import { testRuleset } from "../../test/rulesets/test-rulesets.ts";
import { ROOT } from "../../test/source-files.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import {
	ACTION_FILE,
	type Context,
	createRunner,
	fakeMarktwin,
	type Runner,
	readAction,
} from "./test-workflow.ts";

const folder = temporaryFolder();
const action = readAction();
const [install, play, compare] = action.runs.steps;

/** Of the action, with what is left out as it is by default. */
const inputs = (given: Readonly<Record<string, string>>): Context => ({
	"github.action_path": ROOT,
	"github.repository": "me/firewall",
	"github.event.pull_request.number": "7",
	"github.token": "none",
	...Object.fromEntries(
		Object.entries(action.inputs).map(([name, input]) => [
			`inputs.${name}`,
			given[name] ?? input.default ?? "",
		]),
	),
});

/** An empty workspace. */
function workspace(name: string): { cwd: string; runner: Runner } {
	const cwd = join(folder, name, "workspace");
	mkdirSync(cwd, { recursive: true });
	return { cwd, runner: createRunner(join(folder, name, "runner")) };
}

describe("the action", () => {
	it("is one by GitHub's schema", () => {
		expect(validateAction(readFileSync(ACTION_FILE, "utf8")).errors).toEqual(
			[],
		);
	});

	it("puts no input into a script: inputs come by the environment", () => {
		for (const { run = "" } of action.runs.steps)
			expect(run).not.toContain("${{");
		for (const name of Object.keys(action.inputs))
			expect(
				action.runs.steps.flatMap(({ env = {} }) => Object.values(env)),
			).toContain(`\${{ inputs.${name} }}`);
	});

	it("installs a package, lints, writes SARIF and the summary, plays, and fails by the greatest exit code", async () => {
		const { cwd, runner } = workspace("real");
		const context = (rules: string) =>
			inputs({
				package: inject("tarball"),
				rules,
				severity: "note",
				sarif: "out.sarif",
				scenarios: "split",
			});
		const installed = await runner.run(install ?? {}, context(""), { cwd });
		expect(installed.code, installed.err).toBe(0);
		expect(runner.read("path")).toBe(
			`${runner.env.RUNNER_TEMP}/marktwin/installed/bin\n`,
		);
		writeFileSync(join(cwd, "good.rules"), testRuleset("nth-descending").text);
		writeFileSync(join(cwd, "bad.rules"), testRuleset("equal-nth-three").text);

		const good = await runner.run(play ?? {}, context("good.rules\n"), { cwd });
		expect(good.code, good.out + good.err).toBe(0);
		expect(runner.read("output")).toBe("exit-code=0\n");
		expect(runner.read("summary")).toContain("4 scenarios: 4 hold");
		// What each backend gets.
		expect(runner.read("summary")).toContain("10.20.0.12:80");

		const bad = await runner.run(play ?? {}, context("*.rules\n"), { cwd });
		expect(bad.code, bad.out + bad.err).toBe(1);
		expect(bad.out).toMatch(/^::\w+ file=bad\.rules,line=9,/m);
		expect(
			JSON.parse(readFileSync(join(cwd, "out.sarif"), "utf8")),
		).toMatchObject({ version: "2.1.0" });
		expect(runner.read("output")).toBe("exit-code=0\nexit-code=1\n");
	});
});

describe("inputs", () => {
	const HOSTILE = "$(touch gone) `touch gone`; touch gone #'\" --x .rules";

	/** Plays with a fake marktwin; the words that it was called with. */
	async function called(
		name: string,
		given: Readonly<Record<string, string>>,
		{ files = [], code = 0 }: { files?: readonly string[]; code?: number } = {},
	) {
		const { cwd, runner } = workspace(name);
		for (const file of files) writeFileSync(join(cwd, file), "");
		const { folder: bin, calls } = fakeMarktwin(
			join(folder, name, "bin"),
			code,
		);
		writeFileSync(runner.env.GITHUB_PATH ?? "", `${bin}\n`);
		const finished = await runner.run(play ?? {}, inputs(given), { cwd });
		return { ...finished, calls: calls(), output: runner.read("output") };
	}

	it("are words, whatever stands in them", async () => {
		const { calls, code } = await called(
			"hostile",
			{
				rules: `${HOSTILE}\n-v\n`,
				scenarios: `-v\n${HOSTILE}`,
				severity: HOSTILE,
				router: `--linux\n\n${HOSTILE}`,
				sarif: HOSTILE,
			},
			{ files: [HOSTILE] },
		);
		expect(code).toBe(0);
		const given = ["--severity", HOSTILE, "--linux", HOSTILE];
		const rules = [...given, "--", HOSTILE, "-v"];
		expect(calls).toEqual([
			["lint", "--format", "github", ...rules],
			["lint", "--format", "sarif", "--output", HOSTILE, ...rules],
			["verdict", "--markdown", ...given, "--", HOSTILE],
			["verdict", "--markdown", ...given, "--", "-v"],
			expect.arrayContaining(["run", "--", "-v", HOSTILE]),
		]);
	});

	it("are patterns where no file has that name, and stay where none matches", async () => {
		const { calls } = await called(
			"patterns",
			{ rules: "a*.rules\n\n[x].rules\nnone-*.rules" },
			{ files: ["a 1.rules", "a 2.rules", "[x].rules", "x.rules"] },
		);
		expect(calls[0]).toEqual(
			"lint --format github --severity warning --"
				.split(" ")
				.concat("a 1.rules", "a 2.rules", "[x].rules", "none-*.rules"),
		);
	});

	it("must name a ruleset", async () => {
		const { code, calls, out, output } = await called("empty", { rules: "\n" });
		expect({ code, calls }).toEqual({ code: 2, calls: [] });
		expect(out).toContain("::error::");
		expect(output).toBe("exit-code=2\n");
	});

	it("are all used, whatever an earlier command says", async () => {
		const given = { rules: "a.rules", sarif: "x.sarif", scenarios: "split" };
		const { code, calls, output } = await called("go-on", given, { code: 3 });
		expect(code).toBe(3);
		expect(calls.map(([command]) => command)).toEqual([
			"lint",
			"lint",
			"verdict",
			"run",
		]);
		expect(output).toBe("exit-code=3\n");
	});
});

describe("the comparison", () => {
	/** A repository with two commits of a ruleset, and programs that note how they are called. */
	async function comparedTo(
		name: string,
		given: Readonly<Record<string, string>>,
		{ known = "", code = 1 }: { known?: string; code?: number } = {},
	) {
		const { cwd, runner } = workspace(name);
		const git = (...words: readonly string[]) =>
			execute("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], {
				cwd,
			});
		writeFileSync(join(cwd, "a.rules"), "old");
		await git("init", "-q");
		await git("add", ".");
		await git("commit", "-qm", "rules");
		writeFileSync(join(cwd, "a.rules"), "new");
		writeFileSync(join(cwd, "b.rules"), "new");
		const { folder: bin, calls } = fakeMarktwin(
			join(folder, name, "bin"),
			code,
		);
		const log = join(folder, name, "gh");
		writeFileSync(
			join(bin, "gh"),
			`#!/bin/sh\necho "$*" >> ${log}\ncase "$*" in *--jq*) echo ${known};; esac\n`,
			{ mode: 0o755 },
		);
		writeFileSync(log, "");
		writeFileSync(runner.env.GITHUB_PATH ?? "", `${bin}\n`);
		const finished = await runner.run(
			compare ?? {},
			inputs({ rules: "*.rules", "compare-with": "HEAD", ...given }),
			{ cwd },
		);
		return {
			...finished,
			calls: calls(),
			output: runner.read("output"),
			summary: runner.read("summary"),
			asked: readFileSync(log, "utf8").trim().split("\n"),
		};
	}

	it("becomes a comment, and fails nothing by itself", async () => {
		const { code, err, calls, output, summary, asked } = await comparedTo(
			"first-comment",
			{},
		);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(calls).toEqual([
			["diff", "--markdown", "--git", "HEAD", "--", "a.rules"],
		]);
		expect(output).toBe("diff-exit-code=1\n");
		expect(summary).toContain("New: `b.rules`\n");
		expect(asked).toHaveLength(2);
		expect(asked[1]).toContain(
			"--method POST repos/me/firewall/issues/7/comments",
		);
	});

	it("is kept up to date, and fails where a list of allowed changes has it not", async () => {
		const given = { allow: "allowed", router: "--linux\ntrixie/nft" };
		const { code, calls, asked } = await comparedTo("next-comment", given, {
			known: "42",
		});
		expect(code).toBe(1);
		expect(calls[0]?.join(" ")).toContain(" --linux trixie/nft ");
		expect(calls[0]).toContain("--allow-file");
		expect(asked[1]).toContain(
			"--method PATCH repos/me/firewall/issues/comments/42",
		);
	});

	it("is no comment where none is wanted", async () => {
		const given = { comment: "false", rules: "a.rules" };
		const { code, asked } = await comparedTo("no-comment", given, { code: 0 });
		expect({ code, asked }).toEqual({ code: 0, asked: [""] });
	});
});
