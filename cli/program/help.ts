/** Help texts: what an option takes when it is left out, what it may be, and lines that fit a terminal. */
import type { Command, Option } from "commander";
import { wrap } from "../screen/wrap.ts";

const COLUMNS = 80;

/** `what the model is compared with (choices: vm, docker; default vm)`. */
export function describeOption({
	description,
	argChoices = [],
	defaultValue,
}: Option): string {
	const said = [
		...(argChoices.length > 0 ? [`choices: ${argChoices.join(", ")}`] : []),
		// Flags are off, and lists are empty: that needs no word.
		...(["string", "number"].includes(typeof defaultValue)
			? [`default ${defaultValue}`]
			: []),
	];
	return said.length === 0
		? description
		: `${description} (${said.join("; ")})`;
}

/** Paragraphs are broken between words; errors and examples stay on their lines, to be copied. */
export function fitHelp(text: string): string {
	return text.trimEnd().replace(/[^\n]+(?:\n[^\n]+)*/g, fitBlock);
}

function fitBlock(block: string): string {
	const lines = block.split("\n");
	if (lines.every((line) => line.length <= COLUMNS)) return block;
	const isProse = lines.every((line) => /^(?!error:)\S/.test(line));
	if (isProse) return wrap(lines.join(" "), COLUMNS).join("\n");
	return lines.flatMap(fitLine).join("\n");
}

function fitLine(line: string): readonly string[] {
	if (line.length <= COLUMNS || /^(error:| {2}marktwin )/.test(line))
		return [line];
	const [indent = ""] = /^ */.exec(line) ?? [];
	return wrap(line.trimStart(), COLUMNS - indent.length).map(
		(part) => indent + part,
	);
}

/** Of an option that is given twice one would be ignored: only those that say so are repeatable. */
export function refuseRepeated(command: Command): void {
	for (const option of command.options) {
		if (option.isBoolean() || /\(repeatable\b/.test(option.description))
			continue;
		let times = 0;
		command.on(`option:${option.name()}`, () => {
			if (++times > 1)
				command.error(`error: option '${option.flags}' is given twice`);
		});
	}
}
