/**
 * What becomes of packets that are like one that was walked in addresses, ports, protocol, interface and marks, and
 * that may be another one in all else that rules ask for: flags, the TTL, their state. Both rulesets are walked once
 * more, by each answer to what they ask.
 */
import { asksMore } from "../../../sim/ruleset/rule-traits.ts";
import type { Asked, Decision, End } from "../walk/decision.ts";
import { askedIn, endsOf } from "../walk/ends-of.ts";
import { isOfAny, TooManyWaysError, Walker } from "../walk/walker.ts";
import {
	areAlike,
	compareDecisions,
	placeWords,
	type Question,
} from "./compare.ts";
import { changesPolicy } from "./kinds/align.ts";
import { isAmong, type Sides } from "./kinds/sides.ts";
import { keepsOther, type Uniform } from "./kinds/uniform.ts";

/** Forks of the walk of one kind of packets, and of those of all kinds together. */
const MOST_FORKS = 2000;
const MOST_FORKS_IN_ALL = 40_000;
/** Combinations of answers that are compared for one kind. */
const MOST_COMPARED = 500;

export interface AnyPackets {
	/** Why packets of this kind may differ, though the one that was walked does not; []: none does. */
	whyOpen(kind: Uniform, question: Question): readonly string[];
}

type Answers = ReadonlyMap<string, boolean>;

export function anyPacketsOf(sides: Sides): AnyPackets {
	const { alignment, world, before, after } = sides;
	const { changed, both, chains } = alignment;
	const rules = both.tables.flatMap((table) =>
		table.chains.flatMap((chain) => chain.rules),
	);
	if (!rules.some(asksMore)) return { whyOpen: () => [] };
	// Where an edit is about nothing of the kind, what is too much to be walked is left at what was.
	const isAboutThem = chains.some(changesPolicy) || [...changed].some(asksMore);
	let walkers: readonly [Walker, Walker] | null = null;
	let forks = 0;
	const kept = new WeakMap<End, string>();
	const walk = (walker: Walker, { arrival }: Uniform): Decision | null => {
		if (forks >= MOST_FORKS_IN_ALL) return null;
		const ended = (end: End) => kept.set(end, walker.connections().join("\n"));
		try {
			const options = { from: walker.begin, mostForks: MOST_FORKS, ended };
			const decision = walker.walk(arrival, options);
			forks += askedIn(decision).length;
			return decision;
		} catch (error) {
			if (!(error instanceof TooManyWaysError)) throw error;
			forks += MOST_FORKS;
			return null;
		}
	};
	return {
		whyOpen(kind, question) {
			walkers ??= [before, after].map(
				({ ruleset }) =>
					new Walker(ruleset, world.setup, world.assume, { ofAny: true }),
			) as [Walker, Walker];
			const one = walk(walkers[0], kind);
			const other = one === null ? null : walk(walkers[1], kind);
			const found =
				one === null || other === null
					? TOO_MANY
					: compared({
							...question,
							before: one,
							after: other,
							// Where all packets leave something else of their connections, those that stand are followed.
							...(keepsOther(kind.kept)
								? {}
								: { keptAt: (end) => kept.get(end) ?? "" }),
						});
			return found === TOO_MANY && !isAboutThem ? [] : found;
		},
	};
}

const TOO_MANY: readonly string[] = [
	"rules ask for more of its packets than can be walked: flags, the TTL and the like",
];

/** Looks for answers by which both come to something else. */
function compared(question: Question): readonly string[] {
	const waiting: Answers[] = [new Map()];
	const first = factsOfChanged(question);
	let count = 0;
	for (
		let answers = waiting.pop();
		answers !== undefined;
		answers = waiting.pop()
	) {
		if (count++ >= MOST_COMPARED) return TOO_MANY;
		const told = by(question, answers);
		if (areAlike(told)) continue;
		const asked = [...askedIn(told.before), ...askedIn(told.after)].filter(
			isOfAny,
		);
		// What changed rules ask for makes the difference most often.
		const { key } =
			asked.find((one) => first.has(one.key)) ?? asked[0] ?? NO_FACT;
		if (key === null) {
			if (isSame(told)) continue;
			return wordsOf(question, answers);
		}
		for (const is of [false, true])
			waiting.push(new Map([...answers, [key, is]]));
	}
	return [];
}

const NO_FACT = { key: null };

function isSame(question: Question): boolean {
	const { before, after, keptAt = () => "" } = question;
	const keptIn = (decision: Decision) =>
		[...new Set(endsOf(decision).map(keptAt))].sort().join("\n\n");
	return (
		compareDecisions(question).verdict === "same" &&
		keptIn(before) === keptIn(after)
	);
}

function factsOfChanged({
	sides,
	before,
	after,
}: Question): ReadonlySet<string> {
	const { changed } = sides.alignment;
	const facts = [
		...askedIn(before).filter(({ at }) => isAmong(sides.before, at, changed)),
		...askedIn(after).filter(({ at }) => isAmong(sides.after, at, changed)),
	];
	return new Set(facts.map(({ key }) => key));
}

/** What is left to be decided where these answers are given. */
function by(question: Question, answers: Answers): Question {
	const told = (decision: Decision) => toldBy(decision, answers, new Map());
	const { before, after } = question;
	return { ...question, before: told(before), after: told(after) };
}

function toldBy(
	decision: Decision,
	answers: Answers,
	known: Map<Decision, Decision>,
): Decision {
	if (decision.kind === "leaf") return decision;
	const before = known.get(decision);
	if (before !== undefined) return before;
	const { asked, ways } = decision;
	const answer = isOfAny(asked) ? answers.get(asked.key) : undefined;
	const told =
		answer === undefined
			? {
					...decision,
					ways: ways.map((way) => toldBy(way, answers, known)),
				}
			: toldBy(ways[answer ? 1 : 0] as Decision, answers, known);
	known.set(decision, told);
	return told;
}

/** Those answers that make a difference: one or more that packets have, if there are any. */
function wordsOf(question: Question, answers: Answers): readonly string[] {
	const decisive = [...answers].filter(([key, is]) => {
		const other = by(question, new Map([...answers, [key, !is]]));
		return isSame(other);
	});
	const some = decisive.length > 0 ? decisive : [...answers];
	const had = some.filter(([, is]) => is);
	const keys = new Set((had.length > 0 ? had : some).map(([key]) => key));
	return [...keys].map((key) => {
		const asked = askerOf(question, key);
		const on = asked?.kind === "open" ? asked.on : key;
		return `it depends on ${on}${placeWords(asked?.at ?? null)}`;
	});
}

/** Who asks for it, a changed rule first. */
function askerOf(
	{ sides, before, after }: Question,
	key: string,
): Asked | undefined {
	const { changed } = sides.alignment;
	const olds = askedIn(before).filter((one) => one.key === key);
	const news = askedIn(after).filter((one) => one.key === key);
	return (
		olds.find(({ at }) => isAmong(sides.before, at, changed)) ??
		news.find(({ at }) => isAmong(sides.after, at, changed)) ??
		olds[0] ??
		news[0]
	);
}
