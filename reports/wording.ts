/** Words and signs that the page shares with everything else that is written; it may import nothing from elsewhere. */
import type { Status } from "./report.ts";

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

/** `12,345`. */
export function number(value: number): string {
	return value.toLocaleString("en");
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
