import type { Report } from "../contract/report.ts";
import { SIGNS, STATUSES, statusWord } from "../wording.ts";
import { Sign } from "./parts/status.tsx";

/** Every scenario as one sign, suite by suite: all of it at a glance, and a way to each. */
export function Overview({ report }: { readonly report: Report }) {
	const suites = [...new Set(report.entries.map(({ suite }) => suite))];
	if (report.entries.length < 4) return null;
	return (
		<nav class="overview" aria-label="All scenarios">
			{suites.map((suite) => (
				<p key={suite}>
					<span class="name">{suite}</span>
					<span class="signs">
						{report.entries
							.filter((entry) => entry.suite === suite)
							.map((entry) => (
								<a
									key={entry.id}
									href={`#${entry.id}`}
									aria-label={entry.title}
									title={entry.title}
								>
									<Sign
										status={entry.status}
										word={statusWord(entry.status, report)}
										isTrap={entry.trap !== null}
										isAssumed={entry.restsOnAssumed}
									/>
								</a>
							))}
					</span>
				</p>
			))}
			<p class="legend" aria-hidden="true">
				{legendOf(report).map(({ sign, kind, word }) => (
					<span key={kind}>
						<b class={`sign ${kind}`}>{sign}</b> {word}
					</span>
				))}
			</p>
		</nav>
	);
}

/** The signs that are there, and what they say. */
function legendOf(report: Report) {
	const { entries } = report;
	const isTrap = ({ status, trap }: Report["entries"][number]) =>
		status === "holds" && trap !== null;
	const statuses = STATUSES.filter((status) =>
		entries.some((entry) => entry.status === status && !isTrap(entry)),
	).map((status) => ({
		sign: SIGNS[status],
		kind: status as string,
		word: statusWord(status, report),
	}));
	return entries.some(isTrap)
		? [
				...statuses,
				{
					sign: "▲",
					kind: "trap",
					word: `${statusWord("holds", report)}, and shows a trap of the ruleset`,
				},
			]
		: statuses;
}
