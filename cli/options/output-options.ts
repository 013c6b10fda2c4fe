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
			"HTML page that shows what happened: one file that needs nothing else (- is standard output)",
		)
		.option(
			"--junit <file>",
			"JUnit XML, which CI systems read (- is standard output)",
		)
		.option(
			"--json <file>",
			"everything that happened, as JSON; marktwin merge reads it (- is standard output)",
		)
		.option(
			"--summary <file>",
			'Markdown summary, added to the file when that is "$GITHUB_STEP_SUMMARY" (- is standard output)',
		);
}

/** For the commands that have fuzzes to tell of. */
export function addScoreboardOption(command: Command): Command {
	return command.option(
		"--scoreboard <file>",
		"Markdown that shows what a fuzz has played and covered (- is standard output)",
	);
}
