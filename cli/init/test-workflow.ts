/** Steps of workflows and actions, run as a runner runs them, with a fake of what GitHub gives. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { execute, type Finished } from "../../test/marktwin.ts";

export interface Step {
	readonly name?: string;
	readonly id?: string;
	readonly if?: string;
	readonly run?: string;
	readonly uses?: string;
	readonly shell?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly with?: Readonly<Record<string, unknown>>;
}

export interface Action {
	readonly inputs: Readonly<
		Record<string, { readonly default?: string; readonly required?: boolean }>
	>;
	readonly runs: { readonly steps: readonly Step[] };
}

export const ACTION_FILE = join(import.meta.dirname, "../../action.yml");
export const readAction = (): Action =>
	parse(readFileSync(ACTION_FILE, "utf8")) as Action;

/** What a runner knows: `inputs.rules`, `github.action_path`. */
export type Context = Readonly<Record<string, string>>;

/** `${{ inputs.rules }}`, `${{ '…' }}` → what stands in the context, or the text. */
function putIn(text: string, context: Context): string {
	return text.replaceAll(
		/\$\{\{ (?:'(.*?)'|([\w.-]+)) \}\}/g,
		(_, quoted?: string, name = "") => {
			const value = quoted ?? context[name];
			if (value === undefined) throw new Error(`no ${name} in the context`);
			return value;
		},
	);
}

/** A runner of its own: its files, below a folder, and its environment. */
export interface Runner {
	readonly folder: string;
	readonly env: Readonly<Record<string, string>>;
	/** What was written to `GITHUB_PATH`, `GITHUB_OUTPUT` or `GITHUB_STEP_SUMMARY`. */
	read(file: "path" | "output" | "summary"): string;
	run(step: Step, context: Context, how: { cwd: string }): Promise<Finished>;
}

export function createRunner(folder: string): Runner {
	const file = (name: string) => join(folder, name);
	mkdirSync(file("temp"), { recursive: true });
	for (const name of ["path", "output", "summary"])
		writeFileSync(file(name), "");
	const env = {
		GITHUB_ACTIONS: "true",
		GITHUB_PATH: file("path"),
		GITHUB_OUTPUT: file("output"),
		GITHUB_STEP_SUMMARY: file("summary"),
		RUNNER_TEMP: file("temp"),
	};
	const read = (name: string) => readFileSync(file(name), "utf8");
	return {
		folder,
		env,
		read,
		run: ({ run = "", shell, env: own = {} }, context, { cwd }) => {
			const script = file("step.sh");
			writeFileSync(script, putIn(run, context));
			const before = read("path").trim().split("\n");
			// As GitHub calls it: https://docs.github.com/actions/reference/workflow-syntax-for-github-actions
			const options =
				shell === "bash"
					? ["--noprofile", "--norc", "-eo", "pipefail"]
					: ["-e"];
			return execute("bash", [...options, script], {
				cwd,
				env: {
					...env,
					PATH: [...before.reverse(), process.env.PATH ?? ""].join(":"),
					...Object.fromEntries(
						Object.entries(own).map(([name, value]) => [
							name,
							putIn(value, context),
						]),
					),
				},
			});
		},
	};
}

/**
 * A program `marktwin` that notes its words, a JSON list a line.
 * @returns its folder, for PATH, and what it was called with
 */
export function fakeMarktwin(folder: string, code = 0) {
	mkdirSync(folder, { recursive: true });
	const log = join(folder, "calls");
	writeFileSync(
		join(folder, "marktwin"),
		`#!${process.execPath}\nrequire("fs").appendFileSync(${JSON.stringify(log)}, JSON.stringify(process.argv.slice(2)) + "\\n"); process.exitCode = ${code};\n`,
		{ mode: 0o755 },
	);
	writeFileSync(log, "");
	return {
		folder,
		calls: () =>
			readFileSync(log, "utf8")
				.trim()
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line) as readonly string[]),
	};
}
