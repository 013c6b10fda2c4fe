/** Runs the built command as a user does. */
import { execFile } from "node:child_process";
import { inject } from "vitest";

export interface Finished {
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

export interface How {
	/** On standard input. */
	readonly input?: string;
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
}

export function marktwin(
	words: readonly string[],
	how: How = {},
): Promise<Finished> {
	return execute(process.execPath, [inject("command"), ...words], how);
}

/** Any program; its exit code is returned, whatever it is. */
export function execute(
	program: string,
	words: readonly string[],
	{ input = "", cwd, env = {} }: How = {},
): Promise<Finished> {
	const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
	return new Promise((resolve) => {
		const child = execFile(
			program,
			words,
			{
				cwd,
				env: { ...inherited, ...env },
				maxBuffer: 1 << 28,
				encoding: "utf8",
			},
			(error, out, err) => {
				const code = error ? Number(error.code) : 0;
				resolve({ code, out, err });
			},
		);
		child.stdin?.on("error", () => {});
		child.stdin?.end(input);
	});
}
