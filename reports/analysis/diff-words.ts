/** Words for what an edit changes, on the terminal and in Markdown alike. */
import type {
	LoadDiff,
	VectorDiff,
} from "../../scenarios/analysis/diff/diff-document.ts";
import { percentWords, shareWords } from "./split-words.ts";

/** `3 kept, 1 broken` */
export function outcomeWords({
	connections,
}: Pick<LoadDiff, "connections">): string {
	if (connections.length === 0) return "none was opened";
	const counts = new Map<string, number>();
	for (const { outcomes } of connections) {
		const words = outcomes.join(" or ");
		counts.set(words, (counts.get(words) ?? 0) + 1);
	}
	return [...counts].map(([words, count]) => `${count} ${words}`).join(", ");
}

/** Does something else come of new connections, as far as is known? */
export function isMoved({ moved }: Pick<VectorDiff, "moved">): boolean {
	return moved.kind !== "exact" || moved.share.decimal > 0;
}

/** `at least 1/2 (50 %) of new connections go elsewhere` */
export function movedWords({
	moved,
	isAtLeast,
}: Pick<VectorDiff, "moved" | "isAtLeast">): string {
	if (moved.kind === "unknown")
		return "how many new connections go elsewhere is unknown";
	const least = isAtLeast ? "at least " : "";
	return `${least}${shareWords(moved)} (${percentWords(moved)}) of new connections go elsewhere`;
}
