/**
 * `a\u202eb` → `a⟨U+202E⟩b`: what a reader sees is what stands there. Nothing turns the words around
 * it, hides, or speaks to a terminal. Tabs and line ends stay; what they may do, the format knows.
 */
export function visible(text: string): string {
	return text.replace(
		/(?![\t\r\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu,
		(sign) => {
			const code = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase();
			return `⟨U+${code.padStart(4, "0")}⟩`;
		},
	);
}
