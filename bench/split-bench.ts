import { splitOf } from "../scenarios/analysis/split/split-of.ts";
import type { Decision, RuleRef } from "../scenarios/analysis/walk/decision.ts";
import { dropped } from "../sim/contract/gateway.ts";
import { perSecond, type Series } from "./series.ts";

const ROUNDS = 7;
const BACKENDS = 100;
const AT: RuleRef = { rule: "nat:PREROUTING:rule:1", text: "", line: 1 };

/** Exact splits of cascades of nth rules a second: the right one (100, 99, …, 1), and the wrong one (every 100, a hundred times). */
export function measureSplit(): readonly Series[] {
	return [
		measure("right cascade", 20, (index) => BACKENDS - index),
		measure("wrong cascade", 20, () => BACKENDS),
	];
}

function measure(
	name: string,
	count: number,
	everyOf: (index: number) => number,
): Series {
	const decision = cascade(everyOf);
	const values: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const speed = perSecond(count, () => {
			for (let n = 0; n < count; n++)
				splitOf(decision, {
					keyOf: (end) => `${end.mark}`,
					conditions: new Map(),
				});
		});
		if (round > 0) values.push(speed);
	}
	return {
		name: `splits: ${name} of ${BACKENDS}`,
		unit: "splits/s",
		values,
		aim: 100,
	};
}

function cascade(everyOf: (index: number) => number): Decision {
	let decision = leaf(0);
	for (let index = BACKENDS - 1; index >= 0; index--) {
		const every = everyOf(index);
		decision = {
			kind: "fork",
			asked: {
				kind: "turn",
				key: `${index}`,
				at: AT,
				every,
				initial: every - 1,
				inverted: false,
			},
			ways: [decision, leaf(index + 1)],
		};
	}
	return decision;
}

function leaf(mark: number): Decision {
	return {
		kind: "leaf",
		end: {
			fate: dropped("filter:FORWARD:rule:1"),
			packet: null,
			routingMark: mark,
			mark,
			connmark: 0,
			towards: null,
			isUntracked: false,
			rules: [],
			beforeRouting: 0,
			isTranslated: false,
			remembers: false,
			asksWhoCame: false,
			drawsHop: false,
			answered: null,
			ways: [],
		},
	};
}
