/** On what matches say that their answer depends, and that the model does so. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyPath } from "../chance/exhaustive.ts";
import type { ConditionVariable } from "../matches/condition.ts";
import { matches } from "../matches/index.ts";
import { plus, printRational, ZERO } from "../rational.ts";
import { compileMatch, testEntry, testPorts, testSkb } from "./test-host.ts";
import { answerOf, matchUse, SEED } from "./test-traits.ts";
import { usesOf } from "./test-uses.ts";
import type { Question } from "./traits.ts";

/** `turn of 3 from 2`, `draw of 1/2`. */
function shownQuestion(question: Question): string {
	switch (question.kind) {
		case "turn": {
			const { every, initial, inverted } = question;
			return `turn of ${every} from ${initial}${inverted ? " inverted" : ""}`;
		}
		case "draw":
			return `draw of ${printRational(question.probability)}`;
		case "condition":
			return `condition ${question.name}${question.inverted ? " inverted" : ""}`;
		case "open":
			return question.on;
	}
}

const questionIn = (use: string): Question | null => {
	const { extension, options } = matchUse(use);
	return extension.question?.(options) ?? null;
};

/** What follows from when packets come, and which came before: no machine could tell a share. */
const BOUNDLESS: ReadonlySet<string> = new Set([
	"connlimit",
	"hashlimit",
	"limit",
	"pknock",
	"quota",
	"quota2",
	"rateest",
	"recent",
	"time",
]);

/** Why a match has no question that the model does not answer either. */
const STAY_UNKNOWN: Readonly<Record<string, string>> = {};

describe("questions", () => {
	test("that no rate, time or earlier packet answers are ones whose answer is not known", () => {
		const silent = [...matches.values()].flatMap((match) => {
			const { name, question } = match;
			if (question === undefined || BOUNDLESS.has(name)) return [];
			return usesOf("matches", name).flatMap(({ input, options }) => {
				const asked = match.question?.(options) ?? null;
				return asked?.kind === "open" && !asked.isUnknown ? [input] : [];
			});
		});
		expect(silent).toEqual([]);
	});

	test.each([
		["-m statistic --mode nth --every 3 --packet 0", "turn of 3 from 2"],
		[
			"-m statistic --mode nth ! --every 4 --packet 3",
			"turn of 4 from 0 inverted",
		],
		["-m statistic --mode random --probability 0.25", "draw of 1/4"],
		["-m statistic --mode random ! --probability 0.25", "draw of 3/4"],
		["-m condition --condition up1", "condition up1"],
		["-m condition ! --condition up1", "condition up1 inverted"],
		["-m limit --limit 5/min", "the rate of packets"],
		["-m connlimit --connlimit-above 10", "the number of connections"],
		["-m time --timestart 8:00", "the date and time"],
		["-m set --match-set blocked src", "the members of the set blocked"],
		[
			"-m bpf --object-pinned /sys/fs/bpf/a",
			"the BPF program at /sys/fs/bpf/a",
		],
		["-m geoip --src-cc AT", "the addresses of AT"],
		["-m owner --uid-owner 0", "the process that sent the packet"],
	])("%s: %s", (use, shown) => {
		const question = questionIn(use);
		expect(question && shownQuestion(question)).toBe(shown);
	});

	test.each([
		// Its list is walked for real, and connbytes counts the first packet.
		"-m recent --name seen --rcheck",
		"-m connbytes --connbytes 1 --connbytes-mode packets --connbytes-dir both",
		"-m conntrack --ctstate NEW",
		"-m mark --mark 1",
	])("%s has none", (use) => {
		expect(questionIn(use)).toBe(null);
	});

	test.each([
		"-m statistic --mode nth --every 3 --packet 1",
		"-m statistic --mode nth ! --every 4 --packet 3",
		"-m statistic --mode random --probability 0.25",
		"-m statistic --mode random ! --probability 0.25",
	])("%s: a use that asks the same can be made of the question", (use) => {
		const question = questionIn(use) as Question;
		const options = matches.get("statistic")?.asking?.(question);
		expect(options && matches.get("statistic")?.question?.(options)).toEqual(
			question,
		);
	});

	test("a program in the rule is asked about nothing else than the packet", () => {
		const bpf = matches.get("bpf");
		expect(bpf?.question?.({ path: "", program: [[6, 0, 0, 1]] })).toBe(null);
	});

	test("a match that is not modelled has one, or a reason why not", () => {
		const silent = [...matches.values()].filter(
			({ compile, question }) => compile === null && !question,
		);
		expect(silent.map(({ name }) => name).sort()).toEqual(
			Object.keys(STAY_UNKNOWN),
		);
	});

	test("a match that remembers packets has one, but for lists of addresses and labels", () => {
		const silent = [...matches.values()].filter(
			({ stateful, question }) => stateful && !question,
		);
		expect(silent.map(({ name }) => name)).toEqual(["connlabel", "recent"]);
	});
});

