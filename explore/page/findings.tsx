import { FindingList, Service } from "../../reports/page/verdict.tsx";
import type { Study } from "../engine/study.ts";
import type { State } from "./state.ts";

/** Services and findings that are shown; more are counted. */
const MOST_SERVICES = 12;
const MOST_FINDINGS = 60;

/** What follows from the rules alone: exact shares, and what is wrong. */
export function Findings({
	state: { study, studyFailure, isStudying },
}: {
	readonly state: State;
}) {
	if (study?.verdict == null)
		return (
			<p class="remark">
				{isStudying || (study === null && studyFailure === "")
					? "The rules are looked at …"
					: study === null
						? `The rules could not be looked at: ${studyFailure}. Change them, or report it as a bug of marktwin.`
						: "The rules would not load: there is nothing to compute."}
			</p>
		);
	const { services, findings, unknown, assumptions } = study.verdict;
	const isKnown = unknown.length === 0 && study.needs.length === 0;
	const more = findings.length - MOST_FINDINGS;
	return (
		<div class={isStudying ? "study verdict stale" : "study verdict"}>
			<div>
				<h2>Exact split</h2>
				{services.length === 0 && (
					<p class="remark">
						{isKnown
							? "No service was found in these rules."
							: "No service was found in what is known of these rules."}
					</p>
				)}
				{services.slice(0, MOST_SERVICES).map((one) => (
					<Service key={one.key} service={one} />
				))}
				<MoreServices study={study} />
				{unknown.map((text) => (
					<p key={text} class="doubt">
						Not known: {text}
					</p>
				))}
				<Folded name="Assumed of the machine" texts={assumptions} />
				<Folded name="Not played here" texts={study.leftOut} />
			</div>
			<div>
				<h2>
					Findings <span class="badge">{findings.length}</span>
				</h2>
				{findings.length > 0 ? (
					<FindingList findings={findings.slice(0, MOST_FINDINGS)} />
				) : study.isEmpty ? (
					<p class="remark">There is no rule to look at.</p>
				) : isKnown ? (
					<p class="good">The linter finds nothing wrong.</p>
				) : (
					<p class="doubt">
						The linter finds nothing wrong in what is known; the rest is not
						checked.
					</p>
				)}
				{more > 0 && <p class="remark">… and {more} more.</p>}
			</div>
		</div>
	);
}

function MoreServices({ study }: { readonly study: Study }) {
	const more = (study.split?.services.length ?? 0) - MOST_SERVICES;
	return more > 0 ? <p class="remark">… and {more} more services.</p> : null;
}

function Folded({
	name,
	texts,
}: {
	readonly name: string;
	readonly texts: readonly string[];
}) {
	if (texts.length === 0) return null;
	return (
		<details>
			<summary>{name}</summary>
			<ul>
				{texts.map((text) => (
					<li key={text}>{text}</li>
				))}
			</ul>
		</details>
	);
}
