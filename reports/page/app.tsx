import { useEffect, useMemo, useState } from "preact/hooks";
import type { Entry, Report } from "../contract/report.ts";
import { EntryCard } from "./entry/entry.tsx";
import { type Filter, FilterBar, matchesFilter, NO_FILTER } from "./filter.tsx";
import { Fuzz } from "./fuzz.tsx";
import { Header } from "./header.tsx";
import { Overview } from "./overview.tsx";
import { Verdicts } from "./verdict.tsx";

/** Opened at the start when something does not hold. */
const MOST_OPEN = 5;

/** No scenario can be called so. */
const RESULTS = "-results";

export function App({ report }: { readonly report: Report }) {
	const [filter, setFilter] = useState<Filter>(NO_FILTER);
	const [open, setOpen] = useState<ReadonlySet<string>>(
		() => new Set(openAtStart(report.entries)),
	);
	const shown = useMemo(
		() => report.entries.filter((entry) => matchesFilter(entry, filter)),
		[report, filter],
	);
	useLinkedEntry(report.entries, (id) => {
		// Whoever follows a link to what he sees has not asked for the rest.
		setFilter((filter) =>
			report.entries.some(
				(entry) => entry.id === id && matchesFilter(entry, filter),
			)
				? filter
				: NO_FILTER,
		);
		setOpen((before) => new Set([...before, id]));
	});
	const toggle = (id: string) =>
		setOpen((before) => {
			const after = new Set(before);
			if (!after.delete(id)) after.add(id);
			return after;
		});
	const suites = [...new Set(shown.map(({ suite }) => suite))];
	return (
		<>
			<a class="skip" href={`#${RESULTS}`}>
				Skip to the {report.fuzz === null ? "scenarios" : "results"}
			</a>
			<Header report={report} />
			<Overview report={report} />
			<main id={RESULTS} tabIndex={-1}>
				{report.verdicts.length > 0 && <Verdicts verdicts={report.verdicts} />}
				{report.fuzz !== null && <Fuzz fuzz={report.fuzz} />}
				{report.entries.length > 0 && (
					<FilterBar
						report={report}
						filter={filter}
						shown={shown.length}
						onFilter={setFilter}
					/>
				)}
				{suites.map((suite) => (
					<section key={suite} class="suite" aria-label={`Suite ${suite}`}>
						<h2>{suite}</h2>
						{shown
							.filter((entry) => entry.suite === suite)
							.map((entry) => (
								<EntryCard
									key={entry.id}
									entry={entry}
									report={report}
									isOpen={open.has(entry.id)}
									onToggle={() => toggle(entry.id)}
								/>
							))}
					</section>
				))}
				<Nothing report={report} shown={shown} />
			</main>
		</>
	);
}

/** Where there is nothing to see, it says why; a fuzz without findings has been seen already. */
function Nothing({
	report,
	shown,
}: {
	readonly report: Report;
	readonly shown: readonly Entry[];
}) {
	const { entries, fuzz, verdicts } = report;
	const hasOthers = fuzz !== null || verdicts.length > 0;
	if (shown.length > 0 || (entries.length === 0 && hasOthers)) return null;
	return (
		<p class="nothing">
			{entries.length === 0
				? "No scenario was played."
				: "No scenario fits the filter."}
		</p>
	);
}

/** What does not hold; else what shows most: the first split and the first failover. */
function openAtStart(entries: readonly Entry[]): readonly string[] {
	const wrong = entries.filter(({ status }) => status !== "holds");
	const telling =
		entries.length <= 3
			? entries
			: [
					entries.find(({ split }) => split !== null),
					entries.find(({ failover }) =>
						failover?.gaps.some((gap) => gap.lost + gap.late > 0),
					),
				];
	return (wrong.length > 0 ? wrong.slice(0, MOST_OPEN) : telling).flatMap(
		(entry) => entry?.id ?? [],
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
	entries: readonly Entry[],
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
		follow();
		addEventListener("hashchange", follow);
		return () => removeEventListener("hashchange", follow);
	}, []);
}
