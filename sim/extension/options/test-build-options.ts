/**
 * Reads the options of a single extension, as a rule does it (`ruleset/line/line-parser.ts`), for tests of
 * that extension alone:
 *
 * ```ts
 * buildOptions(statistic, "--mode nth --every 2 --packet 0") // { mode: "nth", every: 2, … }
 * ```
 */

import { DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { Refusal } from "../refusal.ts";
import { readProtocol } from "../values/read-value.ts";
import { OptionScope } from "./option-scope.ts";
import { type AnyExtension, optionTable } from "./option-table.ts";
import { takeOption, unknownOption } from "./parse-options.ts";
import { ParsedOptions } from "./parsed-options.ts";
import { WordReader } from "./word-reader.ts";

/**
 * Builds one extension's options from text.
 * @param text words divided by blanks, `!` among them; no quotes
 * @param about protocol that the rule's `-p` asks for, by name or number
 * @throws Refusal with iptables' words
 */
export function buildOptions(
	extension: AnyExtension,
	text: string,
	about: { readonly protocol?: string } = {},
): object {
	const table = optionTable(extension);
	const given = new ParsedOptions(table, 0);
	given.protocol = about.protocol ? readProtocol(about.protocol) : 0;
	const scope = new OptionScope().with(table);
	const reader = new WordReader();
	const words = text.split(/\s+/).filter(Boolean);
	reader.start(words, words.length);
	let inverted = false;
	for (;;) {
		const found = reader.next(scope);
		if (found === "end") break;
		if (found === "word" && reader.argument === "!") {
			inverted = true;
			continue;
		}
		if (found === "word")
			throw new Refusal(
				`Bad argument \`${reader.argument}'`,
				"Is an option's name missing before it?",
				reader.word,
			);
		if (found === "incomplete")
			throw new Refusal(
				`option "${reader.words[reader.index - 1]}" requires an argument`,
				"Write a value behind it.",
				reader.word,
			);
		if (found === "unknown" || reader.option?.kind !== "extension")
			throw unknownOption(reader, DEFAULT_BEHAVIOUR);
		takeOption(given, reader, inverted);
		inverted = false;
	}
	return given.build();
}
