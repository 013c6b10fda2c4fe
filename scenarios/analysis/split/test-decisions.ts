/** A small language for decisions, for tests. */
import { dropped } from "../../../sim/contract/gateway.ts";
import { type Rational, rational, toNumber } from "../../../sim/rational.ts";
import type { Asked, Decision, End, RuleRef } from "../walk/decision.ts";

const AT: RuleRef = { rule: "nat:PREROUTING:rule:1", text: "", line: 1 };

/** The key of an end is its name. */
export const nameOf = (end: End): string => end.answered ?? "";

export function leaf(name: string): Decision {
	const end: End = {
		fate: dropped("filter:FORWARD:rule:1"),
		packet: null,
		routingMark: 0,
		mark: 0,
		connmark: 0,
		towards: null,
		isUntracked: false,
		rules: [],
		beforeRouting: 0,
		isTranslated: false,
		remembers: false,
		asksWhoCame: false,
		drawsHop: false,
		answered: name,
		ways: [],
	};
	return { kind: "leaf", end };
}

/** `--every N --packet P` with its counter, which two turns of the same key share. */
export interface Nth {
	readonly key: string;
	readonly every: number;
	readonly packet: number;
}

/** @param yes where the `packet`-th of every `every` packets go */
export function turn(
	{ key, every, packet }: Nth,
	yes: Decision,
	no: Decision,
): Decision {
	const initial = every - 1 - packet;
	return fork({ kind: "turn", key, at: AT, every, initial, inverted: false }, [
		no,
		yes,
	]);
}

/** `! --every N --packet P` */
export function turnNot(nth: Nth, yes: Decision, no: Decision): Decision {
	const { key, every, packet } = nth;
	const initial = every - 1 - packet;
	return fork({ kind: "turn", key, at: AT, every, initial, inverted: true }, [
		no,
		yes,
	]);
}

export function draw(
	probability: Rational,
	yes: Decision,
	no: Decision,
): Decision {
	return fork({ kind: "draw", key: "draw", at: AT, probability }, [no, yes]);
}

export function condition(name: string, yes: Decision, no: Decision): Decision {
	const key = `condition ${name}`;
	return fork({ kind: "condition", key, name, at: AT }, [no, yes]);
}

export function open(on: string, yes: Decision, no: Decision): Decision {
	return fork({ kind: "open", key: on, at: AT, on }, [no, yes]);
}

export function spread(
	by: "hash" | "draw",
	ways: readonly Decision[],
): Decision {
	return fork(
		{ kind: "spread", key: "spread", at: AT, by, count: ways.length },
		ways,
	);
}

function fork(asked: Asked, ways: readonly Decision[]): Decision {
	return { kind: "fork", asked, ways };
}

/** Rules that end in DNAT, one behind the other: `[every, packet]` each. */
export function nthCascade(
	rules: readonly (readonly [every: number, packet: number])[],
): Decision {
	return rules.reduceRight(
		(rest, [every, packet], index) =>
			turn(
				{ key: `rule ${index}`, every, packet },
				leaf(`b${index + 1}`),
				rest,
			),
		leaf("no backend"),
	);
}

export function drawCascade(probabilities: readonly Rational[]): Decision {
	return probabilities.reduceRight(
		(rest, probability, index) =>
			draw(probability, leaf(`b${index + 1}`), rest),
		leaf("no backend"),
	);
}

/** As iptables takes a probability: a multiple of 2^-31. */
export function probability(value: number): Rational {
	return rational(Math.round(value * 2 ** 31), 2 ** 31);
}

type Values = ReadonlyMap<string, number>;

/**
 * A second implementation, as slow as it is plain: sends a packet through a decision of counters.
 * @param values of counters, by key; changed
 * @returns the key of its end
 */
export function send(decision: Decision, values: Map<string, number>): string {
	let at = decision;
	while (at.kind === "fork") {
		const { asked } = at;
		if (asked.kind !== "turn")
			throw new Error(`a ${asked.kind} in a decision of counters`);
		const value = ((values.get(asked.key) ?? asked.initial) + 1) % asked.every;
		values.set(asked.key, value);
		at = at.ways[(value === 0) === asked.inverted ? 0 : 1] as Decision;
	}
	return nameOf(at.end);
}

/**
 * The expected reward of a number of connections, where at open nodes that way is taken which comes to most.
 * @param reward of an end, by its key
 */
export function greatestReward(
	decision: Decision,
	connections: number,
	reward: (key: string) => number,
): number {
	const known = new Map<string, number>();
	const from = (left: number, values: Values): number => {
		if (left === 0) return 0;
		// Values stand in the order in which the counters were met.
		const state = `${left} ${JSON.stringify([...values].sort())}`;
		const found = known.get(state) ?? follow(decision, left, values);
		known.set(state, found);
		return found;
	};
	const follow = (at: Decision, left: number, values: Values): number => {
		if (at.kind === "leaf")
			return reward(nameOf(at.end)) + from(left - 1, values);
		const { asked } = at;
		const way = (index: number, after = values) =>
			follow(at.ways[index] as Decision, left, after);
		switch (asked.kind) {
			case "turn": {
				const before = values.get(asked.key) ?? asked.initial;
				const value = (before + 1) % asked.every;
				return way(
					(value === 0) === asked.inverted ? 0 : 1,
					new Map([...values, [asked.key, value]]),
				);
			}
			case "draw": {
				const chance = toNumber(asked.probability);
				return chance * way(1) + (1 - chance) * way(0);
			}
			case "open":
				return Math.max(way(0), way(1));
			default:
				throw new Error(`a ${asked.kind} in this test`);
		}
	};
	return from(connections, new Map());
}

/** Every window of a play, by brute force. @param ends of all connections @param share as a fraction */
export function deviationOf(
	ends: readonly string[],
	key: string,
	share: Rational,
): { readonly anyWindow: Rational; readonly sinceLoad: Rational } {
	const [top, bottom] = [Number(share.numerator), Number(share.denominator)];
	const scaled = [0];
	for (const end of ends)
		scaled.push((scaled.at(-1) as number) + (end === key ? bottom : 0) - top);
	let anyWindow = 0;
	let sinceLoad = 0;
	for (const [k, value] of scaled.entries()) {
		sinceLoad = Math.max(sinceLoad, Math.abs(value));
		for (const earlier of scaled.slice(0, k))
			anyWindow = Math.max(anyWindow, Math.abs(value - earlier));
	}
	return {
		anyWindow: rational(anyWindow, bottom),
		sinceLoad: rational(sinceLoad, bottom),
	};
}
