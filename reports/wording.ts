/** Words and signs that the page shares with everything else that is written; it may import nothing from elsewhere. */
import type {
	DiffView,
	Entry,
	FuzzView,
	ProofView,
	Report,
	RuleCoverageView,
	Status,
	WhyView,
} from "./contract/report.ts";

export { firstLines } from "./shorten.ts";
export { visible } from "./visible.ts";

/** In the order in which they are counted. */
export const STATUSES: readonly Status[] = [
	"holds",
	"violated",
	"unknown",
	"failed",
];

/** What there is to do comes first. */
export const WORST_FIRST: readonly Status[] = [
	"violated",
	"failed",
	"unknown",
	"holds",
];

export const SIGNS: Readonly<Record<Status, string>> = {
	holds: "✓",
	violated: "✗",
	unknown: "?",
	failed: "!",
};

/** Two drivers agree or diverge, a scenario holds or is violated: `2 hold`, `1 diverges`. */
export function statusWord(
	status: Status,
	{
		isComparison,
		count = 1,
	}: { readonly isComparison: boolean; readonly count?: number },
): string {
	switch (status) {
		case "holds":
			return `${isComparison ? "agree" : "hold"}${count === 1 ? "s" : ""}`;
		case "violated":
			if (!isComparison) return status;
			return count === 1 ? "diverges" : "diverge";
		case "unknown":
			return status;
		case "failed":
			return isComparison ? "not compared" : "could not be played";
	}
}

/** What there is to do first, then what a suite shows on purpose, then what holds. */
export type Group = Status | "trap";

export const GROUPS: readonly Group[] = [
	"violated",
	"failed",
	"unknown",
	"trap",
	"holds",
];

export function groupOf({
	status,
	trap,
}: Pick<Entry, "status" | "trap">): Group {
	return status === "holds" && trap !== null ? "trap" : status;
}

/** `3 violated`, `53 hold and show a trap of the ruleset`. */
export function groupWords(
	group: Group,
	about: { readonly isComparison: boolean; readonly count: number },
): string {
	const { count } = about;
	const word = statusWord(group === "trap" ? "holds" : group, about);
	const more =
		group === "trap"
			? ` and show${count === 1 ? "s" : ""} a trap of the ruleset`
			: "";
	return `${number(count)} ${word}${more}`;
}

/** In the place of expectations where there are none: nothing holds by that. */
export function emptyWords({ comparison }: Pick<Entry, "comparison">): string {
	return comparison === null
		? "It expects nothing, so nothing is shown."
		: "It expects nothing; how the two compare stands above.";
}

/** A report, or what the page reads of it at its start. */
type Outcomes = Pick<Report, "fuzz" | "verdicts" | "proofs" | "diffs"> & {
	readonly entries: readonly Pick<Entry, "id" | "status">[];
};

/** Scenarios that show what a proof has found: their outcome is the proof's. */
function counterexamplesIn({
	proofs,
}: Pick<Report, "proofs">): ReadonlySet<string> {
	return new Set(
		proofs.flatMap(({ services }) =>
			services.flatMap(({ counterexamples }) =>
				counterexamples.map(({ entry }) => entry),
			),
		),
	);
}

/** Is every scenario one that a proof has found? */
export function areCounterexamples(report: Outcomes): boolean {
	const ids = counterexamplesIn(report);
	return report.entries.length > 0 && playedIn(report, ids).length === 0;
}

function playedIn(
	{ entries }: Outcomes,
	counterexamples: ReadonlySet<string>,
): Outcomes["entries"] {
	return entries.filter(({ id }) => !counterexamples.has(id));
}

/** What there is to do first, of all that a report shows; `null` where it shows nothing. */
export function worstStatus(report: Outcomes): Status | null {
	const { fuzz, proofs, diffs, verdicts } = report;
	const statuses: ReadonlySet<Status> = new Set([
		...(fuzz === null ? [] : [fuzz.status]),
		...proofs.map(({ status }) => status),
		...diffs.map(({ verdict }) => DIFF_STATUS[verdict]),
		...playedIn(report, counterexamplesIn(report)).map(({ status }) => status),
		...verdicts.flatMap(({ status }) => status ?? []),
	]);
	return WORST_FIRST.find((status) => statuses.has(status)) ?? null;
}

export const DIFF_STATUS = {
	same: "holds",
	allowed: "holds",
	different: "violated",
	unknown: "unknown",
} as const satisfies Readonly<Record<DiffView["verdict"], Status>>;

