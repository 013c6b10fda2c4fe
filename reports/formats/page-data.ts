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
		// Those of the entries before are counted already.
		const rulesets = this.rulesets.all.length;
		const walks = this.walks.all.length;
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
		this.characters += [
			own,
			...this.rulesets.all.slice(rulesets),
			...this.walks.all.slice(walks),
		].reduce((sum, one) => sum + JSON.stringify(one).length, 0);
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

/** So high is the fullest stretch; one digit has room for it. */
const HIGHEST = 35;

function barsOf({ counts, lost }: Stretches): EntryRow["bars"] {
	const served = counts.map((of, backend) =>
		of.map((count, at) => count - (lost[backend]?.[at] ?? 0)),
	);
	const columns = (counts[0] ?? []).map((_, at) => [
		...served.map((of) => of[at] ?? 0),
		lost.reduce((sum, one) => sum + (one[at] ?? 0), 0),
	]);
	const sumOf = (column: readonly number[]) =>
		column.reduce((sum, count) => sum + count, 0);
	const most = Math.max(1, ...columns.map(sumOf));
	const heights = columns.map((column) => heightsOf(column, most));
	return [...served, lost].map((_, part) =>
		heights.map((column) => (column[part] ?? 0).toString(36)).join(""),
	);
}

/**
 * How high each part of a stretch is: together no higher than the strip, and of a few among many
 * something is seen all the same, of those that were lost before any other.
 */
function heightsOf(counts: readonly number[], most: number): readonly number[] {
	const exact = counts.map((count) => (count / most) * HIGHEST);
	const heights = exact.map((height) => Math.floor(height));
	let room = HIGHEST - heights.reduce((sum, height) => sum + height, 0);
	const lost = counts.length - 1;
	const unseen = (part: number) =>
		(counts[part] ?? 0) > 0 && heights[part] === 0;
	const rest = (part: number) => (exact[part] ?? 0) - (heights[part] ?? 0);
	// What would not be seen comes first, then what was rounded down most.
	const parts = [...counts.keys()]
		.filter((part) => rest(part) > 0)
		.sort(
			(one, other) =>
				Number(unseen(other)) - Number(unseen(one)) ||
				Number(other === lost) - Number(one === lost) ||
				rest(other) - rest(one),
		);
	for (const part of parts) {
		if (room === 0) break;
		if (!unseen(part) && rest(part) < 0.5) continue;
		heights[part] = (heights[part] ?? 0) + 1;
		room--;
	}
	return heights;
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
