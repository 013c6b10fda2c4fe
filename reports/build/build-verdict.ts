/** Services and findings of a ruleset → what the page shows of them. */
import type {
	ClassDocument,
	DriveDocument,
	PartDocument,
	ServiceDocument,
	SplitDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import type { LintFinding } from "../../scenarios/analysis/lint/finding.ts";
import {
	classNotes,
	driveWords,
	getsAny,
	partsShown,
	percentWords,
	shareWidth,
	shareWords,
} from "../analysis/split-words.ts";
import type {
	ClassView,
	PartView,
	ServiceView,
	VerdictRule,
	VerdictView,
} from "../contract/report-verdict.ts";

export interface VerdictInput {
	readonly status: VerdictView["status"];
	readonly split: SplitDocument;
	/** Those that count: neither suppressed nor known. */
	readonly findings: readonly LintFinding[];
	/** What the analysis does not know. */
	readonly unknown: readonly string[];
	/** Rules by their line of the file. */
	readonly rules: readonly { readonly line: number; readonly text: string }[];
}

/** A page has room for so many. */
const MOST_SERVICES = 40;
const MOST_VECTORS = 16;

export function buildVerdict({
	status,
	split,
	findings,
	unknown,
	rules,
}: VerdictInput): VerdictView {
	const services = split.services.slice(0, MOST_SERVICES);
	return {
		file: split.file,
		linux: split.linux,
		status,
		services: services.map(serviceView),
		moreServices: split.services.length - services.length,
		findings: worstFirst(findings).map(
			({ lint, severity, at, message, happens, remedy }) => {
				const { code, name } = lint;
				return {
					code,
					name,
					severity,
					line: at.line,
					message,
					happens,
					remedy,
				};
			},
		),
		rules: rulesShown(rules, services, findings),
		assumptions: split.assumptions.map(({ text }) => text),
		unknown: [...unknown, ...split.gaps],
	};
}

const RANKS = { error: 0, warning: 1, note: 2 } as const;

function worstFirst(findings: readonly LintFinding[]): readonly LintFinding[] {
	return findings.toSorted(
		(one, other) => RANKS[one.severity] - RANKS[other.severity],
	);
}

function serviceView(service: ServiceDocument): ServiceView {
	const backends = service.backends.map(({ key }) => key);
	return {
		key: service.key,
		name: service.name ?? "",
		backends,
		classes: service.classes.map((one) =>
			classView(one, backends, service.classes.length > 1),
		),
		drives: widest(service.drives).map(driveWords),
	};
}

/** Of each class the first share that can be driven: the others are its rest. */
function widest(drives: readonly DriveDocument[]): readonly DriveDocument[] {
	const seen = new Set<string>();
	return drives.filter(({ client }) => {
		const isFirst = !seen.has(client);
		seen.add(client);
		return isFirst;
	});
}

function classView(
	clients: ClassDocument,
	backends: readonly string[],
	isOneOfSeveral: boolean,
): ClassView {
	const { name, vectors } = clients;
	return {
		name: isOneOfSeveral ? name : "",
		vectors: vectors.slice(0, MOST_VECTORS).map((vector, index) => ({
			name: vector.name,
			parts: (index === 0
				? partsShown(vector)
				: vector.parts.filter(getsAny)
			).map((part) => partView(part, backends)),
		})),
		notes: classNotes(clients),
	};
}

function partView(part: PartDocument, backends: readonly string[]): PartView {
	const { key, share } = part;
	return {
		key,
		backend: backends.indexOf(key),
		share: shareWords(share),
		percent: percentWords(share),
		width: shareWidth(share),
	};
}

function rulesShown(
	rules: VerdictInput["rules"],
	services: readonly ServiceDocument[],
	findings: readonly LintFinding[],
): readonly VerdictRule[] {
	const lines = new Set([
		...services.flatMap(({ backends }) =>
			backends.flatMap(({ lines: of }) => of),
		),
		...findings.flatMap(({ at, related, path }) => [
			at.line,
			...related.map((one) => one.at.line),
			...path.map(({ line }) => line),
		]),
	]);
	return rules
		.filter(({ line }) => line > 0 && lines.has(line))
		.map(({ line, text }) => ({
			line,
			text,
			codes: [
				...new Set(
					findings
						.filter(({ at }) => at.line === line)
						.map(({ lint }) => lint.code),
				),
			],
		}));
}
