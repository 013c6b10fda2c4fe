import type { EntryRow, PageHead } from "../contract/report-page.ts";
import {
	areCounterexamples,
	GROUPS,
	type Group,
	groupOf,
	groupWords,
	number,
	SIGNS,
	statusWord,
} from "../wording.ts";
import { Sign } from "./parts/status.tsx";

/** Signs of a suite that are ways to what does not hold. */
const MOST_SIGNS = 24;

/** For each suite the numbers of scenarios by outcome, and a link to each one that does not hold. */
export function Overview({
	report,
	onSuite,
}: {
	readonly report: PageHead;
	readonly onSuite: (suite: string) => void;
}) {
	if (report.entries.length < 4 || areCounterexamples(report)) return null;
	const bySuite = new Map<string, EntryRow[]>();
	for (const row of report.entries)
		bySuite.set(row.suite, [...(bySuite.get(row.suite) ?? []), row]);
	return (
		<nav class="overview" aria-label="Overview">
			{[...bySuite].map(([suite, rows]) => (
				<p key={suite}>
					<button
						type="button"
						class="name"
						onClick={() => onSuite(suite)}
						aria-label={`Only suite ${suite}`}
					>
						{suite}
					</button>
					<span class="signs">
						<Wrong rows={rows} report={report} />
						{(["trap", "holds"] as const).map((group) => (
							<Count key={group} group={group} rows={rows} report={report} />
						))}
					</span>
				</p>
			))}
			<p class="legend" aria-hidden="true">
				{GROUPS.map((group) => {
					const count = report.entries.filter(
						(row) => groupOf(row) === group,
					).length;
					return (
						count > 0 && (
							<span key={group}>
								<b class={`sign ${group}`}>{signOf(group)}</b>{" "}
								{groupWords(group, { ...report, count })}
							</span>
						)
					);
				})}
			</p>
		</nav>
	);
}

function signOf(group: Group): string {
	return group === "trap" ? "▲" : SIGNS[group];
}

function Wrong({
	rows,
	report,
}: {
	readonly rows: readonly EntryRow[];
	readonly report: PageHead;
}) {
	const wrong = rows.filter(({ status }) => status !== "holds");
	const left = wrong.length - MOST_SIGNS;
	return (
		<>
			{wrong.slice(0, MOST_SIGNS).map((row) => (
				<a
					key={row.id}
					href={`#${row.id}`}
					aria-label={row.title || row.name}
					title={row.title}
				>
					<Sign
						status={row.status}
						word={statusWord(row.status, report)}
						isAssumed={row.restsOnAssumed}
					/>
				</a>
			))}
			{left > 0 && <span class="count">… {number(left)} more</span>}
		</>
	);
}

function Count({
	group,
	rows,
	report,
}: {
	readonly group: Group;
	readonly rows: readonly EntryRow[];
	readonly report: PageHead;
}) {
	const count = rows.filter((row) => groupOf(row) === group).length;
	if (count === 0) return null;
	const words = groupWords(group, { ...report, count });
	return (
		<span class="count" title={words}>
			<span class={`sign ${group}`} aria-hidden="true">
				{signOf(group)}
			</span>{" "}
			<span aria-hidden="true">{number(count)}</span>
			<span class="unseen">{words}</span>
		</span>
	);
}