/** What a comparison of two rulesets comes to, behind a colon. */
export const DIFF_WORDS: Readonly<Record<DiffView["verdict"], string>> = {
	same: "the same",
	allowed: "all that differs is allowed",
	different: "different",
	unknown: "nothing that is known differs, but not all is known",
};

/** Is every entry one that the fuzz has found? Then what is said of the fuzz is said of them. */
export function isFuzzAlone({ entries, fuzz }: Outcomes): boolean {
	return fuzz !== null && entries.length === fuzz.divergences;
}

/** Is there nothing but what is said of rulesets alone? */
export function isVerdictAlone({
	entries,
	fuzz,
	proofs,
	diffs,
	verdicts,
}: Outcomes): boolean {
	const others = entries.length + proofs.length + diffs.length;
	return others === 0 && fuzz === null && verdicts.length > 0;
}

/** Was nothing played but what a proof, an edit or a ruleset is about? */
export function isAnalysisAlone(report: Outcomes): boolean {
	const { entries, fuzz, proofs, diffs, verdicts } = report;
	const analyses = proofs.length + diffs.length + verdicts.length;
	const isPlayed = entries.length > 0 && !areCounterexamples(report);
	return analyses > 0 && fuzz === null && !isPlayed;
}

/** `1 service: all properties hold in quiet operation`. */
export function proofWords({ status, services, assumed }: ProofView): string {
	if (services.length === 0) return "no service was found that can be proved";
	const what = {
		holds: "all properties hold",
		violated: "a property is violated",
		unknown: "not all is known",
	}[status];
	return `${counted(services.length, "service")}: ${what} ${assumed}`;
}

/** `no divergence`, `2 divergences, and chance outside of its bounds`. */
export function fuzzVerdict({ divergences, chances, lost }: FuzzView): string {
	const all =
		divergences === 0 ? "no divergence" : counted(divergences, "divergence");
	const differ =
		lost === 0 ? all : `${all}, ${number(lost)} not compared (the guest died)`;
	return chances.every(({ isInside }) => isInside)
		? differ
		: `${differ}, and chance outside of its bounds`;
}

/** `1,000 generated rulesets`. */
export function fuzzSubject({ rulesets }: FuzzView): string {
	return counted(rulesets, "generated ruleset");
}

/** `5.2 rulesets and 267 packets a second`. */
export function fuzzSpeed({ rulesets, packets, tookMs }: FuzzView): string {
	const seconds = Math.max(tookMs, 1) / 1_000;
	return `${(rulesets / seconds).toFixed(1)} rulesets and ${number(Math.round(packets / seconds))} packets a second`;
}

/** `recipe.rules: 4 of 24 rules matched no packet, in 8 scenarios`. */
export function coverageWords({
	name,
	rules,
	unmatched,
	scenarios,
}: RuleCoverageView): string {
	return `${name}: ${number(unmatched)} of ${counted(rules, "rule")} matched no packet, in ${counted(scenarios, "scenario")}`;
}

/** `3 connections`. */
export function counted(count: number, one: string, many = `${one}s`): string {
	return `${number(count)} ${count === 1 ? one : many}`;
}

/** `12,345`. */
export function number(value: number): string {
	return value.toLocaleString("en");
}

/** `#3 and 4 more: SYN → …`: a line for each group of those that failed in the same way, and what is left. */
export function whyLines({
	why,
	concerned,
}: {
	readonly why: readonly WhyView[];
	readonly concerned: number;
}): readonly string[] {
	const left = why.reduce((rest, { count }) => rest - count, concerned);
	return [
		...why.map((one) => `${whose(one)}${one.text}`),
		...(why.length > 0 && left > 0
			? [`${counted(left, "more connection")} in other ways`]
			: []),
	];
}

function whose({ connection, count }: WhyView): string {
	// A remark on the rules is about none.
	if (connection === null) return count > 1 ? `${number(count)} times: ` : "";
	return `#${connection}${count === 1 ? "" : ` and ${number(count - 1)} more`}: `;
}

/** `#1, #2, #3 and 31 more`; "" for none. */
export function connectionNumbers({
	connections,
	concerned,
}: {
	readonly connections: readonly number[];
	readonly concerned: number;
}): string {
	const named = connections.map((one) => `#${one}`).join(", ");
	const more = concerned - connections.length;
	return more > 0 && named !== "" ? `${named} and ${number(more)} more` : named;
}
