/** The programs of a configuration's probes, looked for before the first probe. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import type { ScenarioFault } from "../../scenarios/language/scenario-error.ts";
import { shortageOf } from "../shortage.ts";

/**
 * Why a program cannot be run, in words; `null` where it can, and where that is not known. A name
 * without a slash is looked for in PATH, as execvp(3) does.
 */
function whyNotRunnable(
	program: string,
	path: string | undefined = process.env.PATH,
): string | null {
	if (program.includes("/")) return whyNotFile(program);
	// Without PATH it is the C library that knows where programs are.
	if (path === undefined) return null;
	const found = path
		.split(delimiter)
		.map((folder) => whyNotFile(join(folder === "" ? "." : folder, program)));
	if (found.includes(null)) return null;
	const another = found.find((why) => why !== NOT_THERE);
	return another ?? "no such program in PATH";
}

const NOT_THERE = "no such file or folder";

function whyNotFile(file: string): string | null {
	try {
		if (!statSync(file).isFile()) return "it is no file";
		accessSync(file, constants.X_OK);
		return null;
	} catch (error) {
		// What is short now says nothing of the program.
		if (shortageOf(error) !== null) return null;
		return codeOf(error) === "ENOTDIR" ? NOT_THERE : reasonOf(error);
	}
}

/** A fault for a program that is not there, or may not be run. */
export function programFault(
	command: readonly string[],
	path: string,
): readonly ScenarioFault[] {
	const [program = ""] = command;
	const why = program === "" ? null : whyNotRunnable(program);
	if (why === null) return [];
	return [
		{
			path,
			message: `"${program}" cannot be run: ${why}`,
			remedy:
				"Name a program that exists and that this user may run; without a probe nothing is known of a backend.",
		},
	];
}
