/** Any error → what the user reads of it, and the exit code. */
import { resolve } from "node:path";
import { reasonWithPlace } from "../../scenarios/load/syntax-place.ts";
import { shellLine } from "../../scenarios/result/invocation.ts";
import { EXIT } from "../base/exit-code.ts";
import { usersModules } from "../base/users-code.ts";
import { version } from "../base/version.ts";
import { InputError } from "../screen/input-error.ts";
import { nameText } from "../screen/screen-text.ts";

export interface ErrorReport {
	readonly exitCode: number;
	/** "" when everything was said already. */
	readonly text: string;
}

/** Where bugs go. */
const REPORT_TO = "the project's issue tracker";

/** Errors of the rooms below that say what the user gave wrong; by their names, so that none is loaded for it. */
const USERS_ERRORS: ReadonlySet<string> = new Set([
	"RulesetError",
	"ScenarioError",
]);

/** @param words the command line */
export function reportError(
	error: unknown,
	words: readonly string[],
): ErrorReport {
	if (error instanceof InputError) {
		const { message, remedy } = error;
		const text = `marktwin: ${message}${remedy && `\n${remedy.replace(/^/gm, "  ")}`}`;
		return { exitCode: EXIT.badInput, text };
	}
	if (error instanceof Error && error.name === "SetupError")
		return { exitCode: EXIT.badInput, text: nameText(error.message) };
	if (error instanceof Error && USERS_ERRORS.has(error.name))
		return { exitCode: EXIT.badInput, text: error.message };
	if (error instanceof Error && error.name === "LabError")
		return { exitCode: EXIT.lab, text: error.message };
	const fault = faultOfUsersCode(error);
	if (fault !== null) return { exitCode: EXIT.badInput, text: fault };
	return { exitCode: EXIT.bug, text: bugReport(error, words) };
}

/** The process ends although the command is not done: only code that it runs for the user can do that. */
export function reportEarlyEnd(words: readonly string[]): ErrorReport {
	const files = usersModules();
	if (files.length === 0)
		return {
			exitCode: EXIT.bug,
			text: bugReport("The command ended before it was done.", words),
		};
	return {
		exitCode: EXIT.badInput,
		text: `${nameText(files.join(", "))}: the command ended before it was done\n    A scenario file may neither call process.exit() nor await what never comes.`,
	};
}

/** What a scenario file's own code throws once it is loaded, in a timer or a getter; `null` for anything else. */
function faultOfUsersCode(error: unknown): string | null {
	for (const file of usersModules()) {
		const { path, message } = reasonWithPlace(error, resolve(file));
		if (path !== "")
			return `${nameText(file)}: ${path}: ${nameText(message)}\n    The file's own code failed after it was loaded.`;
	}
	return null;
}

function bugReport(error: unknown, words: readonly string[]): string {
	const what = error instanceof Error ? (error.stack ?? error.message) : error;
	return [
		"This is a bug in marktwin, not in what you gave it.",
		`Please report it to ${REPORT_TO}, with these lines and the files that were read:`,
		"",
		`  marktwin ${version()}, Node ${process.version}, ${process.platform} ${process.arch}`,
		`  ${shellLine(["marktwin", ...words])}`,
		"",
		String(what).replace(/^/gm, "  "),
	].join("\n");
}
