/** The command `marktwin`. What a command needs of the model is loaded when it runs, so that `--help` is quick. */
import { Command, CommanderError } from "commander";
import { reasonOf } from "../scenarios/files/file-failure.ts";
import { checkCommand } from "./check/command.ts";
import { compareCommand } from "./compare/command.ts";
import { exampleCommand } from "./example/command.ts";
import { EXIT, EXIT_HELP } from "./exit-code.ts";
import { fixCommand } from "./fix/command.ts";
import { fuzzCommand } from "./fuzz/command.ts";
import { healthcheckCommand } from "./healthcheck/command.ts";
import { describeOption, fitHelp, refuseRepeated } from "./help.ts";
import { InputError } from "./input-error.ts";
import { labCommand } from "./lab/command.ts";
import { mergeCommand } from "./merge/command.ts";
import { reportEarlyEnd, reportError } from "./report-error.ts";
import { runCommand } from "./run/command.ts";
import { saveCommand } from "./save/command.ts";
import { err, out } from "./screen/screen.ts";
import { nameText } from "./screen/screen-text.ts";
import { traceCommand } from "./trace/command.ts";
import { version } from "./version.ts";

const words = process.argv.slice(2);

/** Whoever ends the process before this is set is not marktwin: nothing was judged. */
let isDone = false;

function end(exitCode: number): never {
	isDone = true;
	process.exit(exitCode);
}

function program(): Command {
	const marktwin = new Command("marktwin")
		.description(
			"A twin of the kernel that marks: plays connections against an iptables ruleset\nand tells whether it splits them evenly, fails over and keeps its promises.",
		)
		.version(version())
		// Whatever stands behind a command is that command's, so that `lab shell` can leave it to another.
		.enablePositionalOptions()
		.addHelpText("after", `\n${EXIT_HELP}`)
		.addHelpText(
			"after",
			`
Examples:
  marktwin check /etc/iptables/rules.v4   would it load?
  marktwin run builtin                    plays all that comes with marktwin
  marktwin run                            plays *.scenario.* below this folder
  marktwin example demo                   a ruleset and scenarios to begin with`,
		);
	for (const command of [
		runCommand(),
		traceCommand(),
		saveCommand(),
		checkCommand(),
		fixCommand(),
		compareCommand(),
		fuzzCommand(),
		mergeCommand(),
		labCommand(),
		exampleCommand(),
		healthcheckCommand(),
	])
		marktwin.addCommand(command);
	// Commander would end the process by itself, with exit code 1 for whatever it does not understand.
	for (const command of withSubcommands(marktwin)) {
		command
			.exitOverride()
			.configureOutput({
				writeOut: (text) => out.show([fitHelp(text)]),
				writeErr: (text) => err.show([fitHelp(text)]),
				outputError: (text, write) => write(onOneLine(text)),
			})
			.configureHelp({ optionDescription: describeOption, helpWidth: 80 })
			.showHelpAfterError(
				`(${[...namesAbove(command), "--help"].join(" ")} shows what it takes)`,
			);
		refuseRepeated(command);
	}
	return marktwin;
}

/** What an error of commander's quotes of the command line ends no line; its own advice stands on the next one. */
function onOneLine(text: string): string {
	const [advice = ""] = /\n\(Did you mean [^\n]*\)\n?$/.exec(text) ?? [];
	return `${nameText(text.slice(0, text.length - advice.length).trimEnd())}${advice}`;
}

function withSubcommands(command: Command): readonly Command[] {
	return [command, ...command.commands.flatMap(withSubcommands)];
}

/** `marktwin lab build`. */
function namesAbove(command: Command): readonly string[] {
	const above = command.parent === null ? [] : namesAbove(command.parent);
	return [...above, command.name()];
}

/** `help rnu` is answered as `rnu` is: Commander would show the help of something else, and exit with 0. */
function withKnownHelp(
	words: readonly string[],
	command: Command,
): readonly string[] {
	const [first, ...rest] = words;
	const below = command.commands.find((one) => one.name() === first);
	if (first !== undefined && below !== undefined && below.commands.length > 0)
		return [first, ...withKnownHelp(rest, below)];
	const [asked] = rest;
	if (first !== "help" || asked === undefined) return words;
	const isKnown = command.commands.some((one) => one.name() === asked);
	return isKnown ? words : rest;
}

async function main(): Promise<void> {
	try {
		const marktwin = program();
		await marktwin.parseAsync(withKnownHelp(words, marktwin), {
			from: "user",
		});
	} catch (error) {
		if (error instanceof CommanderError)
			process.exitCode = error.exitCode === 0 ? EXIT.holds : EXIT.badInput;
		else process.exitCode = report(error);
	}
}

/** @returns the exit code */
function report(error: unknown): number {
	const { exitCode, text } = reportError(error, words);
	err.show([text]);
	return exitCode;
}

// Node would end with 1, which says that something is violated.
process.on("uncaughtException", (error) => end(report(error)));

for (const stream of [process.stdout, process.stderr])
	stream.on("error", (error: NodeJS.ErrnoException) => {
		// `marktwin run | head`: the reader has seen enough, and nothing is wrong.
		if (error.code === "EPIPE") end(EXIT.brokenPipe);
		end(report(new InputError(`cannot write: ${reasonOf(error)}`)));
	});

process.on("exit", () => {
	if (isDone) return;
	const { exitCode, text } = reportEarlyEnd(words);
	err.show([text]);
	process.exitCode = exitCode;
});

await main();
isDone = true;
