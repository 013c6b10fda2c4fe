/** What an edit does to packets that are treated alike: nothing, something, or something that is not known. */

import {
	compareRationals,
	type Rational,
	ZERO,
} from "../../../sim/rational.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { Split } from "../split/split.ts";
import type { Asked, Decision, End, RuleRef } from "../walk/decision.ts";
import { askedIn, decisionText, endsOf } from "../walk/ends-of.ts";
import {
	type Effect,
	type EffectOptions,
	effectKey,
	effectOf,
	effectWords,
} from "./effect.ts";
import { joinedSplit, type Moved } from "./joint.ts";
import { isAmong, ruleIn, type Side, type Sides } from "./kinds/sides.ts";
import { unseenAt, unseenIn } from "./unseen.ts";
import {
	type Meanings,
	type Values,
	type Vector,
	valueWords,
} from "./values.ts";

/** The two under some values of conditions. */
export interface Compared {
	readonly vector: Vector;
	readonly before: Split;
	readonly after: Split;
	readonly moved: Moved;
}

type Verdict = "same" | "changed" | "unknown";

export interface Comparison {
	readonly verdict: Verdict;
	/** Why it is unknown, with the rule. */
	readonly why: readonly string[];
	/** What becomes of them on each side, at all values: words, each once. */
	readonly before: readonly Effect[];
	readonly after: readonly Effect[];
	/** Values under which they differ, or all that were looked at; [] where nothing differs at all. */
	readonly vectors: readonly Compared[];
}

/** What is compared of a packet, and how. */
export interface Question {
	readonly sides: Sides;
	readonly before: Decision;
	readonly after: Decision;
	readonly packet: EffectOptions["packet"];
	readonly keepsPort: boolean;
	/** What values of conditions mean to the service that is asked for. */
	readonly meanings: Meanings;
	/** What the gateway keeps of a connection at an end, where that is compared as well. */
	readonly keptAt?: (end: End) => string;
	/** Rules that both have and that answer otherwise since others write what they read. */
	readonly affected: Parameters<typeof isAmong>[2];
}

export function compareDecisions(question: Question): Comparison {
	const { sides } = question;
	const sameKey = sameKeyIn(question);
	const one = halfOf(question, sides.before, question.before);
	const other = halfOf(question, sides.after, question.after);
	const unknown = [...unknownIn(one.effects), ...unknownIn(other.effects)];
	const shown = unseenIn(question);
	const effects = { before: one.effects, after: other.effects };
	const unshown = () =>
		shown.length > 0 ? shown : unseenElsewhere(question, one, other);
	if (decideAlike(question, one.keyOf, other.keyOf)) {
		const why = [...new Set([...unknown, ...unshown()])];
		const verdict = why.length === 0 ? "same" : "unknown";
		return { verdict, why, ...effects, vectors: [] };
	}
	const vectors = comparedBy(question, one.keyOf, other.keyOf);
	const areKnown = unknown.length === 0;
	const differ = vectors.filter(({ moved }) => isMoved(moved));
	const isOpen = vectors.some(({ moved }) => isOpenShare(moved));
	if (differ.length > 0 && (areKnown || differsForSure(effects)))
		return { verdict: "changed", why: unknown, ...effects, vectors };
	const open = openIn(question, sameKey);
	const why = [
		...new Set([
			...unknown,
			...unshown(),
			...vectors.flatMap(({ moved }) => whyOpen(moved, open)),
			...notAllValues(question),
		]),
	];
	const isSame = why.length === 0 && !isOpen && differ.length === 0;
	return { verdict: isSame ? "same" : "unknown", why, ...effects, vectors };
}

type KeyOf = (end: End) => string;

/** Do the same questions lead to the same on both sides? */
function decideAlike(question: Question, old: KeyOf, young: KeyOf): boolean {
	const sameKey = sameKeyIn(question);
	const oldText = decisionText(
		question.before,
		old,
		// The old rules decide by the keys of the new ones.
		(asked) => sameKey(asked) ?? `old ${asked.key}`,
	);
	return oldText === decisionText(question.after, young);
}

