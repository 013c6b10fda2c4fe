/** The hooks for pre-commit at the top of the project. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { parse } from "yaml";
import { execute, marktwin } from "../../test/marktwin.ts";
import { AS_PUBLISHED } from "../../test/recipe.ts";
import { ROOT } from "../../test/source-files.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

interface Hook {
	readonly id: string;
	readonly entry: string;
	readonly language: string;
	readonly files: string;
}

const hooks = parse(
	readFileSync(join(ROOT, ".pre-commit-hooks.yaml"), "utf8"),
) as readonly Hook[];

it("are three, which pre-commit installs with npm", () => {
	expect(hooks.map(({ id, language }) => [id, language])).toEqual([
		["marktwin-check", "node"],
		["marktwin-lint", "node"],
		["marktwin-fix", "node"],
	]);
});

it("take the names that rulesets have", () => {
	const taken = ["a.rules", "x/rules.v4", "rules.v4"];
	for (const { files } of hooks)
		expect(
			[...taken, "x/myrules.v4", "rules.v6", "a.rules.md"].filter((name) =>
				new RegExp(files).test(name),
			),
		).toEqual(taken);
});

it("name commands that there are", async () => {
	for (const { entry } of hooks.filter(({ id }) => id !== "marktwin-fix")) {
		const [program, ...words] = entry.split(" ");
		expect(program).toBe("marktwin");
		const { out } = await marktwin([...words, "--help"]);
		expect(out).toContain(`Usage: ${entry} `);
	}
});

it("repair each file in place, and fail where one is left that would not load", async () => {
	const cwd = temporaryFolder();
	writeFileSync(
		join(cwd, "marktwin"),
		`#!/bin/sh\nexec '${process.execPath}' '${inject("command")}' "$@"\n`,
		{ mode: 0o755 },
	);
	writeFileSync(join(cwd, "-a b.rules"), readFileSync(AS_PUBLISHED));
	writeFileSync(
		join(cwd, "c.rules"),
		"*nat\n-A PREROUTING --sideways -j ACCEPT\nCOMMIT\n",
	);
	writeFileSync(join(cwd, "d.rules"), readFileSync(AS_PUBLISHED));
	const [, , fix] = hooks;
	// pre-commit takes the entry apart as a shell does, and adds the files.
	const call = (files: string) =>
		execute("sh", ["-c", `${fix?.entry} ${files}`], {
			cwd,
			env: { PATH: `${cwd}:${process.env.PATH}` },
		});
	const { code } = await call("'-a b.rules' c.rules d.rules");
	expect(code).toBe(2);
	for (const file of ["./-a b.rules", "d.rules"]) {
		const checked = await marktwin(["check", file], { cwd });
		expect(checked.out).toContain("would load");
		expect(checked.code).toBe(0);
	}
	expect((await call("'-a b.rules'")).code).toBe(0);
});
