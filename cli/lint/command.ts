import { Command, Option } from "commander";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { LintCommandOptions } from "./lint.ts";

const SEVERITIES = ["error", "warning", "note"];

/** `marktwin lint RULES…`: what is wrong with a ruleset that loads. */
export function lintCommand(): Command {
	const command = new Command("lint")
		.description(
			"find what is wrong with rulesets that load, and say what to do",
		)
		.argument("<rules...>", RULES_HELP)
		.addOption(
			new Option("--format <format>", "what is printed")
				.choices(["text", "json", "sarif", "github", "gitlab"])
				.default("text"),
		)
		.addOption(
			new Option(
				"--severity <severity>",
				"least severity of a finding that makes the exit code 1",
			)
				.choices(SEVERITIES)
				.default("warning"),
		)
		.option(
			"--only <codes>",
			"rules of the linter to run: MT101,MT102 (repeatable; default all)",
			addCodes,
			[],
		)
		.option(
			"--ignore <codes>",
			"rules of the linter not to run (repeatable)",
			addCodes,
			[],
		)
		.option(
			"--baseline <file>",
			"file of known findings: they are counted, not shown",
		)
		.addOption(
			new Option(
				"--write-baseline <file>",
				"write all findings to a file for --baseline",
			).conflicts("baseline"),
		)
		.option(
			"-o, --output <file>",
			"file to write to (default standard output)",
		);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin lint my.rules
  iptables-save | marktwin lint -
  marktwin lint --format sarif --output lint.sarif my.rules
  marktwin lint --addresses addr.json --routes route.json my.rules
  marktwin explain MT101

A comment suppresses a finding of the rule below it, with a reason:
  # marktwin-ignore MT101: weights by intention

Exit codes:
  0  no finding of --severity or above
  1  a finding of --severity or above
  2  a ruleset would not load, or another bad input
  3  no such finding, but something was not analysed: a file has no rules,
     packets of a service reach a rule that marktwin does not model, shares
     depend on what the model was not given (the members of a set: --sets), no
     packet met a rule that says where connections go (but for a set that was
     given without members), a rule looks up a set in a way in which no packet
     is ever in it, a dump says that it is not all, or a ruleset has more ways
     than are walked`,
		)
		.action(async (files: readonly string[], options: LintCommandOptions) => {
			const { lint } = await import("./lint.ts");
			await lint(files, options);
		});
}

/** `MT101,MT102`, several times. */
export function addCodes(
	text: string,
	before: readonly string[],
): readonly string[] {
	return [...before, ...text.split(",").map((code) => code.trim())];
}
