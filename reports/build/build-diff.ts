/** What an edit changes → what the page shows of it. */
import type {
	ClassDiff,
	DiffDocument,
	LoadDiff,
	ServiceDiff,
	VectorDiff,
} from "../../scenarios/analysis/diff/diff-document.ts";
import {
	counterWords,
	isDifferent,
	isMoved,
	lostLines,
	movedReason,
	outcomeWords,
	restLines,
	summaryWords,
	WHICH,
} from "../analysis/diff-words.ts";
import {
	percentWords,
	shareWidth,
	shareWords,
} from "../analysis/split-words.ts";
import type {
	ClassDiffView,
	DiffView,
	FindingDiffView,
	LoadDiffView,
	PacketsDiffView,
	ServiceDiffView,
	VectorDiffView,
} from "../contract/report-diff.ts";
import type { PartView } from "../contract/report-verdict.ts";
import { counted } from "../wording.ts";

/** Of each list; `marktwin diff --json` has all. */
const MOST = { services: 40, classes: 12, vectors: 8, others: 60 } as const;

export function buildDiff(document: DiffDocument): DiffView {
	const { before, after, linux, verdict, services, packets } = document;
	const omitted: string[] = [];
	const first = <One>(all: readonly One[], most: number, noun: string) => {
		if (all.length > most)
			omitted.push(`${counted(all.length - most, `more ${noun}`)}`);
		return all.slice(0, most);
	};
	const others = services.filter((one) => one.verdict !== "same");
	const { fresh, gone } = document.findings;
	return {
		before: before.file,
		after: after.file,
		linux,
		verdict,
		summary: summaryWords(document),
		changes: first(document.changes, MOST.others, "change").map(
			({ text, allowed }) => {
				return { text, allowed: allowed ?? "" };
			},
		),
		idle: document.idle,
		services: first(others, MOST.services, "service").map((one) =>
			serviceView(one, first),
		),
		sameServices: first(
			services.filter((one) => one.verdict === "same"),
			MOST.others,
			"service that is the same",
		).map(({ key }) => key),
		packets: first(packets, MOST.others, "kind of packet").map(packetsView),
		loads: loadViews(document.loads),
		counters: counterWords(document),
		fresh: first(fresh, MOST.others, "new finding").map(findingView),
		gone: first(gone, MOST.others, "finding that is gone").map(findingView),
		unknown: first(document.unknown, MOST.others, "thing that is unknown"),
		assumptions: document.assumptions,
		omitted,
	};
}

type First = <One>(
	all: readonly One[],
	most: number,
	noun: string,
) => readonly One[];

function serviceView(service: ServiceDiff, first: First): ServiceDiffView {
	const { key, name, classes, drives } = service;
	const indexOf = backendsOf(service);
	const shown = classes.filter(({ verdict }) => verdict !== "same");
	return {
		key,
		name: name ?? "",
		is: ({ both: "", old: "gone", new: "new" } as const)[service.in],
		classes: first(shown, MOST.classes, `kind of client of ${key}`).map((one) =>
			classView(one, indexOf, first),
		),
		same: classes
			.filter(({ verdict, which }) => verdict === "same" && which === "first")
			.map(({ packets }) => packets),
		drives,
	};
}

/** One colour for a backend in all that is shown of a service. */
function backendsOf({ classes }: ServiceDiff): (key: string) => number {
	const keys = new Set(
		classes.flatMap(({ vectors }) =>
			vectors.flatMap(({ parts }) =>
				parts.flatMap(({ key, isBackend }) => (isBackend ? [key] : [])),
			),
		),
	);
	const order = [...keys].sort();
	return (key) => order.indexOf(key);
}

function classView(
	one: ClassDiff,
	indexOf: (key: string) => number,
	first: First,
): ClassDiffView {
	const { packets, which, measure, verdict, why, vectors } = one;
	const part =
		measure === null || measure.percent === "100 %"
			? ""
			: ` (${measure.percent} of its packets)`;
	const name = `${packets}${WHICH[which]}${part}`;
	const unknown = verdict === "unknown" ? why : [];
	const [before = "", ...otherBefore] = one.before;
	const [after = "", ...otherAfter] = one.after;
	const isOne = otherBefore.length + otherAfter.length === 0;
	if (isOne && before !== "" && after !== "")
		return { name, unknown, fate: { before, after }, vectors: [] };
	const differing = vectors.filter(isDifferent);
	const shown = differing.length > 0 ? differing : vectors;
	return {
		name,
		unknown,
		fate: null,
		vectors: first(shown, MOST.vectors, "value of conditions").map((vector) =>
			vectorView(vector, indexOf),
		),
	};
}

function vectorView(
	vector: VectorDiff,
	indexOf: (key: string) => number,
): VectorDiffView {
	const side = (of: "before" | "after"): readonly PartView[] =>
		vector.parts.map((part) => {
			const { key, isBackend } = part;
			const share = part[of];
			return {
				key,
				backend: isBackend ? indexOf(key) : -1,
				share: shareWords(share),
				percent: percentWords(share),
				width: shareWidth(share),
			};
		});
	return {
		name: vector.name,
		before: side("before"),
		after: side("after"),
		moved: isMoved(vector) ? movedReason(vector) : "",
	};
}

function packetsView(one: ClassDiff): PacketsDiffView {
	const { packets, which, measure, verdict, before, after, example } = one;
	return {
		packets: `${packets}${WHICH[which]}`,
		measure: measure === null ? "" : `${measure.percent} of all`,
		before: before.join(", "),
		after: verdict === "unknown" ? "unknown" : after.join(", "),
		example: example === "" ? "" : `${one.interface}: ${example}`,
	};
}

/** Where both backends do the same, it is said once. */
function loadViews(loads: readonly LoadDiff[]): readonly LoadDiffView[] {
	const groups = new Map<string, LoadDiffView>();
	for (const one of loads) {
		const { words, refused } = one;
		const backend = `${one.backend}${one.isOwn ? " (the router's own)" : ""}`;
		const outcome = refused ?? outcomeWords(one);
		const lines =
			refused === null ? [...restLines(one), ...lostLines(one, "")] : [];
		const key = JSON.stringify([words, outcome, lines]);
		const known = groups.get(key);
		groups.set(key, {
			words,
			outcome,
			lines,
			backends: known === undefined ? backend : `${known.backends}, ${backend}`,
			isRefused: refused !== null,
		});
	}
	return [...groups.values()];
}

function findingView({
	code,
	name,
	at,
	message,
}: DiffDocument["findings"]["fresh"][number]): FindingDiffView {
	const place = at.line > 0 ? `line ${at.line}` : at.rule;
	return { code, name, place, message };
}
