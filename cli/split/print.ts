/** Services and their shares for a person. */
import {
	assumedWords,
	classNotes,
	driveWords,
	getsAny,
	partsShown,
	percentWords,
	shareWords,
	vectorWords,
} from "../../reports/analysis/split-words.ts";
import { counted } from "../../reports/wording.ts";
import {
	type ClassDocument,
	type DriveDocument,
	optionsThatTell,
	type PartDocument,
	type ServiceDocument,
	type SplitDocument,
	type VectorDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import { nameText, plainText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";

interface Paper {
	readonly paint: Paint;
	readonly columns: number;
}

/** Conditions that are shown, of each class. */
const MOST_VECTORS = 12;
/** Classes of a service whose shares can be driven. */
const MOST_DRIVES = 3;
const BAR = 24;

/**
 * ```
 * tcp 203.0.113.1:80
 *   10.20.0.11:80   1/3  33.3 %  ████████
 *   no backend: …  8/27  29.6 %  ███████
 * ```
 */
export function splitLines(
	document: SplitDocument,
	paper: Paper,
): readonly string[] {
	const { services, gaps, notes } = document;
	return [
		...services.flatMap((service) => [...serviceLines(service, paper), ""]),
		...(services.length === 0
			? [
					`${paper.paint("yellow", "?")} ${nameText(document.file)}: no service was found: no first packet of a connection that was walked is sent anywhere else, or marked for routing`,
				]
			: []),
		...gaps.map((gap) => `${paper.paint("yellow", "?")} ${plainText(gap)}`),
		...unmetLines(document),
		...notes.map((note) => `note: ${plainText(note)}`),
		...assumptionLines(document, paper),
		`Linux: ${document.linux}`,
	];
}

/** `Assumed of the machine (--addresses, --routes tell it): …` */
function assumptionLines(
	{ assumptions }: SplitDocument,
	{ columns }: Paper,
): readonly string[] {
	if (assumptions.length === 0) return [];
	const texts = assumptions.map(({ text }) => plainText(text));
	return wrap(assumedWords(texts, optionsThatTell(assumptions)), columns);
}

const MOST_UNMET = 3;

/** Their shares are not shown, so a reader has to know of them. */
export function unmetLines({
	unmet,
}: Pick<SplitDocument, "unmet">): readonly string[] {
	const rest = unmet.length - MOST_UNMET;
	return [
		...unmet
			.slice(0, MOST_UNMET)
			.map(
				({ rule, line, text }) =>
					`note: no packet that was walked matches ${line > 0 ? `line ${line}` : rule}: ${plainText(text)}`,
			),
		...(rest > 0
			? [`note: nor ${counted(rest, "more rule")}: --json has them all`]
			: []),
	];
}

function serviceLines(
	service: ServiceDocument,
	paper: Paper,
): readonly string[] {
	const { key, name, classes, balances, openedBy } = service;
	const called = name === null ? "" : ` ${plainText(name)}`;
	const what =
		balances === "destination"
			? ""
			: balances === "mark"
				? "  (marks, for routing)"
				: "  (source addresses)";
	const also =
		openedBy === "both" ? "  (also what the gateway itself opens)" : "";
	return [
		`${paper.paint("bold", plainText(key))}${called}${what}${also}`,
		...classes.flatMap((one) => classLines(one, classes.length > 1, paper)),
		...driveLines(service, paper),
	];
}

function classLines(
	clients: ClassDocument,
	isOneOfSeveral: boolean,
	paper: Paper,
): readonly string[] {
	const { name, vectors } = clients;
	const [alive, ...others] = vectors;
	if (alive === undefined) return [];
	const rest = others.length - MOST_VECTORS;
	return [
		...(isOneOfSeveral ? [`  ${plainText(name)}:`] : []),
		...table(alive, paper),
		...classNotes(clients).flatMap((note) => indented(note, paper)),
		...others
			.slice(0, rest > 1 ? MOST_VECTORS : others.length)
			.flatMap((vector) => vectorLines(vector, paper)),
		...(rest > 1 ? [`    … and ${rest} more: --json has them all`] : []),
	];
}

function table(vector: VectorDocument, { paint }: Paper): readonly string[] {
	const parts = partsShown(vector);
	const cells = parts.map((part) => ({
		part,
		key: plainText(part.key),
		share: shareWords(part.share),
		percent: percentWords(part.share),
	}));
	const width = (texts: readonly string[]) =>
		texts.reduce((most, { length }) => Math.max(most, length), 0);
	const keys = width(cells.map(({ key }) => key));
	const shares = width(cells.map(({ share }) => share));
	const percents = width(cells.map(({ percent }) => percent));
	return cells.map(({ part, key, share, percent }) => {
		const line = `    ${key.padEnd(keys)}  ${share.padStart(shares)}  ${percent.padStart(percents)}  ${bar(part)}`;
		return part.isBackend ? line.trimEnd() : paint("red", line.trimEnd());
	});
}

function bar({ share }: PartDocument): string {
	if (share.kind === "unknown") return "?";
	const [sure, possible] =
		share.kind === "exact"
			? [share.share.decimal, share.share.decimal]
			: [share.least.decimal, share.greatest.decimal];
	const full = Math.round(sure * BAR);
	return "█".repeat(full) + "░".repeat(Math.round(possible * BAR) - full);
}

function vectorLines(vector: VectorDocument, paper: Paper): readonly string[] {
	const isLost = vector.parts.some((part) => !part.isBackend && getsAny(part));
	const text = `${plainText(vector.name)}: ${plainText(vectorWords(vector))}`;
	const lines = indented(text, paper);
	return isLost ? lines.map((line) => paper.paint("red", line)) : lines;
}

function driveLines(
	{ drives }: ServiceDocument,
	paper: Paper,
): readonly string[] {
	const byClient = new Map<string, DriveDocument>();
	for (const drive of drives)
		if (!byClient.has(drive.client)) byClient.set(drive.client, drive);
	const shown = [...byClient.values()].slice(0, MOST_DRIVES);
	const rest = byClient.size - shown.length;
	return [
		...shown.flatMap((drive) => indented(plainText(driveWords(drive)), paper)),
		...(rest > 0
			? [
					`    … and ${counted(rest, "more class", "more classes")}: --json has them all`,
				]
			: []),
	];
}

function indented(text: string, { columns }: Paper): readonly string[] {
	return wrap(text, columns - 4).map(
		(line, index) => `    ${index > 0 ? "  " : ""}${line}`,
	);
}
