/**
 * Two decisions about the same packets, as one: each packet takes its way through the old rules and then
 * through the new ones. Counters of both move on with the same stream, so what a connection gets of both is a
 * split of pairs, and the part that meets another backend is exact.
 */
import {
	compareRationals,
	minus,
	plus,
	type Rational,
	rational,
	ZERO,
} from "../../../sim/rational.ts";
import type { Conditions } from "../split/graph.ts";
import type { Part, Share, Split } from "../split/split.ts";
import { splitOf } from "../split/split-of.ts";
import type { Asked, Decision, End } from "../walk/decision.ts";
import { askedIn } from "../walk/ends-of.ts";

type KeyOf = (end: End) => string;

/** A decision, and what its ends are to a service. */
export interface Half {
	readonly decision: Decision;
	readonly keyOf: KeyOf;
}

/** The part of new connections that get something else. */
export interface Moved {
	readonly share: Share;
	/** Draws have a part: at least so many, whatever is drawn. */
	readonly isAtLeast: boolean;
}

export interface Joined {
	readonly before: Split;
	readonly after: Split;
	readonly moved: Moved;
}

const MOVED = "moved";
const STAYS = "stays";

/**
 * @param sameRule the new name of an old rule's question; `null`: the rule is no longer there, or asks about something else now
 */
export function joinedSplit(
	before: Half,
	after: Half,
	{
		conditions,
		sameKey,
	}: {
		readonly conditions: Conditions;
		readonly sameKey: (asked: Asked) => string | null;
	},
): Joined {
	const splits = [before, after].map(({ decision, keyOf }) =>
		splitOf(decision, { keyOf, conditions }),
	) as [Split, Split];
	const [one, other] = splits;
	const atLeast = leastMoved(one, other);
	const isByChance = one.byChance || other.byChance;
	const hashes = isByChance ? hashesIn(before, after, sameKey) : "none";
	if (isByChance && (hashes === "none" || !isNothing(atLeast)))
		return {
			before: one,
			after: other,
			moved: { share: atLeast, isAtLeast: true },
		};
	const { decision, keyOf } = pairOf(before, after, sameKey);
	const { parts } = splitOf(decision, { keyOf, conditions });
	const part = parts.find(({ key }) => key === MOVED);
	const share: Share = part?.share ?? { kind: "exact", value: ZERO };
	if (isByChance && hashes !== "shared" && !isNothing(share))
		return {
			before: one,
			after: other,
			moved: { share: { kind: "unknown", why: hashes }, isAtLeast: false },
		};
	// Where both turn too slowly to be walked together, what must move is still known.
	const isLost =
		share.kind === "unknown" && atLeast.kind === "exact" && !isNothing(atLeast);
	return {
		before: one,
		after: other,
		moved: isLost
			? { share: atLeast, isAtLeast: true }
			: { share, isAtLeast: false },
	};
}

function isNothing(share: Share): boolean {
	return share.kind === "exact" && compareRationals(share.value, ZERO) === 0;
}

/**
 * Do hashes decide who goes where, each on both sides the same one and nothing drawn besides (`shared`)? `none`: no
 * hash does. Otherwise the words why it is not known who goes elsewhere.
 */
function hashesIn(
	before: Half,
	after: Half,
	sameKey: (asked: Asked) => string | null,
): string {
	const olds = askedIn(before.decision);
	const news = askedIn(after.decision);
	const ofOld = olds.filter(isHash);
	const ofNew = news.filter(isHash);
	if (ofOld.length + ofNew.length === 0) return "none";
	const isDrawn = [...olds, ...news].some(
		(asked) =>
			asked.kind === "draw" || (asked.kind === "spread" && !isHash(asked)),
	);
	const kept = ofOld.map((asked) => newKeyOf(asked, ofNew, sameKey));
	const known = new Set(kept);
	const others = [
		...ofOld.filter((_, index) => kept[index] === null),
		...ofNew.filter(({ key }) => !known.has(key)),
	];
	if (others.length === 0)
		return isDrawn ? "a hash and draws decide who goes where" : "shared";
	const [{ at }] = others as [Asked];
	return `another hash decides who goes where (line ${at.line}: ${at.text})`;
}

