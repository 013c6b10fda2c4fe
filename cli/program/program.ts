/** A command of commander's as a program: help that fits, errors in our words, exit codes, readers that go away. */
import { type Command, CommanderError } from "commander";
import { reasonOf } from "../../scenarios/files/file-failure.ts";
import { EXIT } from "../base/exit-code.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { describeOption, fitHelp, refuseRepeated } from "./help.ts";
import { reportEarlyEnd, reportError } from "./report-error.ts";

/** Runs it to its end, with the words of the command line. */
export async function runProgram(program: Command): Promise<void> {
	const words = process.argv.slice(2);
	/** Code that ends the process before this is set is not marktwin's: nothing was judged. */
	let isDone = false;
	/** @returns the exit code */
	const report = (error: unknown): number => {
		const { exitCode, text } = reportError(error, words);
		err.show([text]);
		return exitCode;
	};
	const end = (exitCode: number): never => {
		isDone = true;
		process.exit(exitCode);
	};
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
	try {
		prepare(program);
		await program.parseAsync(withKnownHelp(words, program), { from: "user" });
	} catch (error) {
		if (error instanceof CommanderError)
			process.exitCode = error.exitCode === 0 ? EXIT.holds : EXIT.badInput;
		else process.exitCode = report(error);
	}
	isDone = true;
}

/** Commander would end the process by itself, with exit code 1 for whatever it does not understand. */
function prepare(program: Command): void {
	for (const command of withSubcommands(program)) {
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
}

/** What an error of commander's quotes of the command line ends no line; its own advice stands on the next one. */
function onOneLine(text: string): string {
	const [advice = ""] = /\n\(Did you mean [^\n]*\)\n?$/.exec(text) ?? [];
	return `${nameText(text.slice(0, text.length - advice.length).trimEnd())}${advice}`;
}

/** The command and all below it. */
export function withSubcommands(command: Command): readonly Command[] {
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
