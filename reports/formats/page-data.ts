/** A report as its page reads it: a row of each scenario at the start, and packs of whole ones for what is opened. */
import type {
	Entry,
	Report,
	RuleLine,
	Stretches,
	WalkStep,
} from "../contract/report.ts";
import type { EntryRow, Pack, PageHead } from "../contract/report-page.ts";
import { Numbered } from "../numbered.ts";
import { reasonsOf } from "./reasons.ts";

export interface PageData {
	readonly head: PageHead;
	readonly packs: readonly Pack[];
}

/** A pack is unpacked whole, in a few milliseconds, and the larger it is the better it is compressed. */
const PACK_CHARACTERS = 400_000;

export function pageData(report: Report): PageData {
	const { entries, rulesets, walks, ...about } = report;
	const packs: Packing[] = [];
	const rows = entries.map((entry) => {
		const last = packs.at(-1);
		const open =
			last !== undefined && last.characters < PACK_CHARACTERS
				? last
				: new Packing();
		if (open !== last) packs.push(open);
		open.add(entry, { rulesets, walks });
		return rowOf(entry, packs.length - 1);
	});
	return {
		head: { ...about, entries: rows },
		packs: packs.map(({ pack }) => pack),
	};
}

/** Scenarios, and what they name of rulesets and walks under numbers of the pack's own. */
class Packing {
	characters = 0;
	private readonly entries: Entry[] = [];
	private readonly rulesets = new Numbered<readonly RuleLine[]>();
	private readonly walks = new Numbered<readonly WalkStep[]>();

	add(entry: Entry, shared: Pick<Report, "rulesets" | "walks">): void {
		const { rules } = entry;
		const own: Entry = {
			...entry,
			rules: {
				...rules,
				snapshots: rules.snapshots.map((one) => ({
					...one,
					ruleset: this.rulesets.numberOf(shared.rulesets[one.ruleset] ?? []),
				})),
				paths: rules.paths.map((one) => ({
					...one,
					walk: this.walks.numberOf(shared.walks[one.walk] ?? []),
				})),
			},
		};
		this.entries.push(own);
		this.characters += JSON.stringify(own).length;
	}

	get pack(): Pack {
		return {
			entries: this.entries,
			rulesets: this.rulesets.all,
			walks: this.walks.all,
		};
	}
}

function rowOf(entry: Entry, pack: number): EntryRow {
	const { split, connections, failover } = entry;
	const shares = split?.shares ?? [];
	const { id, name, suite, title, story, trap, status } = entry;
	return {
		id,
		name,
		suite,
		title,
		story,
		trap,
		status,
		restsOnAssumed: entry.restsOnAssumed,
		backends: entry.backends,
		noun: connections.noun,
		total: connections.total,
		lost: connections.lost,
		late: connections.late,
		gap: gapOf(failover?.gaps ?? []),
		shares:
			shares.find((one) => one.status === "violated") ?? shares[0] ?? null,
		totals: split?.totals ?? [],
		bars: split === null ? [] : barsOf(split.stretches),
		reason: reasonsOf(entry)[0] ?? null,
		pack,
	};
}

function barsOf({ counts, lost }: Stretches): EntryRow["bars"] {
	const sums = (of: Stretches["counts"]) =>
		(of[0] ?? []).map((_, at) =>
			of.reduce((sum, one) => sum + (one[at] ?? 0), 0),
		);
	const most = Math.max(1, ...sums(counts));
	const served = counts.map((of, backend) =>
		of.map((count, at) => count - (lost[backend]?.[at] ?? 0)),
	);
	// Of a few among many something is seen all the same.
	return [...served, sums(lost)].map((of) =>
		of.map((count) => Math.ceil((count / most) * 35).toString(36)).join(""),
	);
}

/** Of failures that cost something: the longest, and longer than any is the one that no failover ended. */
function gapOf(gaps: NonNullable<Entry["failover"]>["gaps"]): EntryRow["gap"] {
	const costly = gaps.filter(({ lost, late }) => lost + late > 0);
	if (costly.length === 0) return null;
	if (costly.some(({ servedMs }) => servedMs === null)) return { ms: null };
	const lengths = costly.map(
		({ servedMs, failedMs }) => (servedMs ?? failedMs) - failedMs,
	);
	return { ms: Math.max(...lengths) };
}
