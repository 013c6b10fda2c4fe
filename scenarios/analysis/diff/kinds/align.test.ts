import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_LINUX } from "../../../../sim/linux/linux.ts";
import { parseRules } from "../../../../sim/script/check-rules.ts";
import { alignRulesets } from "./align.ts";

function rulesOf(ports: readonly number[]) {
	const rules = ports.map((port) => `-A FORWARD -p tcp --dport ${port}\n`);
	const text = `*filter\n${rules.join("")}COMMIT\n`;
	return parseRules(text, { file: "", linux: DEFAULT_LINUX }).ruleset;
}

/** Numbers of equal rules, and how many rules have no partner on each side. */
function aligned(olds: readonly number[], news: readonly number[]) {
	const { chains } = alignRulesets(rulesOf(olds), rulesOf(news));
	const chain = chains.find(({ name }) => name === "FORWARD");
	return {
		kept: chain?.kept ?? [],
		removed: chain?.removed.length,
		added: chain?.added.length,
	};
}

/** The length of the longest common subsequence, from its definition. */
function longest(olds: readonly number[], news: readonly number[]): number {
	const [old, ...older] = olds;
	const [young, ...younger] = news;
	if (old === undefined || young === undefined) return 0;
	return old === young
		? 1 + longest(older, younger)
		: Math.max(longest(older, news), longest(olds, younger));
}

describe("rules of a chain", () => {
	it.each([
		["one in front of one that is there twice", [1, 2, 1], [2, 1], 1, 0],
		["a copy behind another rule", [1], [2, 1], 0, 1],
		["one that has moved", [1, 2, 3, 4], [2, 3, 4, 1], 1, 1],
		["copies that have become fewer", [1, 1, 1, 2], [1, 2], 2, 0],
	] as const)(
		"are the most that can be: %s",
		(_, olds, news, removed, added) => {
			expect(aligned(olds, news)).toMatchObject({ removed, added });
		},
	);

	it("are as many as two lists have in common, in the order of both", () => {
		const list = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 });
		fc.assert(
			fc.property(list, list, (olds, news) => {
				const { kept } = aligned(olds, news);
				expect(kept).toHaveLength(longest(olds, news));
				let last = [0, 0] as readonly [number, number];
				for (const pair of kept) {
					const [old, young] = pair;
					expect(olds[old - 1]).toBe(news[young - 1]);
					expect(old).toBeGreaterThan(last[0]);
					expect(young).toBeGreaterThan(last[1]);
					last = pair;
				}
			}),
			{ seed: 7, numRuns: 300 },
		);
	});

	it("are found in long lists, and among many copies", () => {
		const many = Array.from({ length: 3000 }, (_, index) => 1 + (index % 3));
		expect(aligned(many, [9, ...many.slice(1), 9])).toMatchObject({
			removed: 1,
			added: 2,
		});
	});
});
