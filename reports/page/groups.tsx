/** Scenarios in groups: what there is to do first, then what is shown on purpose, then what holds. */
import { useState } from "preact/hooks";
import type { EntryRow, PageHead } from "../contract/report-page.ts";
import {
	areCounterexamples,
	counted,
	GROUPS,
	type Group,
	groupOf,
	groupWords,
	number,
} from "../wording.ts";
import { EntryCard } from "./entry/entry.tsx";

/** A group of more scenarios that hold is folded. */
const MOST_UNFOLDED = 20;
/** Rows that are drawn at once; more on demand. */
const ROWS_AT_ONCE = 200;

/** What a link named last: it is shown wherever it stands. A new object each time that one is followed. */
export interface Linked {
	readonly id: string;
}

interface Given {
	readonly report: PageHead;
	/** Those that fit the filter. */
	readonly shown: readonly EntryRow[];
	readonly isFiltered: boolean;
	/** `null`: no link was followed. */
	readonly linked: Linked | null;
	readonly open: ReadonlySet<string>;
	readonly onToggle: (id: string) => void;
}

export function Groups(given: Given) {
	const isAnyWrong = given.report.entries.some(
		({ status }) => status !== "holds",
	);
	return (
		<>
			{GROUPS.map((group) => {
				const rows = given.shown.filter((row) => groupOf(row) === group);
				const isQuiet = group === "holds" || group === "trap";
				const startsFolded =
					isQuiet && (isAnyWrong || rows.length > MOST_UNFOLDED);
				return (
					rows.length > 0 && (
						<GroupOf
							key={`${group} ${given.isFiltered}`}
							group={group}
							rows={rows}
							startsFolded={startsFolded && !given.isFiltered}
							given={given}
						/>
					)
				);
			})}
		</>
	);
}

function GroupOf({
	group,
	rows,
	startsFolded,
	given,
}: {
	readonly group: Group;
	readonly rows: readonly EntryRow[];
	readonly startsFolded: boolean;
	readonly given: Given;
}) {
	const { report, linked, open, onToggle } = given;
	const [isFolded, setFolded] = useState(startsFolded);
	const [most, setMost] = useState(ROWS_AT_ONCE);
	const at = rows.findIndex(({ id }) => id === linked?.id);
	const [followed, setFollowed] = useState<Linked | null>(null);
	if (at >= 0 && followed !== linked) {
		setFollowed(linked);
		setFolded(false);
		setMost(Math.max(most, at + 1));
	}
	const left = rows.length - most;
	const words = areCounterexamples(report)
		? counted(rows.length, "counterexample")
		: groupWords(group, { ...report, count: rows.length });
	return (
		<section class={`group ${group}`} aria-labelledby={`-${group}`}>
			<h2 id={`-${group}`}>
				<button
					type="button"
					aria-expanded={!isFolded}
					onClick={() => setFolded(!isFolded)}
				>
					{words}
				</button>
			</h2>
			{!isFolded && (
				<>
					<Columns rows={rows} />
					{rows.slice(0, most).map((row) => (
						<EntryCard
							key={row.id}
							row={row}
							report={report}
							isOpen={open.has(row.id)}
							onToggle={() => onToggle(row.id)}
						/>
					))}
					{left > 0 && (
						<button
							type="button"
							class="choice more"
							onClick={() => setMost(most + ROWS_AT_ONCE)}
						>
							Show {number(Math.min(left, ROWS_AT_ONCE))} more of {number(left)}
						</button>
					)}
				</>
			)}
		</section>
	);
}

/** What the columns are; each row says it again for those who do not see it. */
function Columns({ rows }: { readonly rows: readonly EntryRow[] }) {
	if (!rows.some(({ total }) => total > 0)) return null;
	return (
		<div class="columns" aria-hidden="true">
			<span>scenario</span>
			<span>new connections over time</span>
			<span>share, and expected share</span>
			<span class="figure">lost</span>
			<span class="figure">late</span>
			<span class="figure">gap</span>
		</div>
	);
}
