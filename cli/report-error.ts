/** Any error → what the user reads of it, and the exit code. */
import { EXIT } from "./exit-code.ts";
import { InputError } from "./input-error.ts";
import { version } from "./version.ts";

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
	"SetupError",
]);

/** @param words the command line */
export function reportError(
	error: unknown,
	words: readonly string[],
): ErrorReport {
	if (error instanceof InputError) {
		const { message, remedy } = error;
		const text = `marktwin: ${message}${remedy && `\n  ${remedy}`}`;
		return { exitCode: EXIT.badInput, text };
	}
	if (error instanceof Error && USERS_ERRORS.has(error.name))
		return { exitCode: EXIT.badInput, text: error.message };
	if (error instanceof Error && error.name === "LabError")
		return { exitCode: EXIT.lab, text: error.message };
	return { exitCode: EXIT.bug, text: bugReport(error, words) };
}

function bugReport(error: unknown, words: readonly string[]): string {
	const what = error instanceof Error ? (error.stack ?? error.message) : error;
	return [
		"This is a bug in marktwin, not in what you gave it.",
		`Please report it to ${REPORT_TO}, with these lines and the files that were read:`,
		"",
		`  marktwin ${version()}, Node ${process.version}, ${process.platform} ${process.arch}`,
		`  marktwin ${words.join(" ")}`,
		"",
		String(what).replace(/^/gm, "  "),
	].join("\n");
}