function isHash(asked: Asked): boolean {
	return asked.kind === "spread" && asked.by === "hash";
}

/** The same rule asks, or one with the same target: what else stands in a rule is no part of its hash. */
function newKeyOf(
	asked: Asked,
	news: readonly Asked[],
	sameKey: (asked: Asked) => string | null,
): string | null {
	const key = sameKey(asked);
	if (key !== null) return key;
	if (!isHash(asked)) return null;
	const name = hashName(asked);
	return news.find((one) => isHash(one) && hashName(one) === name)?.key ?? null;
}

function hashName({ key, at }: Asked): string {
	const target = at.text.slice(at.text.lastIndexOf(" -j "));
	return `${key.slice(at.rule.length)}${target}`;
}

/** Half of what the shares differ by: the total variation distance. */
export function leastMoved(one: Parts, other: Parts): Share {
	const parts = [...one.parts, ...other.parts];
	const open = parts.find(({ share }) => share.kind !== "exact")?.share;
	if (open?.kind === "unknown") return open;
	if (open?.kind === "interval")
		return { kind: "unknown", why: `it depends on ${open.on}` };
	const keys = new Set(parts.map(({ key }) => key));
	let twice = ZERO;
	for (const key of keys) {
		const [less, more] = [exactIn(one, key), exactIn(other, key)].sort(
			compareRationals,
		) as [Rational, Rational];
		twice = plus(twice, minus(more, less));
	}
	const value = rational(twice.numerator, twice.denominator * 2n);
	return { kind: "exact", value };
}

/** All that get something. */
interface Parts {
	readonly parts: readonly Pick<Part, "key" | "share">[];
}

function exactIn({ parts }: Parts, wanted: string): Rational {
	const share = parts.find(({ key }) => key === wanted)?.share;
	return share?.kind === "exact" ? share.value : ZERO;
}

/** What both say to the same question of the machine is not asked twice. */
function isShared(asked: Asked): boolean {
	return (
		asked.kind === "open" || (asked.kind === "spread" && asked.by === "hash")
	);
}

function pairOf(
	before: Half,
	after: Half,
	sameKey: (asked: Asked) => string | null,
): Half {
	const news = askedIn(after.decision);
	const keys = new Map<End, string>();
	const numbers = new Map<Decision, number>();
	const made = new Map<string, Decision>();
	const once = (name: string, of: Decision, make: () => Decision) => {
		const number = numbers.get(of) ?? numbers.size;
		numbers.set(of, number);
		const key = `${number} ${name}`;
		const known = made.get(key) ?? make();
		made.set(key, known);
		return known;
	};
	const second = (at: Decision, key: string, answers: Answers): Decision =>
		once(`${key} ${textOf(answers)}`, at, () => {
			if (at.kind === "leaf") {
				const end = { ...at.end };
				keys.set(end, after.keyOf(at.end) === key ? STAYS : MOVED);
				return { kind: "leaf", end };
			}
			const answer = answers.get(at.asked.key);
			if (answer !== undefined)
				return second(at.ways[answer] as Decision, key, answers);
			const ways = at.ways.map((way) => second(way, key, answers));
			return { kind: "fork", asked: named(at.asked, "new"), ways };
		});
	const first = (at: Decision, answers: Answers): Decision =>
		once(textOf(answers), at, () => {
			if (at.kind === "leaf")
				return second(after.decision, before.keyOf(at.end), answers);
			const same = isShared(at.asked)
				? newKeyOf(at.asked, news, sameKey)
				: null;
			const ways = at.ways.map((way, index) =>
				first(
					way,
					same === null ? answers : new Map([...answers, [same, index]]),
				),
			);
			return { kind: "fork", asked: named(at.asked, "old"), ways };
		});
	return {
		decision: first(before.decision, new Map()),
		keyOf: (end) => keys.get(end) as string,
	};
}

/** By the new key of a question, the way that was taken. */
type Answers = ReadonlyMap<string, number>;

function textOf(answers: Answers): string {
	return [...answers].flat().join(",");
}

function named(asked: Asked, which: "old" | "new"): Asked {
	return asked.kind === "condition"
		? asked
		: { ...asked, key: `${which} ${asked.key}` };
}
