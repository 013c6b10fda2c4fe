import { Command } from "commander";
import { addWorldOptions, RULES_HELP } from "../options/world-options.ts";
import type { ExploreOptions } from "./explore.ts";

/** `marktwin explore [RULES]`: a ruleset to play with. */
export function exploreCommand(): Command {
	const command = new Command("explore")
		.description(
			"write a page to play with a ruleset: connect, step packet by packet, switch\nbackends and conditions, edit the rules",
		)
		.argument(
			"[rules]",
			`${RULES_HELP}; or a scenario file (.ts, .mts, .js, .mjs, .json; default examples to choose from)`,
		)
		.option(
			"-o, --output <file>",
			"page to write; - is standard output",
			"explore.html",
		)
		.option(
			"-f, --filter <text>",
			"of a scenario file that has several: the scenario of this name, else the one with the text in name, suite or title",
		)
		.option("--open", "open the page in the browser", false);
	return addWorldOptions(command)
		.addHelpText(
			"after",
			`
Examples:
  marktwin explore my.rules --open
  iptables-save | marktwin explore - --output router.html
  marktwin explore web.scenario.ts
  marktwin explore                     examples, and rules to paste

The page needs no server and no network: the model runs in it, and nothing leaves it.

Exit codes:
  0  the page is written
  2  bad input; or the rules would not load: the page is written, and shows why`,
		)
		.action(async (file: string | undefined, options: ExploreOptions) => {
			const { explore } = await import("./explore.ts");
			process.exitCode = await explore(file, options);
		});
}
