/** Counts what a kernel drew in one play, by the rule or the range that it drew for. */
import type { Divergence } from "./divergence.ts";
import {
	addDraws,
	type DrawCounts,
	drawsIn,
	isOutside,
	judgeDraws,
} from "./draw-counts.ts";
import { chanceBelow, rangeOf } from "./port-draws.ts";

/** Outcomes that are told apart where there are more. */
const MOST_BINS = 16;
/** Ranges of more ports are not dealt evenly enough for the distance between two draws to be. */
const MOST_EVEN = 1024;

interface Tally {
	/** As it is told of. */
	readonly about: string;
	/** What draws of other plays are added to. */
	readonly of: string;
	readonly outcomes: { outcome: string; chance: number; times: number }[];
}

export class DrawTally {
	private readonly tallies = new Map<string, Tally>();
	/** By range: where the search before this one began. */
	private readonly before = new Map<string, number>();

	/** @param chance with which the rule matches */
	match(rule: string, chance: number, matches: boolean): void {
		this.count(matches ? 0 : 1, `${rule} ${chance}`, () => ({
			about: `${rule}, which matches with a probability of ${chance}`,
			of: `statistic --mode random that matches with a probability of ${chance}`,
			outcomes: [
				{ outcome: "matches", chance, times: 0 },
				{ outcome: "does not match", chance: 1 - chance, times: 0 },
			],
		}));
	}

	/** @param offset of the port with which the search for a free one began */
	port(label: string, count: number, offset: number): void {
		const range = `${rangeOf(label)} of ${count}`;
		const before = this.before.get(`${label} ${count}`);
		this.before.set(`${label} ${count}`, offset);
		this.bin(range, count, offset, chanceBelow);
		if (before === undefined || count > MOST_EVEN) return;
		const distance = (offset - before + count) % count;
		this.bin(`${range}, from one to the next`, count, distance, evenBelow);
	}

	/** All that was drawn, to be added up with other plays'. */
	get counts(): readonly DrawCounts[] {
		return addDraws(
			[...this.tallies.values()].map(({ of, outcomes }) => [
				{ of, outcomes: outcomes.map((one) => ({ ...one })) },
			]),
		);
	}

	/** What came more or less often than chance explains. */
	divergences(atMs: number): readonly Divergence[] {
		const tallies = [...this.tallies.values()];
		const judged = judgeDraws(
			tallies.map(({ about, outcomes }) => ({ of: about, outcomes })),
		);
		return judged.flatMap((one): readonly Divergence[] => {
			if (one.isAsLikely) return [];
			const odd = one.outcomes.filter(isOutside);
			return [
				{
					kind: "draws",
					atMs,
					asked: `${drawsIn(one)} draws for ${one.of}`,
					model: odd.map(
						({ outcome, low, high }) => `${outcome}: ${low} to ${high} times`,
					),
					kernel: odd.map(({ outcome, times }) => `${outcome}: ${times} times`),
					rules: { model: [], kernel: [] },
				},
			];
		});
	}

	/** Counts an offset among so many, in bins where there are many. @param below the chance of a lower one */
	private bin(
		of: string,
		count: number,
		offset: number,
		below: (offset: number, count: number) => number,
	): void {
		const bins = Math.min(count, MOST_BINS);
		const start = (bin: number) => Math.ceil((bin * count) / bins);
		this.count(Math.floor((offset * bins) / count), of, () => ({
			about: of,
			of,
			outcomes: Array.from({ length: bins }, (_, bin) => {
				const [first, end] = [start(bin), start(bin + 1)];
				return {
					outcome: end - first === 1 ? `${first}` : `${first}-${end - 1}`,
					chance: below(end, count) - below(first, count),
					times: 0,
				};
			}),
		}));
	}

	private count(outcome: number, key: string, make: () => Tally): void {
		const known = this.tallies.get(key);
		const tally = known ?? make();
		if (known === undefined) this.tallies.set(key, tally);
		const one = tally.outcomes[outcome];
		if (one !== undefined) one.times++;
	}
}

function evenBelow(offset: number, count: number): number {
	return offset / count;
}
