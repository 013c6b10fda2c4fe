import { Command } from "commander";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { readRules } from "../files/files.ts";
import { linuxOption } from "../options/driver-option.ts";
import { RULES_HELP } from "../options/world-options.ts";
import { sayNotes } from "../screen/say-notes.ts";
import { out, whileShowing } from "../screen/screen.ts";

/** `marktwin save RULES`: the ruleset as iptables-save prints it once it is loaded. */
export function saveCommand(): Command {
	return new Command("save")
		.description("print a ruleset as iptables-save does once it is loaded")
		.argument("<rules>", RULES_HELP)
		.option("-c, --counters", "print the counters of every rule", false)
		.addOption(linuxOption("whose iptables takes and prints the rules"))
		.addHelpText(
			"after",
			`
Tables stand in the order of the file; iptables-legacy-save prints them in the order of
/proc/net/ip_tables_names, the last one made first.

Examples:
  marktwin save firewall.sh > my.rules
  marktwin save old.rules > old.txt && marktwin save new.rules | diff old.txt -`,
		)
		.action(save);
}

async function save(
	file: string,
	{
		counters,
		linux = DEFAULT_LINUX,
	}: { readonly counters: boolean; readonly linux?: Linux },
): Promise<void> {
	const printed = await whileShowing(`reading ${file} …`, async () => {
		const { parseRules } = await import("../../sim/script/check-rules.ts");
		const { printRuleset } = await import("../../sim/ruleset/print.ts");
		const { name, text } = await readRules(file);
		const { ruleset, notes } = parseRules(text, { file: name, linux });
		sayNotes([...notes, ...openNames(ruleset, name)]);
		return printRuleset(ruleset, { counters, linux });
	});
	out.data(printed);
}

/** Of each rule that is printed as it was written. */
function openNames({ tables }: Ruleset, file: string): readonly Note[] {
	return tables
		.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules))
		.flatMap(({ line, asWritten }) => {
			if (asWritten === undefined) return [];
			const names = asWritten.needs.map(
				({ kind, name }) => `the ${kind} \`${name}'`,
			);
			const message = `printed as it is written: only the machine knows ${names.join(" and ")}`;
			return [{ file, line, message }];
		});
}
