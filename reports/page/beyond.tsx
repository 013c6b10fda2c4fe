/** What there is besides scenarios: proofs of all that may happen, what an edit changes, and rules that nothing was shown of. */
import type {
	CounterexampleView,
	CoverageOfRules,
	DiffView,
	ProofCell,
	ProofView,
	RuleCoverageView,
} from "../contract/report-proof.ts";
import { counted, number } from "./parts/format.ts";
import { Scrolls } from "./parts/scrolls.tsx";

export function Proofs({ proofs }: { readonly proofs: readonly ProofView[] }) {
	return (
		<section class="beyond" aria-labelledby="-proofs">
			<h2 id="-proofs">What was proved</h2>
			{proofs.map((proof, index) => (
				<Proof key={index} proof={proof} index={index} />
			))}
		</section>
	);
}

const SIGNS: Readonly<Record<ProofCell["status"], string>> = {
	holds: "✓",
	nothing: "–",
	violated: "✗",
	unknown: "?",
};

function Proof({
	proof: { file, service, events, properties, counterexamples, leftOut },
	index,
}: {
	readonly proof: ProofView;
	readonly index: number;
}) {
	return (
		<section>
			<h3>
				{service} <span class="label">{file}</span>
			</h3>
			<Scrolls label={`Proofs of ${service}`} isWhole>
				<table class="proofs">
					<thead>
						<tr>
							<th scope="col">event</th>
							{properties.map(({ name, about }) => (
								<th key={name} scope="col" title={about}>
									{name}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{events.map((event, at) => (
							<tr key={event}>
								<th scope="row">{event}</th>
								{properties.map(({ name, cells }) => (
									<Cell key={name} cell={cells[at]} proof={index} />
								))}
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
			{counterexamples.map((one, at) => (
				<Counterexample key={at} id={playId(index, at)} one={one} />
			))}
			{leftOut.map((text) => (
				<p key={text} class="remark">
					Not proved: {text}
				</p>
			))}
		</section>
	);
}

/** No scenario can be called so. */
function playId(proof: number, counterexample: number): string {
	return `-play-${proof}-${counterexample}`;
}

/** The sign, and what it means in figures or why; a violated one leads to its play. */
function Cell({
	cell,
	proof,
}: {
	readonly cell: ProofCell | undefined;
	readonly proof: number;
}) {
	if (cell === undefined) return <td />;
	const { status, words, counterexample } = cell;
	return (
		<td>
			<span
				class={`sign ${status === "nothing" ? "vacuous" : status}`}
				aria-hidden="true"
			>
				{SIGNS[status]}
			</span>{" "}
			{status === "nothing" ? "nothing could violate it" : status}
			{counterexample >= 0 && (
				<>
					{" "}
					<a href={`#${playId(proof, counterexample)}`}>how</a>
				</>
			)}
			<span class="cell-words">{words}</span>
		</td>
	);
}

function Counterexample({
	one: { title, steps, happens, entry, replay },
	id,
}: {
	readonly one: CounterexampleView;
	readonly id: string;
}) {
	return (
		<div class="callout bad" id={id}>
			<strong>{title}:</strong> {happens}
			<ol>
				{steps.map(({ words, rules }, index) => (
					<li key={index}>
						{words}
						{rules.length > 0 && (
							<>
								{" "}
								<code>{rules.join(", ")}</code>
							</>
						)}
					</li>
				))}
			</ol>
			{entry !== "" && (
				<p>
					<a href={`#${entry}`}>Its play, packet by packet</a>
				</p>
			)}
			{replay !== "" && (
				<p class="replay">
					Play it: <code>{replay}</code>
				</p>
			)}
		</div>
	);
}

const VERDICTS: Readonly<Record<DiffView["verdict"], string>> = {
	same: "The same",
	allowed: "All that differs is allowed",
	different: "Different",
	unknown: "Nothing that is known differs, but not all is known",
};

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
						<strong>{VERDICTS[verdict]}</strong>: {summary}
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

/** Rulesets that are listed at once; the others are folded. */
const MOST_LISTED = 10;

/** `recipe.rules: 4 of 24 rules matched no packet, in 8 scenarios`. */
export function RuleCoverage({
	coverage: { whole, shown, omitted },
}: {
	readonly coverage: CoverageOfRules;
}) {
	const folded = shown.slice(MOST_LISTED);
	return (
		<section class="beyond" aria-labelledby="-coverage">
			<h2 id="-coverage">Rules that matched no packet</h2>
			{shown.slice(0, MOST_LISTED).map((one, index) => (
				<Unmatched key={index} ruleset={one} />
			))}
			{folded.length > 0 && (
				<details>
					<summary>{counted(folded.length + omitted, "more ruleset")}</summary>
					{folded.map((one, index) => (
						<Unmatched key={index} ruleset={one} />
					))}
					{omitted > 0 && <p class="remark">… and {number(omitted)} more.</p>}
				</details>
			)}
			{whole > 0 && (
				<p>
					{counted(whole, shown.length > 0 ? "other ruleset" : "ruleset")}:
					every rule matched a packet.
				</p>
			)}
		</section>
	);
}

function Unmatched({
	ruleset: { name, rules, scenarios, unmatched, shown },
}: {
	readonly ruleset: RuleCoverageView;
}) {
	return (
		<details>
			<summary>
				{name}: {number(unmatched)} of {counted(rules, "rule")} matched no
				packet, in {counted(scenarios, "scenario")}
			</summary>
			<ul class="rules-alone">
				{shown.map(({ line, text }, at) => (
					<li key={at}>
						{line > 0 && <span class="label">line {line} </span>}
						<code>{text}</code>
					</li>
				))}
				{unmatched > shown.length && (
					<li class="remark">… and {number(unmatched - shown.length)} more</li>
				)}
			</ul>
		</details>
	);
}
