/** How text and Markdown say what a split document has. */
import type {
	ClassDocument,
	DriveDocument,
	Exact,
	PartDocument,
	ShareDocument,
	VectorDocument,
} from "../../scenarios/analysis/document/split-document.ts";

/** Fractions with more digits are shown as decimals: those of draws in 31 bits. */
const MOST_DIGITS = 6;
const DECIMALS = 8;

/** `8/27`, `0.33333333` */
export function exactWords({ fraction, decimal }: Exact): string {
	const [, denominator = ""] = fraction.split("/");
	return denominator.length > MOST_DIGITS
		? decimal.toFixed(DECIMALS)
		: fraction;
}

/** `8/27`, `0 to 1/2`, `unknown` */
export function shareWords(share: ShareDocument): string {
	switch (share.kind) {
		case "exact":
			return exactWords(share.share);
		case "interval":
			return `${exactWords(share.least)} to ${exactWords(share.greatest)}`;
		case "unknown":
			return "unknown";
	}
}

/** `29.6 %`, `0 to 50 %` */
export function percentWords(share: ShareDocument): string {
	switch (share.kind) {
		case "exact":
			return share.share.percent;
		case "interval":
			return `${share.least.percent.replace(" %", "")} to ${share.greatest.percent}`;
		case "unknown":
			return "?";
	}
}

/** What it gets at least, 0 to 1: the length of its bar. */
export function shareWidth(share: ShareDocument): number {
	switch (share.kind) {
		case "exact":
			return share.share.decimal;
		case "interval":
			return share.least.decimal;
		case "unknown":
			return 0;
	}
}

/** Does it get any connection, as far as is known? */
export function getsAny({ share }: PartDocument): boolean {
	if (share.kind === "exact") return share.share.decimal > 0;
	return share.kind === "unknown" || share.greatest.decimal > 0;
}

/** The parts that get something, and the backends that do not; ends that nothing leads to are left out. */
export function partsShown({ parts }: VectorDocument): readonly PartDocument[] {
	return parts.filter((part) => part.isBackend || getsAny(part));
}

/** `10.20.0.12:80 1/2, 10.20.0.13:80 1/2`; many that get the same are counted. */
export function vectorWords(vector: VectorDocument): string {
	const shown = vector.parts.filter(getsAny);
	const groups = new Map<string, PartDocument[]>();
	for (const part of shown) {
		const key = `${part.isBackend ? "" : part.key} ${shareWords(part.share)}`;
		groups.set(key, [...(groups.get(key) ?? []), part]);
	}
	return [...groups.values()]
		.flatMap((group) => {
			const [first] = group as [PartDocument];
			const share = shareWords(first.share);
			return group.length > MOST_NAMED
				? [`${group.length} backends ${share} each`]
				: group.map(({ key }) => `${key} ${share}`);
		})
		.join(", ");
}

const MOST_NAMED = 4;

/** What the order of packets does to a share. */
export function driveWords(drive: DriveDocument): string {
	const { client } = drive;
	if (drive.kind === "unknown")
		return `How the order of packets drives the share of ${client} is unknown: ${drive.why}.`;
	const { key, least, greatest, orderOfGreatest } = drive;
	const order =
		orderOfGreatest === null ? "" : ` (most in this order: ${orderOfGreatest})`;
	return `The order of packets decides: of the connections of ${client}, ${key} gets from ${exactWords(least)} to ${exactWords(greatest)}${order}.`;
}

