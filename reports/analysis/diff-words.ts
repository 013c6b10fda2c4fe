/** Words for what an edit changes, on the terminal and in Markdown alike. */
import type {
	ClassDiff,
	ConnectionDiff,
	DiffDocument,
	LoadDiff,
	VectorDiff,
} from "../../scenarios/analysis/diff/diff-document.ts";
import { counted } from "../wording.ts";
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

/** Which packets of a connection these are, behind a comma. */
export const WHICH: Readonly<Record<ClassDiff["which"], string>> = {
	first: "",
	answer: ", the answer",
	next: ", the client's next packet",
	again: ", the first packet sent again",
};

/** Do the shares differ, or what gets them? */
export function isDifferent(vector: VectorDiff): boolean {
	return (
		isMoved(vector) ||
		vector.parts.some(
			({ before, after }) => JSON.stringify(before) !== JSON.stringify(after),
		)
	);
}

/** `1/4 (25 %) of new connections go elsewhere`, and why where that is not known. */
export function movedReason(vector: VectorDiff): string {
	const { moved } = vector;
	const why = moved.kind === "unknown" ? `: ${moved.why}` : "";
	return `${movedWords(vector)}${why}`;
}

/** Rules that are not loaded as the new file has them. */
export function restLines({
	leftOver,
	missing,
	policies,
}: Pick<LoadDiff, "leftOver" | "missing" | "policies">): readonly string[] {
	return [
		...(leftOver > 0
			? [`still loaded: ${counted(leftOver, "rule")} of the old file`]
			: []),
		...(missing > 0
			? [`not where the new file has them: ${counted(missing, "rule")}`]
			: []),
		...(policies > 0
			? [`not as in the new file: ${counted(policies, "policy", "policies")}`]
			: []),
	];
}

const MOST_LOST = 3;

/** Connections that another edit would not lose, when the whole file is restored. */
export function lostLines(
	{ connections, load }: LoadDiff,
	rest: string,
): readonly string[] {
	if (load !== "restore") return [];
	const lost = connections.filter(isLost);
	const left = lost.length - MOST_LOST;
	return [
		...lost
			.slice(0, MOST_LOST)
			.map(({ of, to, outcomes }) => `${outcomes.join(" or ")}: ${of}: ${to}`),
		...(left > 0 ? [`… and ${counted(left, "more", "more")}${rest}`] : []),
	];
}

function isLost({ outcomes, without }: ConnectionDiff): boolean {
	return JSON.stringify(outcomes) !== JSON.stringify(without);
}

/** `iptables-restore: 2 begin again; --noflush: 2 kept; iptables: 2 kept`; "" where all are kept. */
export function counterWords({
	counters,
}: Pick<DiffDocument, "counters">): string {
	const lost = counters.filter(({ by }) =>
		Object.values(by).some((life) => life !== "kept"),
	);
	if (lost.length === 0) return "";
	const counts = (load: "restore" | "noflush" | "commands") => {
		const of = (life: string) =>
			lost.filter(({ by }) => by[load] === life).length;
		return ["kept", "begins again", "unknown"]
			.filter((life) => of(life) > 0)
			.map((life) => `${of(life)} ${life}`)
			.join(", ");
	};
	return `iptables-restore: ${counts("restore")}; --noflush: ${counts("noflush")}; iptables: ${counts("commands")}`;
}

/** `2 rules removed, 3 rules added` */
export function summaryWords({
	before,
	after,
}: Pick<DiffDocument, "before" | "after">): string {
	return `${counted(before.rules.length, "rule")} removed, ${counted(after.rules.length, "rule")} added`;
}
