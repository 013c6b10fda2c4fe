/** Words of users that would be marks of Markdown, or would end a cell; what stands in backticks is code and stays. */
export function escaped(text: string): string {
	return text
		.replace(/\s+/g, " ")
		.split(/(`[^`]+`)/)
		.map((part, index) =>
			index % 2 === 1
				? part.replaceAll("|", "\\|")
				: part.replace(/[\\|`*_<>[\]]/g, (mark) => `\\${mark}`),
		)
		.join("");
}