/** What there is to say below the table of a vector, a sentence each. */
function vectorNotes(vector: VectorDocument): readonly string[] {
	const { parts, period, best, noDeviation, byChance } = vector;
	const notes: string[] = [];
	const worst = parts
		.flatMap(({ key, deviation }) =>
			deviation === null ? [] : [{ key, deviation }],
		)
		.toSorted(
			(a, b) => b.deviation.anyWindow.decimal - a.deviation.anyWindow.decimal,
		)[0];
	const used = parts.filter(getsAny);
	if (worst !== undefined && used.length > 1) {
		const { key, deviation } = worst;
		const since = exactWords(deviation.sinceLoad);
		const most =
			best === null ? "" : ` (some schedule keeps within ${exactWords(best)})`;
		notes.push(
			`Worst window: ${key} is ${connections(deviation.anyWindow)} off its share; since the load, ${since} at most${most}.`,
		);
		if (period !== null && period !== "1")
			notes.push(`The turns repeat after ${period} connections.`);
	}
	if (byChance) notes.push(...chanceNotes(parts));
	else if (noDeviation !== null) notes.push(`No deviation: ${noDeviation}.`);
	const open = parts.find(({ share }) => share.kind === "interval")?.share;
	if (open?.kind === "interval")
		notes.push(
			open.isUnknown
				? `The shares are unknown: they depend on ${open.on}, and the model does not know that.`
				: `The shares depend on ${open.on}.`,
		);
	for (const { key, standsFor } of parts)
		if (standsFor !== null)
			notes.push(
				`${key} stands for ${standsFor}: NETMAP gives each address that is asked for one of its own there.`,
			);
	for (const { key, share } of parts)
		if (share.kind === "unknown")
			notes.push(`The share of ${key} is unknown: ${share.why}.`);
	return [...new Set(notes)];
}

/** What there is to say of a class of clients, a sentence each: of its first vector, and of how clients are picked. */
export function classNotes({
	vectors,
	hashOf,
	remembers,
	asksWhoCame,
}: ClassDocument): readonly string[] {
	const [alive] = vectors;
	return [
		...(alive === undefined ? [] : vectorNotes(alive)),
		...(hashOf === null ? [] : [HASH_WORDS[hashOf]]),
		...(remembers ? [rememberedWords(vectors)] : []),
		...(asksWhoCame && !remembers ? [ASKED_WORDS] : []),
	];
}

function rememberedWords(vectors: ClassDocument["vectors"]): string {
	const isOpen = vectors.some(({ parts }) =>
		parts.some(({ share }) => share.kind === "interval"),
	);
	return isOpen
		? "Rules remember clients, in a list or a set: what a client gets depends on whether it is there already."
		: "Rules remember clients, in a list or a set: these are the shares of clients that come for the first time.";
}

const ASKED_WORDS =
	"Rules ask a list or a set to which packets write: these are the shares of clients that no earlier packet has put there, or taken from there; others may go elsewhere.";

const HASH_WORDS: Readonly<
	Record<NonNullable<ClassDocument["hashOf"]>, string>
> = {
	client:
		"A hash of the client's address picks: a share is a part of all clients, and one client always goes to the same backend.",
	pair: "A hash of the client's address and of the one that it asks for picks: a share is a part of all pairs of them, and a client may go elsewhere when it asks for another address.",
	connection:
		"A hash of addresses and ports picks: a share is a part of all connections, and those of one client may go to different backends.",
	mixed:
		"A hash of addresses picks, and turns or draws do besides: connections of one client may go to different backends.",
};

/** @param options that tell how the machine really is */
export function assumedWords(
	texts: readonly string[],
	options: readonly string[],
): string {
	return `Assumed of the machine: ${texts.join("; ")}. (How it really is: ${options.join(", ")}.)`;
}

/** `38/27 connections (1.41)` */
function connections(exact: Exact): string {
	const words = exactWords(exact);
	const rounded = words.includes("/") ? ` (${exact.decimal.toFixed(2)})` : "";
	return `${words} ${words === "1" ? "connection" : "connections"}${rounded}`;
}

function chanceNotes(parts: readonly PartDocument[]): readonly string[] {
	const found = parts.flatMap(({ key, isBackend, chance }) =>
		chance === null || !isBackend ? [] : [{ key, ...chance }],
	);
	const [first] = found;
	if (first === undefined) return [];
	const { connections: count, confidence } = first;
	const each = found
		.slice(0, MOST_NAMED)
		.map(({ key, least, greatest }) => `${key} ${least} to ${greatest}`);
	const rest = found.length > MOST_NAMED ? " …" : "";
	return [
		`Chance decides: of ${count} connections it allows ${each.join(", ")}${rest} (${confidence * 100} % confidence).`,
	];
}
