/** Proportions: where a backend dies, those that are left share its connections as they share all others. */
import {
	compareRationals,
	dividedBy,
	minus,
	plus,
	printRational,
	type Rational,
	rational,
	toNumber,
	ZERO,
} from "../../../../sim/rational.ts";
import type { VectorSplit } from "../../services/service.ts";
import type { Part, Split } from "../../split/split.ts";
import type { Counterexample, Result, ToldStep } from "../state/proof.ts";
import { fromPort } from "../state/segments.ts";
import { conditionsTo, type Subject } from "../state/subject.ts";
import { ConcretePlay, type Stage } from "./concrete.ts";
import { backendSeen, clientPackets, replayed } from "./counterexample.ts";

/** Chance is drawn in steps of 2^-31. */
const TOLERANCE = rational(1, 1_000_000);
/** Connections that are played to show a share, at most. */
const MOST_CONNECTIONS = 240;
const FIRST_PORT = 40_001;

export function proveProportions(subject: Subject, stage: Stage): Result {
	const [alive, ...others] = subject.client.vectors;
	if (alive === undefined) return { kind: "unknown", why: "it has no split" };
	const dead = others.filter((one) => one.kind === "dead");
	if (dead.length === 0)
		return { kind: "nothing", why: "no condition takes one backend out" };
	let checked = 0;
	let unknown: string | null = null;
	for (const vector of dead) {
		const shares = sharesLeft(vector, alive.split);
		if (typeof shares === "string") {
			unknown ??= shares;
			continue;
		}
		if (shares.length > 1) checked++;
		for (const share of shares) {
			if (isSame(share.is, share.wanted)) continue;
			const { key, is, wanted } = share;
			const found = shown(share, vector, { subject, stage });
			if (found !== null) return { kind: "violated", counterexample: found };
			unknown ??= `${vector.name}: ${key} gets ${printRational(is)} where ${printRational(wanted)} would be in proportion, and no play of ${MOST_CONNECTIONS} connections shows it`;
		}
	}
	if (unknown !== null) return { kind: "unknown", why: unknown };
	if (checked === 0)
		return { kind: "nothing", why: "one backend is left, which gets all" };
	const bound = `exact shares under ${dead.length} values of conditions`;
	return { kind: "holds", states: dead.length, depth: 0, bound };
}

interface ShareLeft {
	readonly key: string;
	readonly is: Rational;
	/** In proportion. */
	readonly wanted: Rational;
}

/** @returns why it is not known; [] where connections get no backend, which is another fault */
function sharesLeft(
	{ dead, split, name }: VectorSplit,
	alive: Split,
): readonly ShareLeft[] | string {
	const left = alive.parts.filter(({ key }) => !dead.includes(key));
	const before = left.map((part) => shareOf(part));
	const now = left.map(({ key }) =>
		shareOf(split.parts.find((part) => part.key === key)),
	);
	if ([...before, ...now].includes(null))
		return `${name}: shares are not known exactly`;
	const sum = (before as Rational[]).reduce(plus, ZERO);
	const all = (now as Rational[]).reduce(plus, ZERO);
	const isWhole = isSame(all, rational(1)) && sum.numerator > 0n;
	if (!isWhole) return [];
	return left.flatMap(({ key }, at) => {
		const was = before[at] as Rational;
		// What gets nothing while all are alive stands by.
		if (was.numerator === 0n) return [];
		return [{ key, is: now[at] as Rational, wanted: dividedBy(was, sum) }];
	});
}

function shareOf(part: Part | undefined): Rational | null {
	if (part === undefined) return ZERO;
	return part.share.kind === "exact" ? part.share.value : null;
}

function isSame(one: Rational, other: Rational): boolean {
	const off = minus(one, other);
	const { numerator, denominator } = off;
	const distance = rational(
		numerator < 0n ? -numerator : numerator,
		denominator,
	);
	return compareRationals(distance, TOLERANCE) <= 0;
}

/** Connections until one of the backends is further off than one turn. */
function shown(
	{ key, is, wanted }: ShareLeft,
	{ conditions, dead }: VectorSplit,
	{ subject, stage }: { readonly subject: Subject; readonly stage: Stage },
): Counterexample | null {
	const backend = subject.service.backends.find((one) => one.key === key);
	if (backend === undefined || backend.address === null) return null;
	const isOver = compareRationals(is, wanted) > 0;
	const play = new ConcretePlay(stage, subject.alive);
	for (const one of conditionsTo(conditions)) play.operate(one);
	const fromMs = play.nowMs;
	let got = 0;
	for (let count = 1; count <= MOST_CONNECTIONS; count++) {
		const port = FIRST_PORT + play.steps.length;
		const sight = play.packet(fromPort(subject.first, port));
		if (backendSeen(sight, subject) === key) got++;
		const exact = toNumber(wanted) * count;
		if (isOver ? got <= exact + 1 : got >= exact - 1) continue;
		const told: readonly ToldStep[] = [
			{ words: `${dead.join(" and ")} dies`, rules: [] },
			{ words: `${count} connections`, rules: [] },
		];
		const inProportion = Math.round(exact * 100) / 100;
		return replayed({
			property: "proportions",
			play,
			subject,
			told,
			happens: `with ${dead.join(" and ")} dead ${key} gets ${printRational(is)} of the connections, and ${printRational(wanted)} would be in proportion`,
			expectation: {
				kind: "packets-counted",
				because: `in proportion it would get ${inProportion} of ${count} connections`,
				interface: null,
				fromMs,
				toMs: play.nowMs,
				packets: clientPackets(backend, subject, null),
				atLeast: isOver ? 0 : Math.ceil(exact - 1),
				atMost: isOver ? Math.floor(exact + 1) : Number.MAX_SAFE_INTEGER,
			},
		});
	}
	return null;
}