/** The two by each of the values that are looked at. */
function comparedBy(
	question: Question,
	old: KeyOf,
	young: KeyOf,
): readonly Compared[] {
	const sameKey = sameKeyIn(question);
	return vectorsOf(question).map((vector): Compared => {
		const conditions = new Map(Object.entries(vector.values));
		const halves = [
			{ decision: question.before, keyOf: old },
			{ decision: question.after, keyOf: young },
		] as const;
		const joined = joinedSplit(...halves, { conditions, sameKey });
		return { vector, ...joined };
	});
}

/** Do the same questions lead to the same, and does no rule do what a packet does not show? */
export function areAlike(question: Question): boolean {
	const { sides, before, after, keptAt = () => "" } = question;
	const one = halfOf(question, sides.before, before);
	const other = halfOf(question, sides.after, after);
	const keyIn = (half: typeof one) => (end: End) =>
		`${half.keyOf(end)} ${keptAt(end)}`;
	const ends = [
		...endsOf(before).map(keyIn(one)),
		...endsOf(after).map(keyIn(other)),
	];
	const isOne = new Set(ends).size === 1;
	if (!isOne && !decideAlike(question, keyIn(one), keyIn(other))) return false;
	const isUnseen = (side: Side, decision: Decision) =>
		endsOf(decision).some((end) => unseenAt(side, end, question.packet) !== "");
	return !isUnseen(sides.before, before) && !isUnseen(sides.after, after);
}

/** Why it is not known whether all packets get the same, where the same rules act unseen, each on others of them. */
function unseenElsewhere(
	question: Question,
	one: { readonly keyOf: KeyOf },
	other: { readonly keyOf: KeyOf },
): readonly string[] {
	const { sides, before, packet } = question;
	const acts = endsOf(before).map((end) => unseenAt(sides.before, end, packet));
	if (new Set(acts).size <= 1) return [];
	const [old, young] = [
		(end: End) => `${one.keyOf(end)} ${unseenAt(sides.before, end, packet)}`,
		(end: End) => `${other.keyOf(end)} ${unseenAt(sides.after, end, packet)}`,
	];
	if (decideAlike(question, old, young)) return [];
	return comparedBy(question, old, young).some(
		({ moved }) => isMoved(moved) || isOpenShare(moved),
	)
		? [
				`other packets than before meet rules of which one packet shows nothing: ${[...new Set(acts)].join(", ")}`,
			]
		: [];
}

/** By which key the new rules ask what the old ones ask; `null`: they do not, or get another answer. */
function sameKeyIn({ sides, affected }: Question) {
	return (asked: Asked): string | null =>
		isAmong(sides.before, asked.at, affected) ? null : sides.sameKey(asked);
}

/** Nothing that is known of the one is among what may become of the other. */
function differsForSure({
	before,
	after,
}: Pick<Comparison, "before" | "after">): boolean {
	return [...before, ...after].every(({ fate }) => fate !== "unknown");
}

function isMoved({ share }: Moved): boolean {
	if (share.kind === "unknown") return false;
	const least: Rational = share.kind === "exact" ? share.value : share.least;
	return compareRationals(least, ZERO) > 0;
}

function isOpenShare({ share }: Moved): boolean {
	if (share.kind === "interval")
		return compareRationals(share.least, ZERO) === 0;
	return share.kind === "unknown";
}

/** @param open what it depends on, with the rules */
function whyOpen({ share }: Moved, open: readonly string[]): readonly string[] {
	if (share.kind === "exact") return [];
	if (open.length > 0) return open;
	return [share.kind === "unknown" ? share.why : `it depends on ${share.on}`];
}

/** Questions that no ruleset answers, and that not both ask alike. */
function openIn(
	{ before, after }: Question,
	sameKey: (asked: Asked) => string | null,
): readonly string[] {
	const olds = askedIn(before);
	const shared = new Set(olds.map(sameKey));
	return [
		...olds.filter((asked) => sameKey(asked) === null),
		...askedIn(after).filter(({ key }) => !shared.has(key)),
	].flatMap((asked) =>
		asked.kind === "open"
			? [`it depends on ${asked.on}${placeWords(asked.at)}`]
			: [],
	);
}