/** `--mode nth`, `! --every 3 --packet 1`. */
const someTurn = fc
	.integer({ min: 1, max: 9 })
	.chain((every) =>
		fc.record({
			every: fc.constant(every),
			packet: fc.integer({ min: 0, max: every - 1 }),
			not: fc.constantFrom("", "! "),
		}),
	)
	.map(
		({ every, packet, not }) =>
			`-m statistic --mode nth ${not}--every ${every} --packet ${packet}`,
	);

test("a turn holds where its counter comes round", () => {
	fc.assert(
		fc.property(someTurn, (use) => {
			const { extension, options } = matchUse(use);
			const question = extension.question?.(options);
			if (question?.kind !== "turn") throw new Error(`${use} is no turn`);
			const { every, initial, inverted } = question;
			const test = compileMatch(extension, options, testPorts());
			let count = initial;
			for (let packet = 0; packet < 3 * every; packet++) {
				count = (count + 1) % every;
				expect(test?.(testSkb())).toBe((count === 0) !== inverted);
			}
		}),
		{ seed: SEED },
	);
});

test("a draw holds with its probability, exactly", () => {
	const someDraw = fc
		.record({
			probability: fc.double({ min: 0, max: 1, noNaN: true }),
			not: fc.constantFrom("", "! "),
		})
		.map(
			({ probability, not }) =>
				`-m statistic --mode random ${not}--probability ${probability}`,
		);
	fc.assert(
		fc.property(someDraw, (use) => {
			const { extension, options } = matchUse(use);
			const question = extension.question?.(options);
			if (question?.kind !== "draw") throw new Error(`${use} is no draw`);
			const paths = everyPath((choice) =>
				compileMatch(extension, options, testPorts({ choice }))?.(testSkb()),
			);
			const holds = [...paths]
				.filter(({ result }) => result)
				.reduce((sum, { probability }) => plus(sum, probability), ZERO);
			expect(holds).toEqual(question.probability);
		}),
		{ seed: SEED },
	);
});

test.each(["-m condition --condition up1", "-m condition ! --condition up1"])(
	"%s holds as its question says",
	(use) => {
		const { extension, options } = matchUse(use);
		const question = extension.question?.(options);
		if (question?.kind !== "condition")
			throw new Error(`${use} is no condition`);
		const ports = testPorts();
		const test = compileMatch(extension, options, ports);
		const variable = ports.named<ConditionVariable>(
			"condition",
			question.name,
			() => {
				throw new Error("the match has made no condition of that name");
			},
		);
		for (const value of [false, true]) {
			variable.value = value;
			expect(test?.(testSkb())).toBe(value !== question.inverted);
		}
	},
);

describe("a match without a question says the same at all times, and draws nothing", () => {
	const modelled = [...matches.values()].filter(
		({ compile, stateful }) => compile && !stateful,
	);
	test.each(modelled)("$name", (match) => {
		const uses = usesOf("matches", match.name).filter(
			({ options }) => !match.question?.(options),
		);
		for (const { input, options } of uses) {
			const entry = testEntry();
			const ask = (nowMs: number, epochMs: number) => {
				const ports = testPorts({ entries: [entry], epochMs });
				ports.clock.nowMs = nowMs;
				const test = compileMatch(match, options, ports);
				return answerOf(test, testSkb({ entry: 0 }));
			};
			const someTime = fc.integer({ min: 0, max: 2 ** 40 });
			fc.assert(
				fc.property(someTime, someTime, (nowMs, epochMs) => {
					expect(ask(nowMs, epochMs), input).toBe(ask(0, 0));
				}),
				{ seed: SEED, numRuns: 20 },
			);
		}
	});
});
