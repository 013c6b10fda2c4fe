import fc from "fast-check";
import { expect, test } from "vitest";
import { minus, rational, ZERO } from "../../../sim/rational.ts";
import { type Arcs, greatestRatio } from "./ratio.ts";
import { type Arc, greatestOfAllCircles } from "./test-circles.ts";

function arcsOf(nodes: number, list: readonly Arc[]): Arcs {
	return {
		nodes,
		from: Int32Array.from(list, (arc) => arc.from),
		to: Int32Array.from(list, (arc) => arc.to),
		reward: Float64Array.from(list, (arc) => arc.reward),
		time: Uint8Array.from(list, (arc) => arc.time),
	};
}

const NODES = 5;
const arc: fc.Arbitrary<Arc> = fc
	.record({
		from: fc.nat(NODES - 1),
		to: fc.nat(NODES - 1),
		reward: fc.integer({ min: -3, max: 3 }),
		time: fc.nat(1),
	})
	.map((one) => ({ ...one, reward: one.reward * one.time }));

test("is the greatest of all circles", () => {
	fc.assert(
		fc.property(fc.array(arc, { maxLength: 12 }), (list) => {
			const arcs = arcsOf(NODES, list);
			const found = greatestRatio(arcs);
			if (found === "too much work") throw new Error(found);
			const ratio = found === "no circle" ? null : found.ratio;
			expect(ratio).toEqual(greatestOfAllCircles(NODES, list));
			if (found === "no circle") return;
			const circle = found.circle.map((index) => list[index] as Arc);
			circle.forEach((one, at) => {
				expect(one.to).toBe(circle[(at + 1) % circle.length]?.from);
			});
			const time = circle.reduce((all, one) => all + one.time, 0);
			const reward = circle.reduce((all, one) => all + one.reward, 0);
			expect(rational(reward, time)).toEqual(found.ratio);
			expect(found.circle.every(found.isTight)).toBe(true);
			const tight = list.filter((_, index) => found.isTight(index));
			expect(greatestOfAllCircles(NODES, tight)).toEqual(found.ratio);
			const negative = tight.map((one) => ({ ...one, reward: -one.reward }));
			expect(greatestOfAllCircles(NODES, negative)).toEqual(
				minus(ZERO, found.ratio),
			);
		}),
		{ numRuns: 3000 },
	);
});
