/** The command `marktwin`. What a command needs of the model is loaded when it runs, so that `--help` is quick. */
import { Command, CommanderError } from "commander";
import { reasonOf } from "../scenarios/run/file-failure.ts";
import { checkCommand } from "./check.ts";
import { compareCommand } from "./compare.ts";
import { EXIT, EXIT_HELP } from "./exit-code.ts";
import { fixCommand } from "./fix.ts";
import { fuzzCommand } from "./fuzz.ts";
import { healthcheckCommand } from "./healthcheck.ts";
import { InputError } from "./input-error.ts";
import { labCommand } from "./lab.ts";
import { mergeCommand } from "./merge.ts";
import { reportEarlyEnd, reportError } from "./report-error.ts";
import { runCommand } from "./run.ts";
import { saveCommand } from "./save.ts";
import { err, out } from "./screen.ts";
import { traceCommand } from "./trace.ts";
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
  marktwin run                                everything that comes with marktwin
  marktwin run my.scenario.ts                 a scenario of your own
  marktwin check /etc/iptables/rules.v4       would it load?
  marktwin trace my.rules --in bond0.204 --packet 'tcp 10.0.0.10:40000 > 10.0.0.1:25 S'`,
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
		healthcheckCommand(),
	])
		marktwin.addCommand(command);
	// Commander would end the process by itself, with exit code 1 for whatever it does not understand.
	for (const command of withSubcommands(marktwin))
		command
			.exitOverride()
			.configureOutput({
				writeOut: (text) => out.show([text.trimEnd()]),
				writeErr: (text) => err.show([text.trimEnd()]),
			})
			// "(default: false)" and "(default: [])" tell nobody anything.
			.configureHelp({ optionDescription: ({ description }) => description })
			.showHelpAfterError(
				`(${[...namesAbove(command), "--help"].join(" ")} tells more)`,
			);
	return marktwin;
}

function withSubcommands(command: Command): readonly Command[] {
	return [command, ...command.commands.flatMap(withSubcommands)];
}

/** `marktwin lab build`. */
function namesAbove(command: Command): readonly string[] {
	const above = command.parent === null ? [] : namesAbove(command.parent);
	return [...above, command.name()];
}

async function main(): Promise<void> {
	try {
		await program().parseAsync(process.argv);
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
