import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testSkb } from "../../extension/test-host.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { KEY_WORDS, portsWord, RuleIndex, wayWord } from "./rule-index.ts";

const prefix = (length: number) => (length === 0 ? 0 : -1 << (32 - length));
/** Few values, so that rules meet, and packets meet rules. */
const word = fc.constantFrom(0, 1, 0x0a000001, 0x0a000102, 0x7fffffff, -1, -2);
const mask = fc.oneof(
	fc.integer({ min: 0, max: 32 }).map(prefix),
	fc.constantFrom(0, -1, 0xff00ff00 | 0),
);
const port = fc.constantFrom(0, 25, 80, 65_535);

interface Header {
	readonly source: number;
	readonly destination: number;
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly protocol: number;
	readonly inInterface: number;
	readonly outInterface: number;
}

const header: fc.Arbitrary<Header> = fc.record({
	source: word,
	destination: word,
	sourcePort: port,
	destinationPort: port,
	protocol: fc.constantFrom(6, 17, 1),
	inInterface: fc.constantFrom(0, 1, 2, 0xffe),
	outInterface: fc.constantFrom(0, 1, 2, 0xffe),
});

const wordsOf = (of: Header) => [
	of.source,
	of.destination,
	portsWord(of.sourcePort, of.destinationPort),
	wayWord(of.protocol, of.inInterface, of.outInterface),
];

/** A rule that wants some of what a packet has. */
const rule = fc
	.record({
		wanted: header,
		masks: fc.tuple(
			mask,
			mask,
			fc.constantFrom(0, 0xffff, -1, 0xffff0000 | 0),
			fc.constantFrom(
				0,
				0xff,
				wayWord(0xff, 0xfff, 0),
				wayWord(0, 0xfff, 0xfff),
			),
		),
	})
	.map(({ wanted, masks }) => [
		...masks,
		...wordsOf(wanted).map((value, field) => value & (masks[field] as number)),
	]);

const fits = (rule: readonly number[], packet: readonly number[]) =>
	packet.every(
		(value, field) =>
			(value & (rule[field] as number)) === rule[field + KEY_WORDS / 2],
	);

const skbOf = (of: Header): Skb => Object.assign(testSkb(), of);

describe("an index over rules", () => {
	it("finds the rules that a linear walk finds, from any of them on", () => {
		fc.assert(
			fc.property(
				fc.array(rule, { minLength: 1, maxLength: 120 }),
				fc.array(header, { minLength: 1, maxLength: 10 }),
				(rules, packets) => {
					const index = RuleIndex.of(Int32Array.from(rules.flat()), 0);
					if (index === null) throw new Error("no index");
					for (const packet of packets) {
						const words = wordsOf(packet);
						for (let from = 0; from <= rules.length; from++) {
							const found = rules.findIndex(
								(one, at) => at >= from && fits(one, words),
							);
							expect(index.next(skbOf(packet), from)).toBe(
								found < 0 ? rules.length : found,
							);
						}
					}
				},
			),
			{ numRuns: 300 },
		);
	});

	it("has one table for hosts and ports, and few for any prefixes", () => {
		const hosts = Array.from({ length: 5_000 }, (_, at) => [
			0,
			-1,
			0xffff,
			0xff,
			0,
			at,
			1024 + (at % 100),
			6,
		]);
		expect(RuleIndex.of(Int32Array.from(hosts.flat()))?.worth).toBe(4);
		const some = fc.sample(
			fc.tuple(
				fc.integer({ min: 8, max: 32 }).map(prefix),
				fc.integer({ min: 8, max: 32 }).map(prefix),
				fc.integer(),
				fc.integer(),
			),
			{ numRuns: 5_000, seed: 7 },
		);
		const prefixes = some.map(([source, destination, a, b]) => [
			source,
			destination,
			0,
			0,
			a & source,
			b & destination,
			0,
			0,
		]);
		const { worth = 0 } = RuleIndex.of(Int32Array.from(prefixes.flat())) ?? {};
		expect(worth).toBeGreaterThan(4);
		expect(worth).toBeLessThanOrEqual(4 * 24);
	});

	it("is none for a short chain, nor for rules that want nothing, or all the same", () => {
		const alike = (count: number, key: readonly number[]) =>
			RuleIndex.of(
				Int32Array.from(Array.from({ length: count }, () => key).flat()),
			);
		const host = [0, -1, 0, 0, 0, 7, 0, 0];
		expect(alike(15, host)).toBeNull();
		expect(alike(1_000, host)).toBeNull();
		expect(alike(1_000, [0, 0, 0, 0, 0, 0, 0, 0])).toBeNull();
	});
});
