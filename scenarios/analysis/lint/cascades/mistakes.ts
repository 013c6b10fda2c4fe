/**
 * Mistakes that are known of cascades: which questions their steps ask where equal parts are meant, and which
 * ones give equal parts. Whether equal parts are meant is taken from the questions themselves: `every 3` at
 * three backends is a third each, and `every 2` twice at three backends is 2:1:1.
 */
import type { Question } from "../../../../sim/extension/traits.ts";
import {
	compareRationals,
	minus,
	ONE,
	type Rational,
	rational,
	times,
	ZERO,
} from "../../../../sim/rational.ts";
import type { Cascade, Counted, Step } from "./cascade.ts";

type MistakeKind =
	/** Each takes one of N, or with a probability of 1/N. */
	| "equal"
	/** 2, 3, …, N: right where the last writer wins. */
	| "ascending"
	/** 1/N, 2/N, …: right if all rules looked at one draw. */
	| "cumulative"
	/** N, N-1, …, 2: right where the first match wins. */
	| "descending";

export interface Mistake {
	readonly kind: MistakeKind;
	/** Backends that should be equal. */
	readonly backends: number;
	/** What each step should ask; `null`: nothing. */
	readonly right: readonly (Question | null)[];
}

/** `null`: the cascade is right, or it is none of these. */
export function mistakeOf(cascade: Cascade): Mistake | null {
	const { steps, rest, form, balancer } = cascade;
	const targets = new Set(steps.map(({ target }) => target.key));
	if (targets.size < steps.length) return null;
	if (![...targets].every((key) => balancer.isBackend(key))) return null;
	const restIsNew =
		balancer.isBackend(rest.key) &&
		!targets.has(rest.key) &&
		!(form === "first-match" && countAsOne(steps) && isTaken(cascade));
	if (form === "last-writer" && targets.has(rest.key)) return null;
	const backends = steps.length + (restIsNew ? 1 : 0);
	if (steps.length < 2) return null;
	const denominators = denominatorsOf(steps);
	const kind =
		denominators === null
			? null
			: form === "first-match"
				? firstMatchMistake(denominators, backends, restIsNew)
				: lastWriterMistake(steps, backends, restIsNew);
	if (kind === null) return null;
	const right = steps.map(({ asked }, index) =>
		form === "first-match"
			? partOf(asked.kind, backends - index)
			: lastWriterPart(asked.kind, index, { backends, restIsNew }),
	);
	return { kind, backends, right };
}

/**
 * N counters of N, each with a packet of its own: those of one counter that all rules look at, which leaves no rest.
 * What comes behind them, a rule for all other connections, is not meant to get any.
 */
function countAsOne(steps: readonly Step[]): boolean {
	const packets = steps.map(({ asked }) =>
		asked.kind === "turn" && !asked.inverted && asked.every === steps.length
			? asked.initial
			: null,
	);
	return !packets.includes(null) && new Set(packets).size === steps.length;
}

/** A rule of the same table, to which no step leads, takes what the steps leave. */
function isTaken({ steps, rest }: Cascade): boolean {
	const tableOf = (rule: string) => rule.split(":")[0];
	const [first] = steps;
	if (first === undefined) return false;
	const before = new Set(first.target.end.rules.map(({ rule }) => rule));
	return rest.end.rules.some(
		({ rule }) =>
			tableOf(rule) === tableOf(first.asked.at.rule) && !before.has(rule),
	);
}

/** What takes one of so many, of those that come to it. */
export function partOf(
	kind: Counted["kind"],
	of: number,
	at = 0,
): Question | null {
	if (of === 1) return null;
	return kind === "turn"
		? { kind, every: of, initial: of - 1 - at, inverted: false }
		: { kind, probability: rational(1, of) };
}

/** Counters of one size stay in step, so each takes another packet of it; draws take 1/2, 1/3, … of all. */
function lastWriterPart(
	kind: Counted["kind"],
	index: number,
	{ backends, restIsNew }: { backends: number; restIsNew: boolean },
): Question | null {
	if (kind === "turn") return partOf(kind, backends, index);
	return partOf(kind, index + (restIsNew ? 2 : 1));
}

/** Of what each step takes a part: `every`, or 1/p. `null`: some count and some draw, or a counter is inverted. */
function denominatorsOf(
	steps: readonly Step[],
): readonly (number | Rational)[] | null {
	const parts = steps.map(({ asked }) =>
		asked.kind === "draw"
			? asked.probability
			: asked.inverted
				? null
				: asked.every,
	);
	const kinds = new Set(steps.map(({ asked }) => asked.kind));
	return kinds.size === 1 && parts.every((part) => part !== null)
		? parts
		: null;
}

type Parts = readonly (number | Rational)[];

/** People write 0.33 for a third, and 0.16 for a sixth. */
const TOLERANCE = rational(1, 20);

/** A counter of `bottom / top`, or a probability of about `top / bottom`. */
function isAbout(
	part: number | Rational | undefined,
	top: number,
	bottom: number,
): boolean {
	if (part === undefined) return false;
	if (typeof part === "number") return part * top === bottom;
	const off = minus(times(part, rational(bottom, top)), ONE);
	const size = compareRationals(off, ZERO) < 0 ? minus(ZERO, off) : off;
	return compareRationals(size, TOLERANCE) <= 0;
}

function areAll(
	parts: Parts,
	expected: (index: number) => readonly [top: number, bottom: number],
): boolean {
	return parts.every((part, index) => isAbout(part, ...expected(index)));
}

const areEqual = (parts: Parts, of: number) => areAll(parts, () => [1, of]);

function firstMatchMistake(
	parts: Parts,
	backends: number,
	restIsNew: boolean,
): MistakeKind | null {
	if (areEqual(parts, backends)) return "equal";
	if (!restIsNew) return null;
	if (areAll(parts, (index) => [1, index + 2])) return "ascending";
	const isCumulative =
		typeof parts[0] !== "number" &&
		areAll(parts, (index) => [index + 1, backends]);
	return isCumulative ? "cumulative" : null;
}

function lastWriterMistake(
	steps: readonly Step[],
	backends: number,
	restIsNew: boolean,
): MistakeKind | null {
	const parts = denominatorsOf(steps) ?? [];
	if (areEqual(parts, backends)) {
		const starts = steps.map(({ asked }) =>
			asked.kind === "turn" ? asked.initial : 0,
		);
		// In step, each with a packet of its own: that is right.
		const isRight =
			typeof parts[0] === "number" && new Set(starts).size === steps.length;
		return isRight ? null : "equal";
	}
	if (backends < 3 || !restIsNew) return null;
	if (areAll(parts, (index) => [1, backends - index])) return "descending";
	const isAscending =
		typeof parts[0] === "number" &&
		backends > 3 &&
		areAll(parts, (index) => [1, index + 2]);
	return isAscending ? "ascending" : null;
}
