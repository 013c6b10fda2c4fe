import fc from "fast-check";
import { expect, test } from "vitest";
import { InvariantError } from "../invariant.ts";
import { ONE, plus, printRational, type Rational, ZERO } from "../rational.ts";
import type { Choice } from "./choice.ts";
import {
	everyPath,
	GivenOutcomeError,
	sharesOf,
	TooManyOutcomesError,
} from "./exhaustive.ts";

const sum = (all: readonly Rational[]) => all.reduce(plus, ZERO);

test("a play that draws is played once for every way in which its draws may fall", () => {
	// A coin decides what is thrown: a die, or nothing.
	const game = (choice: Choice): string =>
		choice.happens(1, 4, "coin") ? `a ${choice.pick(3, "die") + 1}` : "nothing";
	const paths = [...everyPath(game)];
	const seen = paths.map(({ result, probability, draws }) => [
		result,
		printRational(probability),
		draws.map(({ label, outcome }) => `${label} ${outcome}`).join(", "),
	]);
	expect(seen).toEqual([
		["nothing", "3/4", "coin 0"],
		["a 1", "1/12", "coin 1, die 0"],
		["a 2", "1/12", "coin 1, die 1"],
		["a 3", "1/12", "coin 1, die 2"],
	]);
	expect(sum(paths.map(({ probability }) => probability))).toEqual(ONE);
	const shares = sharesOf(everyPath(game), (result) => result.slice(0, 1));
	expect(
		[...shares].map(([name, share]) => [name, printRational(share)]),
	).toEqual([
		["n", "3/4"],
		["a", "1/4"],
	]);
});

test("a draw of 32 bits that is compared with a threshold has two outcomes", () => {
	const paths = [
		...everyPath((choice) => choice.happens(1, 2 ** 31, "statistic random")),
	];
	expect(paths.map(({ probability }) => printRational(probability))).toEqual([
		"2147483647/2147483648",
		"1/2147483648",
	]);
});

test("what can come out in one way is not drawn", () => {
	const paths = [
		...everyPath((choice) => [
			choice.pick(1, "one"),
			choice.happens(0, 7, "never"),
			choice.happens(7, 7, "always"),
		]),
	];
	expect(paths).toEqual([
		{ result: [0, false, true], draws: [], probability: ONE, unvisited: [] },
	]);
});

test("the number of paths is the caller's to limit: they come one at a time", () => {
	let plays = 0;
	const paths = everyPath((choice) => {
		plays++;
		for (let draw = 0; draw < 100; draw++) choice.pick(10, "digit");
	});
	paths.next();
	paths.next();
	expect(plays).toBe(2);
});

test.each([3, -1, 0.5, Number.NaN])(
	"a given outcome that the draw does not have is refused: %s",
	(outcome) => {
		const play = (choice: Choice) => choice.pick(3, "port");
		const given = new Map([["port", outcome]]);
		expect(() => [...everyPath(play, { given })]).toThrow(
			new GivenOutcomeError("port", outcome, 3),
		);
	},
);

test("a draw with too many outcomes is refused by its name, and may be given", () => {
	const play = (choice: Choice) =>
		`${choice.pick(2, "side")} ${choice.pick(2 ** 32, "arrival")}`;
	const refused = () => [...everyPath(play)];
	expect(refused).toThrow(TooManyOutcomesError);
	expect(refused).toThrow(
		'the draw "arrival" has 4294967296 outcomes, of which at most 4096 can be visited: give its outcome (everyPath(play, { given: new Map([["arrival", 0]]) })), or allow more (mostOutcomes: 4294967296)',
	);
	const given = new Map([["arrival", 7]]);
	const shares = sharesOf(everyPath(play, { given }), (result) => result);
	expect([...shares.keys()]).toEqual(["0 7", "1 7"]);
	expect(() => [
		...everyPath((choice) => choice.pick(3, "die"), { mostOutcomes: 2 }),
	]).toThrow('the draw "die" has 3 outcomes');
});

test("a path says what chance decides in a kernel that it cannot visit", () => {
	const [path] = everyPath((choice) => {
		choice.unseen?.("hash");
		return choice.evict?.([]);
	});
	expect(path).toMatchObject({ result: null, unvisited: ["hash", "eviction"] });
});

test("a play that goes by more than its draws is a bug, and found", () => {
	let plays = 0;
	const forgetful = (choice: Choice) => choice.pick(2, `draw ${plays++}`);
	expect(() => [...everyPath(forgetful)]).toThrow(InvariantError);
	plays = 0;
	const lazy = (choice: Choice) => plays++ === 0 && choice.pick(2, "draw");
	expect(() => [...everyPath(lazy)]).toThrow(InvariantError);
});

/** A play as data: what is drawn, and the play that follows on each outcome. */
type Tree = readonly Tree[];

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
	tree: fc.oneof(
		{ maxDepth: 4 },
		fc.constant([]),
		fc.array(tie("tree"), { maxLength: 3 }),
	),
}));

test("every leaf of a tree of draws is reached once, and the probabilities sum to exactly 1", () => {
	const leaves = (node: Tree): number =>
		node.length === 0
			? 1
			: node.reduce((count, child) => count + leaves(child), 0);
	fc.assert(
		fc.property(tree, (root) => {
			const paths = [
				...everyPath((choice) => {
					const way: number[] = [];
					let node = root;
					while (node.length > 0) {
						const outcome = choice.pick(node.length, "child");
						way.push(outcome);
						node = node[outcome] as Tree;
					}
					return way.join("");
				}),
			];
			expect(paths).toHaveLength(leaves(root));
			expect(new Set(paths.map(({ result }) => result)).size).toBe(
				paths.length,
			);
			expect(sum(paths.map(({ probability }) => probability))).toEqual(ONE);
		}),
	);
});
