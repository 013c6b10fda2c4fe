/** What options of extensions are read with: each goes to the extension that it belongs to. */

import type { Behaviour } from "../../linux/behaviour.ts";
import { joinWords } from "../options.ts";
import { Refusal } from "../refusal.ts";
import type { ParsedOptions } from "./parsed-options.ts";
import type { WordReader } from "./word-reader.ts";

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
	let text: string | null = reader.argument ?? "";
	if (entry.words === 2) {
		const second = reader.peekPlain();
		if (second === null)
			throw new Refusal(
				entry.entry.lacksSecond ??
					`--${entry.entry.sameAs ?? entry.entry.name} requires two args.`,
				`Write \`--${entry.entry.name}\` and two words behind it.`,
				place,
			);
		text = joinWords(text, second);
		reader.index++;
	}
	if (entry.words === "optional") {
		text = reader.peekPlain();
		if (text !== null) reader.index++;
	}
	given.take(entry, inverted, text, place);
}

/**
 * `unknown option "--x"`, said of the word that was just read; from 1.8.10 on of the letter alone where there is one.
 * @param before what stands in front of the line: iptables-restore puts `-t TABLE` there
 */
export function unknownOption(
	reader: WordReader,
	{ words }: Behaviour,
	before = "",
): Refusal {
	const letter = words === "of 1.8.9" ? null : reader.unknownLetter;
	const option = (reader.words[reader.word] ?? "").replace(/=.*$/, "");
	const protocols = OF_PROTOCOLS.get(option);
	return new Refusal(
		`unknown option "${letter === null ? reader.quoted(before) : `-${letter}`}"`,
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
