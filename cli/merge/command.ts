import { Command } from "commander";
import {
	addOutputOptions,
	addScoreboardOption,
	type OutputOptions,
} from "../options/output-options.ts";

/** `marktwin merge FILE…`: one report of what several machines played. */
export function mergeCommand(): Command {
	const command = new Command("merge")
		.description("put the results of several machines together")
		.argument("<files...>", "what run, compare or fuzz wrote with --json");
	return addOutputOptions(addScoreboardOption(command))
		.addHelpText(
			"after",
			`
The exit code is that of the worst result; 2 when a shard is missing.

Examples:
  marktwin run --shard 1/2 --json 1.json           on one machine
  marktwin run --shard 2/2 --json 2.json           on another
  marktwin merge 1.json 2.json --report report.html`,
		)
		.action(async (files: readonly string[], options: OutputOptions) => {
			const { merge } = await import("./merge.ts");
			process.exitCode = await merge(files, options);
		});
}
