import type { Report } from "../report.ts";
import { statusWord } from "../wording.ts";
import { Sign } from "./status.tsx";

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
									/>
								</a>
							))}
					</span>
				</p>
			))}
		</nav>
	);
}
