import { Command, Option } from "commander";
import type { Change } from "../../sim/ruleset/fix/change.ts";
import { EXIT } from "../base/exit-code.ts";
import { identityOf, readRules, STANDARD, writeWhole } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";

interface FixOptions {
	readonly output?: string;
	readonly inPlace?: boolean;
}

/** `marktwin fix RULES`: repairs what is plainly meant, and says what it did. */
export function fixCommand(): Command {
	return new Command("fix")
		.description(
			"print the repaired ruleset, and on standard error what changed",
		)
		.argument(
			"<rules>",
			"file to repair, or shell script of iptables commands; - is standard input",
		)
		.option(
			"-o, --output <file>",
			"file to write the repaired ruleset to (default standard output)",
		)
		.addOption(
			new Option(
				"--in-place",
				"write the repaired ruleset back to the file",
			).conflicts("output"),
		)
		.addHelpText(
			"after",
			`
Examples:
  marktwin fix pasted.rules --output my.rules
  marktwin fix pasted.rules | iptables-restore --test

  marktwin fix firewall.sh --output my.rules

Of a script comes a file for iptables-restore: the same commands, table by table.
A ruleset that loads stays as it is.

Exit code 2 when something is left that would be refused; --in-place then changes nothing.`,
		)
		.action(fix);
}

async function fix(file: string, options: FixOptions): Promise<void> {
	const { output, inPlace = false } = options;
	if (inPlace && file === STANDARD)
		throw new InputError(
			"--in-place needs a file",
			"Standard input has no place to write back to.",
		);
	const isOverItself =
		output !== undefined &&
		![file, output].includes(STANDARD) &&
		(await identityOf(output)) === (await identityOf(file));
	if (isOverItself)
		throw new InputError(
			`--output ${output} is the file that is read`,
			"--in-place repairs a file where it is, and leaves it alone where faults remain.",
		);
	const { name, text } = await readRules(file);
	const { fixRules } = await import("../../sim/script/fix-rules.ts");
	const { printFaults } = await import(
		"../../sim/ruleset/base/ruleset-error.ts"
	);
	const fixed = await whileShowing(`repairing ${name} …`, async () =>
		fixRules(text, { file: name }),
	);
	const { paint } = err;
	const say = (line: string) => err.show([line]);
	for (const change of fixed.changes) say(printChange(change, name, paint));
	sayNotes(fixed.notes);
	if (inPlace && fixed.isScript)
		throw new InputError(
			`${name} is a script, and --in-place would put a file for iptables-restore in its place`,
			"Name another file: --output my.rules.",
		);
	if (fixed.changes.length === 0 && !fixed.isRefused)
		say(`${nameText(name)}: nothing to repair`);
	if (fixed.faults.length > 0) {
		say(
			fixed.isRefused
				? "\nThe script stays as it is:\n"
				: "\nStill to be done by hand, in lines of the repaired text:\n",
		);
		say(printFaults(fixed.faults));
		process.exitCode = EXIT.badInput;
	}
	if (fixed.isRefused) return;
	if (output !== undefined && output !== STANDARD)
		await writeWhole(output, fixed.text);
	else if (!inPlace) out.data(fixed.text);
	else if (fixed.faults.length > 0)
		say(`\n${nameText(name)} was left as it is.`);
	else if (fixed.text !== text) await writeWhole(file, fixed.text);
}

/** What was done, the line before and the line after, as diff marks them. */
function printChange(
	{ line, what, before, after }: Change,
	file: string,
	paint: Paint,
): string {
	const marked = (mark: string, text: string) =>
		text === "" ? [] : text.split("\n").map((one) => `  ${mark} ${one}`);
	return [
		`${nameText(file)}:${line}: ${what}`,
		...marked("-", before).map((one) => paint("red", one)),
		...marked("+", after).map((one) => paint("green", one)),
	].join("\n");
}
