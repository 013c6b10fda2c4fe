/** What an analysis says of arbitrary balancers, against connections played on the model with its own counters. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
	compareRationals,
	printRational,
	type Rational,
	rational,
	toNumber,
} from "../../../sim/rational.ts";
import { parseRuleset } from "../../../sim/ruleset/parse.ts";
import { drivesOf } from "../split/drives.ts";
import type { Run, Share } from "../split/split.ts";
import type { End } from "../walk/decision.ts";
import { type Analysis, analyse } from "./analysis.ts";
import type { ClientClass, VectorSplit } from "./service.ts";
import { balancers } from "./test-balancers.ts";
import { deviationIn, keyOf, type Play, playOf } from "./test-plays.ts";

const SEED = 14;
/** With three draws or fewer out of four values, and counters of at most four. */
const MOST_CONNECTIONS = 6000;
/** Of counters, where all orders of clients are looked at. */
const MOST_STATES = 64;

interface Split extends VectorSplit {
	readonly client: ClientClass;
}

function splitsOf({ services }: Analysis): readonly Split[] {
	return services.flatMap(({ classes }) =>
		classes.flatMap((client) =>
			client.vectors.map((vector) => ({ ...vector, client })),
		),
	);
}

const analysisOf = (text: string) =>
	analyse(parseRuleset(text, { file: "test.rules" }));

function exactOf(share: Share) {
	if (share.kind !== "exact") throw new Error(`a share is ${share.kind}`);
	return share.value;
}

/** How many states counters may have that one packet meets. */
const statesOf = (text: string) =>
	[...text.matchAll(/--every (\d+)/g)].reduce(
		(product, [, every]) => product * Number(every),
		1,
	);

/** What a backend gets of each group of as many rounds, for all sizes of groups that all get the same. */
function comesBackTo(
	rounds: readonly (readonly { readonly key: string }[])[],
	key: string,
): readonly Rational[] {
	return rounds.slice(0, rounds.length / 2).flatMap((_, index) => {
		const size = index + 1;
		const groups = Array.from(
			{ length: Math.floor(rounds.length / size) },
			(_, at) => rounds.slice(at * size, (at + 1) * size).flat(),
		);
		const shares = groups.map((all) =>
			rational(all.filter((one) => one.key === key).length, all.length),
		);
		const [first] = shares as [Rational];
		return shares.every((one) => compareRationals(one, first) === 0)
			? [first]
			: [];
	});
}

