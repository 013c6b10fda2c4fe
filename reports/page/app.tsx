import { useEffect, useMemo, useState } from "preact/hooks";
import type { EntryRow, PageHead } from "../contract/report-page.ts";
import {
	areCounterexamples,
	GROUPS,
	groupOf,
	isAnalysisAlone,
	worstStatus,
} from "../wording.ts";
import { Diffs } from "./diffs.tsx";
import {
	type Filter,
	FilterBar,
	isFiltering,
	matchesFilter,
	NO_FILTER,
} from "./filter.tsx";
import { Fuzz } from "./fuzz.tsx";
import { Groups, type Linked } from "./groups.tsx";
import { Header } from "./header.tsx";
import { Overview } from "./overview.tsx";
import { Proofs } from "./proofs.tsx";
import { RuleCoverage } from "./rule-coverage.tsx";
import { Verdicts } from "./verdict.tsx";

/** No scenario can be called so. */
const RESULTS = "-results";

export function App({ report }: { readonly report: PageHead }) {
	const [filter, setFilter] = useState<Filter>(NO_FILTER);
	const [open, setOpen] = useState<ReadonlySet<string>>(
		() =>
			new Set(areCounterexamples(report) ? [] : openAtStart(report.entries)),
	);
	const [linked, setLinked] = useState<Linked | null>(null);
	const shown = useMemo(
		() => report.entries.filter((entry) => matchesFilter(entry, filter)),
		[report, filter],
	);
	useLinkedEntry(report.entries, (id) => {
		// The filter stays where it shows what the link names.
		setFilter((filter) =>
			report.entries.some(
				(entry) => entry.id === id && matchesFilter(entry, filter),
			)
				? filter
				: NO_FILTER,
		);
		setOpen((before) => new Set([...before, id]));
		setLinked({ id });
	});
	const toggle = (id: string) =>
		setOpen((before) => {
			const after = new Set(before);
			if (!after.delete(id)) after.add(id);
			return after;
		});
	const hasMore = report.fuzz !== null || isAnalysisAlone(report);
	return (
		<>
			<a class="skip" href={`#${RESULTS}`}>
				Skip to the {hasMore ? "results" : "scenarios"}
			</a>
			<Header report={report} />
			<Overview
				report={report}
				onSuite={(suite) => setFilter({ ...NO_FILTER, suite })}
			/>
			<main id={RESULTS} tabIndex={-1}>
				{report.fuzz !== null && <Fuzz fuzz={report.fuzz} />}
				{/* Their counterexamples are the scenarios. */}
				{report.proofs.length > 0 && <Proofs proofs={report.proofs} />}
				{report.diffs.length > 0 && <Diffs diffs={report.diffs} />}
				{report.entries.length > 0 && (
					<FilterBar
						report={report}
						filter={filter}
						shown={shown.length}
						onFilter={setFilter}
					/>
				)}
				<Groups
					report={report}
					shown={shown}
					isFiltered={isFiltering(filter)}
					linked={linked}
					open={open}
					onToggle={toggle}
				/>
				<Nothing report={report} shown={shown} />
				{report.coverage !== null && (
					<RuleCoverage coverage={report.coverage} />
				)}
				{report.verdicts.length > 0 && <Verdicts verdicts={report.verdicts} />}
			</main>
		</>
	);
}

/** Where there is nothing to see, it says why; a fuzz without findings has been seen already. */
function Nothing({
	report,
	shown,
}: {
	readonly report: PageHead;
	readonly shown: readonly EntryRow[];
}) {
	const { entries } = report;
	const isSomethingElse = entries.length === 0 && worstStatus(report) !== null;
	if (shown.length > 0 || isSomethingElse) return null;
	return (
		<p class="nothing">
			{entries.length === 0
				? "No scenario was played."
				: "No scenario fits the filter."}
		</p>
	);
}

/** The first that does not hold; else what shows most: the first split and the first failover. */
function openAtStart(entries: readonly EntryRow[]): readonly string[] {
	const wrong = GROUPS.flatMap((group) =>
		entries.filter((row) => row.status !== "holds" && groupOf(row) === group),
	);
	const telling =
		entries.length <= 3
			? entries
			: [
					entries.find(({ total }) => total > 0),
					entries.find(({ gap }) => gap !== null),
				];
	return (wrong.length > 0 ? wrong.slice(0, 1) : telling).flatMap(
		(row) => row?.id ?? [],
	);
}

/** "" when the link names nothing that can be read: `#%`. */
function linkedId(): string {
	try {
		return decodeURIComponent(location.hash.slice(1));
	} catch {
		return "";
	}
}

/** `report.html#split-alternates` shows that scenario, now and whenever the link is followed. */
function useLinkedEntry(
	entries: readonly EntryRow[],
	onLinked: (id: string) => void,
): void {
	useEffect(() => {
		const follow = () => {
			const id = linkedId();
			if (!entries.some((entry) => entry.id === id)) return;
			onLinked(id);
			requestAnimationFrame(() => {
				const element = document.getElementById(id);
				element?.scrollIntoView();
				element?.querySelector("button")?.focus({ preventScroll: true });
			});
		};
		// A link to what the address names already changes nothing in it.
		const again = ({ target }: MouseEvent) => {
			const link = target instanceof Element && target.closest("a");
			if (link && link.hash !== "" && link.hash === location.hash) follow();
		};
		follow();
		addEventListener("hashchange", follow);
		addEventListener("click", again);
		return () => {
			removeEventListener("hashchange", follow);
			removeEventListener("click", again);
		};
	}, []);
}
