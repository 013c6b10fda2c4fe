import { Command } from "commander";
import { readText } from "./files.ts";
import { out, whileShowing } from "./screen.ts";

/** `marktwin save RULES`: the ruleset as iptables-save prints it once it is loaded. */
export function saveCommand(): Command {
	return new Command("save")
		.description("print a ruleset as iptables-save does once it is loaded")
		.argument(
			"<rules>",
			"file that iptables-restore takes; - is standard input",
		)
		.option("-c, --counters", "with the counters of every rule", false)
		.addHelpText(
			"after",
			"\nExample:\n  marktwin save my.rules | diff - saved.rules",
		)
		.action(save);
}

async function save(
	file: string,
	{ counters }: { readonly counters: boolean },
): Promise<void> {
	const printed = await whileShowing(`reading ${file} …`, async () => {
		const { parseRuleset } = await import("../sim/ruleset/parse.ts");
		const { printRuleset } = await import("../sim/ruleset/print.ts");
		const { name, text } = await readText(file);
		return printRuleset(parseRuleset(text, { file: name }), { counters });
	});
	out.data(printed);
}
