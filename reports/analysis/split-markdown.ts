/** A split as Markdown, for summaries of CI and tickets. */
import type {
	ClassDocument,
	ServiceDocument,
	SplitDocument,
	VectorDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import { escaped } from "./escaped.ts";
import {
	classNotes,
	exactWords,
	getsAny,
	partsShown,
	percentWords,
	shareWords,
	vectorWords,
} from "./split-words.ts";

/** A section for each service, a table for each class of clients. */
export function splitMarkdown(documents: readonly SplitDocument[]): string {
	return `${documents.flatMap(documentLines).join("\n")}\n`;
}

function documentLines({
	file,
	linux,
	services,
	assumptions,
	gaps,
}: SplitDocument): readonly string[] {
	return [
		`## ${escaped(file)}`,
		"",
		`Linux: ${linux}`,
		"",
		...(services.length === 0
			? ["No service was found.", ""]
			: services.flatMap(serviceLines)),
		...gaps.map((gap) => `- Not looked at: ${escaped(gap)}`),
		...(assumptions.length === 0
			? []
			: [
					"<details><summary>Assumed of the machine</summary>",
					"",
					...assumptions.map(
						({ text, given }) => `- ${escaped(text)} (\`${given}\` tells it)`,
					),
					"",
					"</details>",
					"",
				]),
	];
}

function serviceLines(service: ServiceDocument): readonly string[] {
	const name = service.name === null ? "" : ` (${escaped(service.name)})`;
	return [
		`### ${escaped(service.key)}${name}`,
		"",
		...service.classes.flatMap((one) =>
			classLines(one, service.classes.length > 1),
		),
		...service.drives.flatMap((drive) =>
			drive.kind === "unknown"
				? [
						`- How the order of packets drives ${escaped(drive.client)} is unknown: ${escaped(drive.why)}`,
					]
				: [
						`- The order of packets drives the share of ${escaped(drive.key)} for ${escaped(drive.client)} from ${exactWords(drive.least)} to ${exactWords(drive.greatest)}.`,
					],
		),
		...(service.drives.length > 0 ? [""] : []),
	];
}

function classLines(
	clients: ClassDocument,
	isOneOfSeveral: boolean,
): readonly string[] {
	const { name, vectors } = clients;
	const [alive, ...others] = vectors;
	if (alive === undefined) return [];
	return [
		...(isOneOfSeveral ? [`**${escaped(name)}**`, ""] : []),
		"| backend | share | | worst window |",
		"| --- | ---: | ---: | ---: |",
		...partsShown(alive).map(
			({ key, share, deviation }) =>
				`| ${escaped(key)} | ${shareWords(share)} | ${percentWords(share)} | ${deviation === null ? "" : exactWords(deviation.anyWindow)} |`,
		),
		"",
		...classNotes(clients).map((note) => `${escaped(note)}  `),
		...(others.length === 0 ? [] : ["", ...vectorTable(others)]),
		"",
	];
}

function vectorTable(vectors: readonly VectorDocument[]): readonly string[] {
	return [
		"| conditions | connections go to |",
		"| --- | --- |",
		...vectors.map((vector) => {
			const isLost = vector.parts.some(
				(part) => !part.isBackend && getsAny(part),
			);
			const words = escaped(vectorWords(vector));
			return `| ${escaped(vector.name)} | ${isLost ? `**${words}**` : words} |`;
		}),
	];
}
