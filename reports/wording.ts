/** Words and signs that the page shares with everything else that is written; it may import nothing from elsewhere. */
import type {
	Entry,
	FuzzView,
	Report,
	Status,
	WhyView,
} from "./contract/report.ts";

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
type Outcomes = Pick<Report, "fuzz" | "verdicts"> & {
	readonly entries: readonly Pick<Entry, "status">[];
};

/** What there is to do first, of scenarios and fuzz together; `null` where nothing was played. */
export function worstStatus({
	entries,
	fuzz,
	verdicts,
}: Outcomes): Status | null {
	const isWrong = verdicts.some(({ findings }) =>
		findings.some(({ severity }) => severity !== "note"),
	);
	if (entries.length === 0 && fuzz === null && isWrong) return "violated";
	return (
		WORST_FIRST.find(
			(status) =>
				fuzz?.status === status ||
				entries.some((entry) => entry.status === status),
		) ?? null
	);
}

/** Is every entry one that the fuzz has found? Then what is said of the fuzz is said of them. */
export function isFuzzAlone({ entries, fuzz }: Outcomes): boolean {
	return fuzz !== null && entries.length === fuzz.divergences;
}

/** Is there nothing but what is said of rulesets alone? */
export function isVerdictAlone({ entries, fuzz, verdicts }: Outcomes): boolean {
	return entries.length === 0 && fuzz === null && verdicts.length > 0;
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
