import { Command } from "commander";
import { out } from "../screen/screen.ts";

/** `marktwin explain [RULE]`: the page of a rule of the linter, or the list of all. */
export function explainCommand(): Command {
	return new Command("explain")
		.description("explain a rule of the linter: why it matters and what to do")
		.argument(
			"[rule]",
			"code or name of a rule: MT101 (default the list of all)",
		)
		.addHelpText(
			"after",
			`
Examples:
  marktwin explain
  marktwin explain MT801`,
		)
		.action(explain);
}

async function explain(word: string | undefined): Promise<void> {
	if (word === undefined) {
		const { listLines } = await import("./print.ts");
		return out.show(listLines(out));
	}
	const { findRule } = await import("./find-rule.ts");
	const { pageLines } = await import("./print.ts");
	out.show(pageLines(findRule(word), out));
}
