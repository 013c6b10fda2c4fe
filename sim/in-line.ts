/** Control characters and Unicode's own line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A name within a line, of a file say: `a⟨U+000A⟩b` for a line end in it, so that it ends no line. */
export function inLine(name: string): string {
	return name.replace(CONTROL, (sign) => {
		const code = sign.charCodeAt(0).toString(16).toUpperCase();
		return `⟨U+${code.padStart(4, "0")}⟩`;
	});
}
