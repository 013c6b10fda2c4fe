/** Shares of services on two sides, of which one has no rules at all. */
import { DEFAULT_LINUX, linuxName } from "../../../../sim/linux/linux.ts";
import { compareRationals, ZERO } from "../../../../sim/rational.ts";
import { shareDocument } from "../../document/split-document.ts";
import type { Analysis } from "../../services/analysis.ts";
import type { Part, Share } from "../../split/split.ts";
import { changesIn, concluded } from "../changes.ts";
import type { ClassDiff, DiffDocument, ServiceDiff } from "../diff-document.ts";
import { leastMoved } from "../joint.ts";

/** What a service gives to each backend. */
export interface SharesOf {
	/** `tcp 203.0.113.1:80` */
	readonly key: string;
	readonly name: string | null;
	/** `all clients` */
	readonly clients: string;
	readonly parts: readonly Pick<Part, "key" | "share">[];
	/** What it does besides, and the other side may not: a sentence each. */
	readonly notes: readonly string[];
}

/** One side, by its name. */
export interface SharesSide {
	readonly file: string;
	readonly services: readonly SharesOf[];
	/** What was not looked at. */
	readonly gaps: readonly string[];
}

/** Of rules: all alive, for each kind of clients. */
export function sharesOfRules(file: string, analysis: Analysis): SharesSide {
	return {
		file,
		gaps: analysis.gaps,
		services: analysis.services.flatMap(({ key, name, classes }) =>
			classes.map((one) => ({
				key,
				name,
				clients: one.name,
				parts: one.vectors[0]?.split.parts ?? [],
				notes: [],
			})),
		),
	};
}

/** @param linux of the rules; left out: there are none */
export function sharesDiff(
	before: SharesSide,
	after: SharesSide,
	linux = DEFAULT_LINUX,
): DiffDocument {
	const keys = new Set(
		[...after.services, ...before.services].map(({ key }) => key),
	);
	const services = [...keys].map((key) => serviceDiff(key, before, after));
	const notes = [...before.services, ...after.services].flatMap((one) =>
		one.notes.map((note) => `${one.key}: ${note}`),
	);
	const whys = services.flatMap(({ key, classes }) =>
		classes.flatMap(({ why }) => why.map((text) => `${key}: ${text}`)),
	);
	const unknown = [
		...new Set([...notes, ...whys, ...before.gaps, ...after.gaps]),
	];
	const part = {
		linux: linuxName(linux),
		before: { file: before.file, rules: [] },
		after: { file: after.file, rules: [] },
		services,
		packets: [],
		population: "new connections of each service",
		loads: [],
		counters: [],
		findings: { gone: [], fresh: [] },
		assumptions: [],
		toldBy: [],
		walked: services.length,
		idle: [],
		unmet: [],
	};
	const changes = changesIn(part);
	const known = { changes, unknown, unmet: [] };
	return { ...part, ...known, ...concluded(known) };
}

function serviceDiff(
	key: string,
	before: SharesSide,
	after: SharesSide,
): ServiceDiff {
	const [olds, news] = [before, after].map(({ services }) =>
		services.filter((one) => one.key === key),
	) as [SharesOf[], SharesOf[]];
	// Clients are told apart by rules alone: each kind is compared with all of the other side.
	const classes =
		olds.length > news.length
			? olds.map((one) => classDiff(one, news[0] ?? null, one.clients))
			: news.map((one, index) =>
					classDiff(olds[index] ?? olds[0] ?? null, one, one.clients),
				);
	const verdicts = classes.map(({ verdict }) => verdict);
	return {
		key,
		name: (news[0] ?? olds[0])?.name ?? null,
		in: olds.length === 0 ? "new" : news.length === 0 ? "old" : "both",
		verdict: verdicts.includes("changed")
			? "changed"
			: verdicts.includes("unknown")
				? "unknown"
				: "same",
		classes,
		drives: { before: [], after: [] },
	};
}

/** All that is not balanced there. */
const NOT_THERE: SharesOf["parts"] = [
	{
		key: "no backend: no such service",
		share: { kind: "exact", value: { numerator: 1n, denominator: 1n } },
	},
];

function classDiff(
	old: SharesOf | null,
	young: SharesOf | null,
	clients: string,
): ClassDiff {
	const before = old?.parts ?? NOT_THERE;
	const after = young?.parts ?? NOT_THERE;
	const moved = leastMoved({ parts: before }, { parts: after });
	const isMoved =
		moved.kind === "exact" && compareRationals(moved.value, ZERO) > 0;
	const why = moved.kind === "unknown" ? whysOf([...before, ...after]) : [];
	const named = (parts: SharesOf["parts"]) =>
		parts.filter(({ share }) => getsAny(share)).map(({ key }) => key);
	const keys = new Set([...before, ...after].map(({ key }) => key));
	const isOther = named(before).sort().join() !== named(after).sort().join();
	return {
		which: "first",
		packets: clients,
		example: "",
		interface: "",
		measure: null,
		verdict:
			isMoved || (isOther && why.length > 0)
				? "changed"
				: why.length > 0
					? "unknown"
					: "same",
		why,
		before: named(before),
		after: named(after),
		becomes: [],
		vectors: [
			{
				name: "",
				parts: [...keys].map((key) => ({
					key,
					isBackend: !/^(no backend|unknown)\b/.test(key),
					before: shareDocument(shareIn(before, key)),
					after: shareDocument(shareIn(after, key)),
				})),
				moved: shareDocument(moved),
				isAtLeast: true,
			},
		],
	};
}

function getsAny(share: Share): boolean {
	return share.kind !== "exact" || share.value.numerator > 0n;
}

function whysOf(parts: SharesOf["parts"]): readonly string[] {
	return [
		...new Set(
			parts.flatMap(({ share }) =>
				share.kind === "unknown"
					? [share.why]
					: share.kind === "interval"
						? [`it depends on ${share.on}`]
						: [],
			),
		),
	];
}

function shareIn(parts: SharesOf["parts"], wanted: string): Share {
	const part = parts.find(({ key }) => key === wanted);
	return part?.share ?? { kind: "exact", value: ZERO };
}
