/**
 * Reads the options of a single extension, the way that a rule does it (`ruleset/line/line-parser.ts`),
 * for whoever wants to try an extension alone:
 *
 * ```ts
 * buildOptions(statistic, "--mode nth --every 2 --packet 0") // { mode: "nth", every: 2, … }
 * ```
 */

import { readProtocol } from "../values/read-value.ts";
import { EMPTY_SCOPE } from "./option-scope.ts";
import { type AnyExtension, optionTable } from "./option-table.ts";
import { ParsedOptions } from "./parsed-options.ts";
import { Refusal } from "./refusal.ts";
import { joinWords } from "./two-words.ts";
import { WordReader } from "./word-reader.ts";

/** Hands the option that the reader has found to the extension that it belongs to. */
export function takeOption(
	given: ParsedOptions,
	reader: WordReader,
	inverted: boolean,
): void {
	const { option } = reader;
	if (option?.kind !== "extension") return;
	const { entry } = option;
	const place = reader.word;
	let text = reader.argument ?? "";
	if (entry.words === 2) {
		const second = reader.peekPlain();
		if (second === null)
			throw new Refusal(
				`--${entry.entry.sameAs ?? entry.entry.name} requires two args.`,
				`Write \`--${entry.entry.name}\` and two words behind it.`,
				place,
			);
		text = joinWords(text, second);
		reader.index++;
	}
	if (entry.words === "optional") {
		const word = reader.peekPlain();
		if (word !== null) reader.index++;
		text = word ?? "";
	}
	given.take(entry, inverted, text, place);
}

/**
 * `unknown option "--x"`, said of the word that was just read.
 * @param before what stands in front of the line: iptables-restore puts `-t TABLE` there
 */
export function unknownOption(reader: WordReader, before = ""): Refusal {
	const option = (reader.words[reader.word] ?? "").replace(/=.*$/, "");
	const protocols = OF_PROTOCOLS.get(option);
	return new Refusal(
		`unknown option "${reader.quoted(before)}"`,
		protocols === undefined
			? "Is it spelled right, and does the extension that has it stand before it (`-m NAME`)?"
			: `It belongs to a protocol: write ${protocols} before it.`,
		reader.word,
	);
}

/** Options of matches that iptables loads by itself behind their protocol. */
const OF_PROTOCOLS: ReadonlyMap<string, string> = new Map([
	...["--dport", "--sport", "--destination-port", "--source-port"].map(
		(name) => [name, "`-p tcp` or `-p udp`"] as const,
	),
	...["--syn", "--tcp-flags", "--tcp-option"].map(
		(name) => [name, "`-p tcp`"] as const,
	),
	["--icmp-type", "`-p icmp`"],
]);

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
	const scope = EMPTY_SCOPE.with(table);
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
			throw unknownOption(reader);
		takeOption(given, reader, inverted);
		inverted = false;
	}
	return given.build();
}
