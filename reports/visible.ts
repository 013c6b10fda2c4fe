/**
 * What a reader cannot see, or not as it stands: controls, format and private-use characters, halves
 * of surrogate pairs, separators of lines, every blank but the plain one, and what Unicode calls
 * default-ignorable (U+034F, U+115F, U+3164, U+FE0F …). Three more look blank and have no such
 * property: U+2800, U+1D159 and U+16FE4.
 */
const UNSEEN =
	/(?![\t\r\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u{16fe4}]/gu;

/**
 * `a\u202eb` → `a⟨U+202E⟩b`: what a reader sees is what stands there. Nothing turns the words around
 * it, hides, or speaks to a terminal. Tabs and line ends stay; what they may do, the format knows.
 */
export function visible(text: string): string {
	return text.replace(UNSEEN, (sign) => {
		const code = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase();
		return `⟨U+${code.padStart(4, "0")}⟩`;
	});
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours that stand before a word
const COMMAND_AT_START = /^((?:\s|\u001b\[[\d;]*m)*):(?=:)/;
/** `##[error]`, `##vso[…]`, `##teamcity[…]`, wherever they stand in a line. */
const COMMAND_WITHIN = /##(?=\w*\[)/g;

/** Would a CI system take the line for a command? */
export function isCommand(line: string): boolean {
	return COMMAND_AT_START.test(line) || line.search(COMMAND_WITHIN) >= 0;
}

/**
 * The line as a text that no CI system obeys. GitHub's runner takes a line that begins with `::` for
 * a command, and `##[` wherever it stands (`ActionCommand.TryParse`, actions/runner); Azure Pipelines
 * and TeamCity have `##vso[` and `##teamcity[`. A blank within makes it a text again.
 */
export function withoutCommand(line: string): string {
	return line
		.replace(COMMAND_AT_START, "$1: ")
		.replaceAll(COMMAND_WITHIN, "## ");
}
