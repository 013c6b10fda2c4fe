/** What an edit of a ruleset changes. */
import type { DiffView } from "../contract/report.ts";
import { DIFF_WORDS } from "../wording.ts";
import { number } from "./parts/format.ts";
import { Scrolls } from "./parts/scrolls.tsx";

export function Diffs({ diffs }: { readonly diffs: readonly DiffView[] }) {
	return (
		<section class="beyond" aria-labelledby="-diffs">
			<h2 id="-diffs">What an edit changes</h2>
			{diffs.map(({ before, after, verdict, summary, parts, unknown }) => (
				<section key={`${before} ${after}`}>
					<h3>
						{before} → {after}
					</h3>
					<p>
						<strong>{DIFF_WORDS[verdict]}</strong>: {summary}
					</p>
					{parts.map((part) => (
						<Part key={part.title} part={part} />
					))}
					{unknown.map((text) => (
						<p key={text} class="unknown">
							Not known: {text}
						</p>
					))}
				</section>
			))}
		</section>
	);
}

function Part({
	part: { title, rows, omitted },
}: {
	readonly part: DiffView["parts"][number];
}) {
	return (
		<>
			<h4>{title}</h4>
			<Scrolls label={title} isWhole>
				<table>
					<thead>
						<tr>
							<th scope="col">what</th>
							<th scope="col">before</th>
							<th scope="col">after</th>
						</tr>
					</thead>
					<tbody>
						{rows.map((row, index) => (
							<tr key={index}>
								<td>{row.what}</td>
								<td>{row.before}</td>
								<td>{row.after}</td>
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
			{omitted > 0 && <p class="remark">… and {number(omitted)} more.</p>}
		</>
	);
}