/** Of one side: names of ends by what hosts see of them. */
function halfOf(
	{ sides: { marksRoute }, packet, keepsPort }: Question,
	side: Side,
	decision: Decision,
) {
	const options: EffectOptions = {
		packet,
		keepsPort,
		marksRoute,
		ruleOf: (name) => ruleIn(side, name),
		answersItself: (name) => answersItself(side, name),
	};
	const known = new Map<End, string>();
	const byKey = new Map<string, Effect>();
	const keyOf = (end: End) => {
		const before = known.get(end);
		if (before !== undefined) return before;
		const effect = effectOf(end, options);
		const key = effectKey(effect);
		if (!byKey.has(key)) byKey.set(key, effect);
		known.set(end, key);
		return key;
	};
	for (const end of endsOf(decision)) keyOf(end);
	return { keyOf, effects: [...byKey.values()] };
}

/** Does a rule tell the sender of a packet that it drops it (REJECT)? */
function answersItself({ analysis: { walker } }: Side, name: string): boolean {
	const target = walker.rules.ruleAt(name)?.target;
	return (
		target?.kind === "extension" &&
		targets.get(target.name)?.answersItself === true
	);
}

function unknownIn(effects: readonly Effect[]): readonly string[] {
	return effects.flatMap((effect) => {
		if (effect.fate !== "unknown") return [];
		return [`${effect.why}${placeWords(effect.by)}`];
	});
}

/** ` (line 4: -A …)` */
export function placeWords(at: RuleRef | null): string {
	if (at === null || at.rule === "") return "";
	const place = at.line > 0 ? `line ${at.line}` : at.rule;
	return ` (${place}${at.text === "" ? "" : `: ${at.text}`})`;
}

/** All values of few conditions; of many, those that have names. */
function vectorsOf({ before, after, meanings }: Question): readonly Vector[] {
	const names = conditionsIn(before, after);
	const valuesIn = (values: Values): Values =>
		Object.fromEntries(names.map((name) => [name, values[name] ?? 0]));
	const found = new Map<string, Vector>();
	const add = ({ name, values }: Vector) => {
		const own = valuesIn(values);
		const key = valueWords(own);
		if (!found.has(key)) found.set(key, { name, values: own });
	};
	for (const one of meanings.vectors)
		if (names.every((name) => name in one.values)) add(one);
	const all = names.length <= MOST_CONDITIONS ? 2 ** names.length : 0;
	for (let bits = 0; bits < all; bits++) {
		const values = Object.fromEntries(
			names.map((name, at) => [name, ((bits >> at) & 1) as 0 | 1]),
		);
		add({ name: meanings.wordsOf(values), values });
	}
	if (found.size === 0) {
		add({ name: "all 0", values: {} });
		const ones = names.map((name) => [name, 1] as const);
		add({ name: "all 1", values: Object.fromEntries(ones) });
	}
	return [...found.values()];
}

const MOST_CONDITIONS = 6;

function conditionsIn(...decisions: readonly Decision[]): readonly string[] {
	const names = decisions.flatMap(askedIn).flatMap((asked) => {
		return asked.kind === "condition" ? [asked.name] : [];
	});
	return [...new Set(names)].sort();
}

function notAllValues({ before, after }: Question): readonly string[] {
	const count = conditionsIn(before, after).length;
	return count > MOST_CONDITIONS
		? [`not all 2^${count} values of conditions were compared`]
		: [];
}

/** Equal for comparisons that say the same. */
export function comparisonText(comparison: Comparison): string {
	const { verdict, why, before, after, vectors } = comparison;
	return JSON.stringify(
		[
			verdict,
			why,
			before.map(effectText),
			after.map(effectText),
			vectors.map((one) => [
				one.vector.name,
				one.moved,
				splitText(one.before),
				splitText(one.after),
			]),
		],
		(_, value: unknown) => (typeof value === "bigint" ? `${value}` : value),
	);
}

/** Without addresses and ports of the packet that was walked, which stand in all else. */
function effectText(effect: Effect): string {
	return `${effectWords(effect)} ${effect.by?.rule ?? ""}`;
}

function splitText({ parts, byChance }: Split) {
	return [byChance, parts.map(({ share }) => share)];
}
