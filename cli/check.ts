import { Command } from "commander";
import type { Ruleset } from "../sim/ruleset/ruleset.ts";
import type { Fault } from "../sim/ruleset/ruleset-error.ts";
import { EXIT } from "./exit-code.ts";
import { readText } from "./files.ts";
import { jsonLine } from "./outputs/json-text.ts";
import { out, whileShowing } from "./screen.ts";
import { nameText } from "./screen-text.ts";

/** `marktwin check RULES…`: everything that iptables-restore or the kernel would refuse. */
export function checkCommand(): Command {
	return new Command("check")
		.description(
			"tell what iptables-restore or the kernel would refuse, all of it",
		)
		.argument(
			"<rules...>",
			"files that iptables-restore takes; - is standard input",
		)
		.option("--json", "faults as JSON on standard output", false)
		.addHelpText(
			"after",
			"\nExample:\n  marktwin check my.rules\n  iptables-save | marktwin check -\n\nExit code 2 when anything is refused.",
		)
		.action(check);
}

interface Checked {
	readonly file: string;
	readonly ruleset: Ruleset | null;
	readonly faults: readonly Fault[];
}

async function check(
	files: readonly string[],
	{ json }: { readonly json: boolean },
): Promise<void> {
	const { checkRuleset } = await import("../sim/ruleset/parse.ts");
	const checked: Checked[] = [];
	for (const file of files)
		checked.push(
			await whileShowing(`checking ${file} …`, async () => {
				const { name, text } = await readText(file);
				return { file: name, ...checkRuleset(text, { file: name }) };
			}),
		);
	if (json) printJson(checked);
	else await printWords(checked);
	if (checked.some(({ faults }) => faults.length > 0))
		process.exitCode = EXIT.badInput;
}

function printJson(checked: readonly Checked[]): void {
	const files = checked.map(({ file, faults }) => ({
		file,
		loads: faults.length === 0,
		faults,
	}));
	out.data(`${jsonLine({ files }, 2)}\n`);
}

async function printWords(checked: readonly Checked[]): Promise<void> {
	const { printFaults } = await import("../sim/ruleset/ruleset-error.ts");
	const { paint } = out;
	for (const { file, ruleset, faults } of checked) {
		if (ruleset) {
			out.show([
				`${paint("green", "✓")} ${nameText(file)} would load: ${sizeOf(ruleset)}`,
			]);
			continue;
		}
		const many = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
		out.show([
			`${printFaults(faults)}\n`,
			`${paint("red", "✗")} ${nameText(file)} would not load: ${many}`,
		]);
	}
}

/** `5 rules in mangle, 2 in nat`. */
function sizeOf(ruleset: Ruleset): string {
	const tables = ruleset.tables.map(({ name, chains }, index) => {
		const count = chains.reduce((sum, { rules }) => sum + rules.length, 0);
		const rules = index > 0 ? "" : count === 1 ? " rule" : " rules";
		return `${count}${rules} in ${name}`;
	});
	return tables.length === 0 ? "no tables" : tables.join(", ");
}