function countsIn(keys: readonly string[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
	return counts;
}

test.each([
	{ name: "counters", means: ["turn"] as const, halves: false },
	{
		name: "counters and conditions",
		means: ["turn", "turn", "condition"] as const,
		halves: false,
	},
	{
		name: "counters and two classes of clients",
		means: ["turn"] as const,
		halves: true,
	},
])(
	"$name: a period has the exact shares, and no window is beyond its deviation, which is reached",
	({ means, halves }) => {
		let played = 0;
		fc.assert(
			fc.property(balancers({ means, halves }), (text) => {
				const analysis = analysisOf(text);
				for (const { client, conditions, split } of splitsOf(analysis)) {
					expect(split.method).not.toBe("none");
					const period = Number(split.period);
					// A counter that a packet meets twice may have states that do not come back.
					const before = split.method === "rates" ? 0 : statesOf(text);
					if (before + 2 * period > MOST_CONNECTIONS) continue;
					played += period > 1 ? 1 : 0;
					const play = playOf(analysis, text, { conditions, seed: 1 });
					const keys = Array.from({ length: before + 2 * period }, () =>
						play.connect(client),
					);
					const counts = countsIn(keys.slice(-period));
					for (const { key, share, deviation } of split.parts) {
						const value = exactOf(share);
						const count = rational(counts[key] ?? 0, period);
						delete counts[key];
						expect([key, printRational(count)]).toEqual([
							key,
							printRational(value),
						]);
						expect(deviation).toEqual(deviationIn(keys, key, value));
					}
					expect(counts).toEqual({});
				}
			}),
			{ seed: SEED, numRuns: 80 },
		);
		expect(played).toBeGreaterThan(30);
	},
);

test("draws, counters and conditions: long plays come to the exact shares", () => {
	const means = ["draw", "draw", "turn", "condition"] as const;
	const connections = 3000;
	let played = 0;
	fc.assert(
		fc.property(balancers({ means, halves: true }), fc.nat(), (text, seed) => {
			const analysis = analysisOf(text);
			for (const { client, conditions, split } of splitsOf(analysis)) {
				if (!split.byChance) continue;
				expect(split.method).not.toBe("none");
				played++;
				const play = playOf(analysis, text, { conditions, seed });
				const counts = countsIn(
					Array.from({ length: connections }, () => play.connect(client)),
				);
				for (const { key, share } of split.parts) {
					const value = toNumber(exactOf(share));
					const count = counts[key] ?? 0;
					delete counts[key];
					// Six standard deviations: one in 10⁹ would be beyond them.
					const allowed = 6 * Math.sqrt(connections * value * (1 - value));
					expect(Math.abs(count - connections * value)).toBeLessThanOrEqual(
						allowed,
					);
				}
				expect(counts).toEqual({});
			}
		}),
		{ seed: SEED, numRuns: 40 },
	);
	expect(played).toBeGreaterThan(20);
});

test("orders of two classes of clients come to the least and the greatest share, and no other order goes beyond", () => {
	let driven = 0;
	fc.assert(
		fc.property(
			balancers({ means: ["turn"], halves: true }),
			fc.infiniteStream(fc.nat(9)),
			(text, random) => {
				const states = statesOf(text);
				if (states > MOST_STATES) return;
				const analysis = analysisOf(text);
				const clients = new Map(
					analysis.services
						.flatMap(({ classes }) => classes)
						.map((client, index) => [`${index} ${client.name}`, client]),
				);
				const playOrder = (runs: readonly Run[], play: Play) =>
					runs.flatMap(({ client, connections }) =>
						Array.from({ length: connections }, () => ({
							client,
							key: play.connect(clients.get(client) as ClientClass),
						})),
					);
				const begin = () => playOf(analysis, text, { conditions: {}, seed: 1 });
				for (const drive of drivesOf(
					[...clients].map(([name, { decision, packet }]) => ({
						name,
						decision,
						keyOf: (end: End) => keyOf(packet, end.fate, end.packet),
					})),
					new Map(),
				)) {
					if (drive.kind === "unknown") throw new Error(drive.why);
					const { client, key, least, greatest } = drive;
					const ofClient = (
						all: readonly { readonly client: string; readonly key: string }[],
					) => all.filter((one) => one.client === client);
					for (const [order, share] of [
						[drive.orderOfLeast, least],
						[drive.orderOfGreatest, greatest],
					] as const) {
						if (order === null) continue;
						driven++;
						const play = begin();
						playOrder(order.first, play);
						const rounds = Array.from({ length: 2 * states }, () =>
							ofClient(playOrder(order.repeated, play)),
						);
						expect(comesBackTo(rounds, key)).toContainEqual(share);
					}
					// Any order: a walk through the states of counters is circles, and less than one state each besides.
					const names = [...clients.keys()];
					const any = Array.from(
						{ length: 400 },
						(_, at): Run => ({
							client: names[random.next().value % names.length] as string,
							connections: 1 + (at % 2),
						}),
					);
					const own = ofClient(playOrder(any, begin()));
					const count = own.filter((one) => one.key === key).length;
					expect(count).toBeGreaterThanOrEqual(
						own.length * toNumber(least) - states,
					);
					expect(count).toBeLessThanOrEqual(
						own.length * toNumber(greatest) + states,
					);
				}
			},
		),
		{ seed: SEED, numRuns: 50 },
	);
	expect(driven).toBeGreaterThan(20);
});
