/** The API reference as Markdown. */
import type { PublicName, Section } from "./public-api.ts";

const INTRODUCTION = `# API reference

What \`import … from "marktwin"\` offers: generated from the doc comments of the sources by \`npm run docs\`.
Times are virtual milliseconds and names of them end in \`Ms\`, sizes are octets, addresses are dotted texts;
what differs says so. Everything else in the package is internal and may change in any version.
`;

/** Anchor by heading. */
type Anchors = ReadonlyMap<string, string>;

/** @returns the page, with a line end after its last line */
export function renderApi(sections: readonly Section[]): string {
	const anchors = anchorsOf(sections);
	const parts = sections.map((section) => renderSection(section, anchors));
	return [INTRODUCTION, ...parts].join("\n");
}

/** As GitHub makes them of headings: in small letters, with a number where one comes again. */
function anchorsOf(sections: readonly Section[]): Anchors {
	const anchors = new Map<string, string>();
	const times = new Map<string, number>();
	for (const { title, names } of sections)
		for (const heading of [title, ...names.map(({ name }) => name)]) {
			const plain = heading.toLowerCase().replaceAll(" ", "-");
			const before = times.get(plain) ?? 0;
			times.set(plain, before + 1);
			anchors.set(heading, before === 0 ? plain : `${plain}-${before}`);
		}
	return anchors;
}

function renderSection(
	{ title, introduction, names }: Section,
	anchors: Anchors,
): string {
	const rows = names.map(
		({ name, doc }) =>
			`| ${link(name, anchors)} | ${summary(doc?.text ?? "")} |`,
	);
	return [
		`## ${title}\n`,
		...(introduction ? [`${introduction}\n`] : []),
		"| | |",
		"| --- | --- |",
		...rows,
		"",
		...names.map((name) => renderName(name, anchors)),
	].join("\n");
}

function renderName(
	{ name, doc, declaration, mentions }: PublicName,
	anchors: Anchors,
): string {
	const others = mentions.filter((type) => type !== name);
	const list = [
		...(doc?.parameters ?? []).map((one) => `\`${one.name}\`: ${one.text}`),
		...(doc?.returns ? [`returns ${doc.returns}`] : []),
		...(doc?.throws ?? []).map((text) => `throws ${text}`),
		...(doc?.examples ?? []).map((text) => `example: \`${text}\``),
		...(others.length > 0
			? [`types: ${others.map((type) => link(type, anchors)).join(", ")}`]
			: []),
	];
	return [
		`### ${name}\n`,
		`${doc?.text ?? ""}\n`,
		"```ts",
		declaration,
		"```\n",
		...(list.length > 0
			? [`${list.map((line) => `- ${line}`).join("\n")}\n`]
			: []),
	].join("\n");
}

function link(name: string, anchors: Anchors): string {
	return `[\`${name}\`](#${anchors.get(name)})`;
}

/** The first sentence, on one line and in a cell of a table. */
function summary(text: string): string {
	const [paragraph = ""] = text.split("\n\n");
	const line = paragraph.replace(/\s+/g, " ");
	const [sentence = ""] = /^.*?[.:;](?= |$)|^.*$/.exec(line) ?? [];
	return sentence.replace(/[:;.]$/, "").replaceAll("|", "\\|");
}
