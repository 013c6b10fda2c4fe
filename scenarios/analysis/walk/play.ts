/** One play of a walk, along one way. */
import type { Numbers } from "../../../sim/extension/made-up.ts";
import type { Asked, Decision } from "./decision.ts";

export type Fork = Extract<Decision, { readonly kind: "fork" }>;

/** Stops a play at a question to which another play has come in the same state. */
export class Merged {
	readonly fork: Fork;

	constructor(fork: Fork) {
		this.fork = fork;
	}
}

/** A play: the ways that it takes, how many it has taken, and conditions that it has met. */
export interface Play {
	readonly ways: number[];
	taken: number;
	readonly conditions: Map<string, number>;
	/** What matches were answered that others ask for as well. */
	readonly facts: Map<string, boolean>;
	/** What values may still be that the packet was made up with. */
	readonly values: Map<string, Numbers>;
	/** What was picked of ranges: a rule may pick an address, and then a port. */
	readonly picked: string[];
	/** A next hop was taken for all of several. */
	drawsHop: boolean;
	readonly atQuestion: (asked: Asked, moment: string) => Fork | null;
}

/** As it begins. */
export function playOf(
	ways: readonly number[],
	atQuestion: Play["atQuestion"],
): Play {
	return {
		ways: [...ways],
		taken: 0,
		conditions: new Map(),
		facts: new Map(),
		values: new Map(),
		picked: [],
		drawsHop: false,
		atQuestion,
	};
}
