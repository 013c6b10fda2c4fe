/** What an edit changes as Markdown, for a comment of a pull request. */
import type {
	ClassDiff,
	DiffDocument,
	LoadDiff,
	ServiceDiff,
} from "../../scenarios/analysis/diff/diff-document.ts";
import { counted } from "../wording.ts";
import { isMoved, movedWords, outcomeWords, restLines } from "./diff-words.ts";
import { escaped } from "./escaped.ts";
import { shareWords } from "./split-words.ts";

/** Each comment begins with it, so that the next run finds it. */
const MARK = "<!-- marktwin diff -->";

const VERDICTS: Readonly<Record<DiffDocument["verdict"], string>> = {
	same: "✅ The same.",
	allowed: "✅ All that differs is allowed.",
	different: "⚠️ Different.",
	unknown: "❔ Nothing that is known differs, but not all is known.",
};
/** Of each list; `marktwin diff --json` has all. */
const MOST = 20;

export function diffMarkdown(document: DiffDocument): string {
	const { before, after, linux, services, packets, loads } = document;
	const changed = services.filter(({ verdict }) => verdict === "changed");
	const lines = [
		MARK,
		`### ${escaped(before.file)} → ${escaped(after.file)}`,
		"",
		`${VERDICTS[document.verdict]} ${counted(before.rules.length, "rule")} removed, ${counted(after.rules.length, "rule")} added (${linux}).`,
		"",
		...some(changed, serviceLines),
		...(packets.length === 0
			? []
			: [
					"| packets | before | after |",
					"| --- | --- | --- |",
					...some(packets, packetRow),
					"",
				]),
		...loadLines(loads),
		...findingLines(document),
		...listOf("Unknown", document.unknown),
		...listOf(
			"Allowed",
			document.changes.flatMap(({ allowed, text }) =>
				allowed === null ? [] : [`${text} (${allowed})`],
			),
		),
		...listOf("Allowances that allow nothing", document.idle),
	];
	return `${lines.join("\n").trimEnd()}\n`;
}

function some<One>(
	all: readonly One[],
	linesOf: (one: One) => readonly string[],
): readonly string[] {
	const left = all.length - MOST;
	return [
		...all.slice(0, MOST).flatMap(linesOf),
		...(left > 0 ? ["", `… and ${left} more`] : []),
	];
}

function serviceLines({
	key,
	name,
	in: where,
	classes,
	drives,
}: ServiceDiff): readonly string[] {
	const called = name === null ? "" : ` (${escaped(name)})`;
	const is = { both: "", old: " is gone", new: " is new" }[where];
	const shown = classes.filter(({ verdict }) => verdict === "changed");
	return [
		`**${escaped(key)}**${called}${is}`,
		"",
		...shown.flatMap(classLines),
		...(shown.length > 0 || drives.before.length + drives.after.length === 0
			? []
			: ["The order of packets drives its shares otherwise.", ""]),
	];
}

const WHICH: Readonly<Record<ClassDiff["which"], string>> = {
	first: "",
	answer: ": the answer",
	next: ": the client's next packet",
	again: ": the first packet sent again",
};

function classLines(one: ClassDiff): readonly string[] {
	const { packets, which, before, after, vectors } = one;
	const title = `${escaped(packets)}${WHICH[which]}`;
	if (before.length * after.length === 1)
		return [
			`${title}: ${escaped(before[0] ?? "")} → ${escaped(after[0] ?? "")}`,
			"",
		];
	return vectors
		.filter(isMoved)
		.flatMap((vector) => [
			`${title}${vector.name === "" ? "" : `, ${escaped(vector.name)}`}: ${movedWords(vector)}`,
			"",
			"| | before | after |",
			"| --- | ---: | ---: |",
			...vector.parts.map(
				(part) =>
					`| ${escaped(part.key)} | ${shareWords(part.before)} | ${shareWords(part.after)} |`,
			),
			"",
		]);
}

function packetRow(one: ClassDiff): readonly string[] {
	const { packets, which, verdict, before, after } = one;
	const to = verdict === "unknown" ? "unknown" : after.join(", ");
	return [
		`| ${escaped(packets)}${WHICH[which]} | ${escaped(before.join(", "))} | ${escaped(to)} |`,
	];
}

function loadLines(loads: readonly LoadDiff[]): readonly string[] {
	const own = loads.filter(({ isOwn }) => isOwn);
	if (own.length === 0) return [];
	return [
		"Connections that stand:",
		"",
		...own.map((one) => `- ${one.words}: ${escaped(loadWords(one))}`),
		"",
	];
}

function loadWords(one: LoadDiff): string {
	if (one.refused !== null) return `refused: ${one.refused}`;
	const { connections } = one;
	const rest = restLines(one);
	const said =
		connections.length > 0 || rest.length === 0 ? [outcomeWords(one)] : [];
	return [...said, ...rest].join(", ");
}

function findingLines({ findings }: DiffDocument): readonly string[] {
	const words = ({ code, name, message }: (typeof findings.fresh)[number]) =>
		`${code} ${name}: ${message}`;
	return [
		...listOf("New findings", findings.fresh.map(words)),
		...listOf("Findings that are gone", findings.gone.map(words)),
	];
}

function listOf(title: string, all: readonly string[]): readonly string[] {
	if (all.length === 0) return [];
	return [`${title}:`, "", ...some(all, (one) => [`- ${escaped(one)}`]), ""];
}
