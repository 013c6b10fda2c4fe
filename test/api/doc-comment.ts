/** Doc comments: a text in Markdown, then tags. */

export interface DocComment {
	/** Markdown, without tags. */
	readonly text: string;
	/** `@param name text`, in order. */
	readonly parameters: readonly {
		readonly name: string;
		readonly text: string;
	}[];
	readonly returns: string | null;
	readonly throws: readonly string[];
	readonly examples: readonly string[];
	readonly isPublic: boolean;
}

/** @param value what stands between the signs of the comment */
export function parseDocComment(value: string): DocComment {
	const lines = value
		.replace(/^\*/, "")
		.split("\n")
		.map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
	const [text = "", ...tags] = `\n${lines.join("\n").trim()}`.split(
		/(?:^|\n| )(?=@(?:param|returns|throws|example|public)\b)/,
	);
	const found = tags.map((tag) => {
		const [, name = "", rest = ""] = /^@(\w+)\s*([\s\S]*)$/.exec(tag) ?? [];
		return { name, text: rest.replace(/\s+/g, " ").trim() };
	});
	const texts = (name: string) =>
		found.filter((tag) => tag.name === name).map((tag) => tag.text);
	return {
		text: text.trim(),
		parameters: texts("param").map((tag) => {
			const [, name = "", rest = ""] = /^(\S+)\s*(.*)$/.exec(tag) ?? [];
			return { name, text: rest };
		}),
		returns: texts("returns")[0] ?? null,
		throws: texts("throws"),
		examples: texts("example"),
		isPublic: texts("public").length > 0,
	};
}
