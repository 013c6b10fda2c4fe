import type { Command } from "commander";

/** Where results go besides the screen; `-` is standard output. */
export interface OutputOptions {
	readonly report?: string;
	readonly junit?: string;
	readonly json?: string;
	readonly summary?: string;
	/** Of a fuzz. */
	readonly scoreboard?: string;
}

export function addOutputOptions(command: Command): Command {
	return command
		.option(
			"--report <file>",
			"write an HTML page that shows what happened: one file that needs nothing else",
		)
		.option("--junit <file>", "write JUnit XML, which CI systems read")
		.option(
			"--json <file>",
			"write everything that happened; marktwin merge reads it; - is standard output",
		)
		.option(
			"--summary <file>",
			'write Markdown; appended to when it is "$GITHUB_STEP_SUMMARY"',
		);
}

/** For the commands that have fuzzes to tell of. */
export function addScoreboardOption(command: Command): Command {
	return command.option(
		"--scoreboard <file>",
		"write what a fuzz has played and covered, as Markdown",
	);
}
