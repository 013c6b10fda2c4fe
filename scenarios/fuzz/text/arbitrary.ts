/**
 * Whole texts for iptables-restore: most hold one rule that is of interest, some a handful of lines.
 *
 * Left out, besides the extensions whose use says why (`leftOut`):
 * - numbers of realms, groups and users that have names on some machines: files that the guest lacks say which
 * - `-L` and `-S` among the lines of a table: they print, and where printing fails iptables ends
 * - names of hosts: they would have to be looked up
 * - counters beyond 2^53, and below 0: the model's are numbers, which are not exact there
 * - `-j standard`: the name of iptables' own library for verdicts, which no rule wants
 */
import fc from "fast-check";
import { TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import { openPoints } from "../../../sim/ruleset/check/open-points.ts";
import { EMPTY_RULESET, restoreText } from "../../../sim/ruleset/parse.ts";
import { furtherLine, type Line } from "./lines.ts";
import { type Mutation, mutations, write } from "./mutations.ts";
import { areHere } from "./oracle.ts";
import {
	CAREFUL_RULES,
	carefulRule,
	carelessRule,
	OWN_CHAIN,
	type PlacedRule,
} from "./rules.ts";
import { sometimes } from "./uses.ts";

/** A text and how it is loaded: plain data. */
export interface TextCase {
	readonly text: string;
	/** With `--noflush`, onto this, which is loaded before; `null`: into empty tables. */
	readonly onto: string | null;
	/** With `--counters`. */
	readonly counters: boolean;
	/**
	 * How many things may be wrong with one of its lines. Of several iptables names the one that it meets
	 * first, and the model perhaps another: then it is not asked which.
	 */
	readonly oddities: number;
}

interface FurtherLine {
	readonly line: Line;
	readonly changes: readonly Mutation[];
}

interface TablePlan {
	readonly first: PlacedRule;
	readonly changes: readonly Mutation[];
	readonly before: readonly FurtherLine[];
	readonly after: readonly FurtherLine[];
	/** Before the rule: `[packets:bytes]`. */
	readonly counters: string;
	readonly blanks: readonly string[];
	readonly commandLast: boolean;
	readonly end: string;
}

const BLANKS = fc.oneof(
	{ weight: 6, arbitrary: fc.constant([" "]) },
	{
		weight: 1,
		arbitrary: fc.array(fc.constantFrom(" ", "  ", "\t", " \t "), {
			minLength: 1,
			maxLength: 5,
		}),
	},
);
const COUNTERS = fc.oneof(
	{ weight: 8, arbitrary: fc.constant("") },
	{
		weight: 1,
		arbitrary: fc
			.tuple(fc.nat(1_000_000), fc.nat(1_000_000_000))
			.map(([packets, bytes]) => `[${packets}:${bytes}] `),
	},
);
const END = fc.oneof(
	{ weight: 60, arbitrary: fc.constant("COMMIT\n") },
	{
		weight: 1,
		arbitrary: fc.constantFrom(
			"",
			"COMMIT",
			"COMMIT\nx\n",
			"COMMIT\n\n#\n",
			"\nCOMMIT\n",
		),
	},
);

const table: fc.Arbitrary<TablePlan> = carelessRule.chain((first) => {
	const further: fc.Arbitrary<readonly FurtherLine[]> = fc.array(
		fc.record({ line: furtherLine(first.place.table), changes: fewChanges }),
		{ maxLength: 2 },
	);
	const none = fc.constant<readonly FurtherLine[]>([]);
	const few = fc.oneof(
		{ weight: 3, arbitrary: none },
		{ weight: 1, arbitrary: further },
	);
	return fc.record({
		before: few,
		after: few,
		changes: mutations,
		blanks: BLANKS,
		counters: COUNTERS,
		commandLast: sometimes(1 / 20),
		end: END,
		first: fc.constant(first),
	});
});

const fewChanges: fc.Arbitrary<readonly Mutation[]> = fc.oneof(
	{ weight: 6, arbitrary: fc.constant([]) },
	{ weight: 1, arbitrary: mutations },
);

/** One rule each, or two, with something wrong in every other. */
const carelessTexts = fc
	.oneof(
		{ weight: 12, arbitrary: fc.tuple(table) },
		{ weight: 1, arbitrary: fc.tuple(table, table) },
	)
	.map((tables) => {
		const written = tables.map(writeTable);
		return {
			text: written.map(({ text }) => text).join(""),
			oddities: Math.max(...written.map(({ odd }) => odd)),
		};
	});

/**
 * Primes, each of which leads through all options: so many rules of a careful text are for options whose turn it is,
 * and each time beside others, since what is refused takes the whole text along.
 */
const STEPS = [
	7919, 104_729, 1_299_709, 15_485_863, 179_424_673, 2_038_074_743,
];

/**
 * Rules that nothing is wrong with, so that every option is printed: for the options whose turn it is, and for any.
 * @param isLoadedHere without rules that need something else besides, with which a text is only read
 */
function carefulTexts(
	number: number,
	isLoadedHere: boolean,
): fc.Arbitrary<string> {
	const due = STEPS.map((step) => {
		const rule = CAREFUL_RULES[(number * step) % CAREFUL_RULES.length];
		// Each may go when a text is made smaller.
		return fc.option(rule as fc.Arbitrary<PlacedRule>, { freq: 50 });
	});
	const maxLength = isLoadedHere ? 14 : 30;
	return fc
		.tuple(fc.tuple(...due), fc.array(carefulRule, { maxLength, size: "max" }))
		.map(([inTurn, further]) => {
			const rules = [...inTurn, ...further].filter((rule) => rule !== null);
			return writeText(rules.filter((rule) => isRead(rule, isLoadedHere)));
		});
}

/** Would it spoil the text? Careless texts have what is refused as well. */
function isRead(rule: PlacedRule, isLoadedHere: boolean): boolean {
	const { read, faults } = restoreText(EMPTY_RULESET, writeText([rule]), {
		counters: false,
	});
	if (faults.length > 0) return false;
	return !isLoadedHere || areHere(openPoints(read).needs);
}

function writeText(rules: readonly PlacedRule[]): string {
	return Object.keys(TABLE_HOOKS)
		.map((name) => writeRules(name, rules))
		.join("");
}

/**
 * Texts as a fuzz draws them; the same for the same seed, number and path. What makes a text long is made
 * smaller first.
 * @param number of the text: options have their turn by it
 */
export function textArbitrary(number: number): fc.Arbitrary<TextCase> {
	const alone = fc.constant(null);
	const loaded = carefulTexts(number, true);
	const careful = number % 2 === 0 ? loaded : carefulTexts(number, false);
	return fc.noBias(
		fc
			.record({
				given: fc.oneof(
					{
						weight: 5,
						arbitrary: fc.record({
							text: carelessTexts,
							onto: fc.oneof(
								{ weight: 4, arbitrary: alone },
								{ weight: 1, arbitrary: loaded },
							),
						}),
					},
					{
						weight: 3,
						arbitrary: fc.record({
							text: careful.map((text) => ({ text, oddities: 0 })),
							onto: alone,
						}),
					},
				),
				counters: sometimes(1 / 4),
			})
			.map(({ given: { text, onto }, counters }) => ({
				...text,
				onto,
				counters,
			})),
	);
}

/** One table of the rules that stand in it; "" when none do. */
function writeRules(table: string, rules: readonly PlacedRule[]): string {
	const own = rules.filter(({ place }) => place.table === table);
	if (own.length === 0) return "";
	const lines = own.flatMap(({ place, rule }, index) => {
		const { words } = write(rule, []);
		const before = linesBefore(place);
		if (!place.within)
			return [...before, `-A ${place.chain} ${words.join(" ")}`];
		const chain = index === 0 ? OWN_CHAIN : `OWN${index}`;
		return [
			`:${chain} - [0:0]`,
			...before,
			`-A ${place.chain} -j ${chain}`,
			`-A ${chain} ${words.join(" ")}`,
		];
	});
	return [`*${table}`, ...lines, "COMMIT\n"].join("\n");
}

/** What its place asks for, in the chain that is walked to it. */
const linesBefore = ({ chain, after }: PlacedRule["place"]) =>
	after.map((line) => `-A ${chain} ${line}`);

function writeTable(plan: TablePlan): { text: string; odd: number } {
	const { place, rule } = plan.first;
	const chain = place.within ? OWN_CHAIN : place.chain;
	const command = ["-A", chain];
	const own = write(
		{
			odd: rule.odd,
			words: plan.commandLast
				? [...rule.words, ...command]
				: [...command, ...rule.words],
		},
		plan.changes,
	);
	const lines = [
		...plan.before.map(writeLine),
		{ text: plan.counters + spaced(own.words, plan.blanks), odd: own.odd },
		...plan.after.map(writeLine),
	];
	const text = [
		`*${place.table}`,
		`:${OWN_CHAIN} - [0:0]`,
		...linesBefore(place),
		...(place.within ? [`-A ${place.chain} -j ${OWN_CHAIN}`] : []),
		...lines.map((line) => line.text),
		plan.end,
	].join("\n");
	return { text, odd: Math.max(...lines.map(({ odd }) => odd)) };
}

function writeLine({ line, changes }: FurtherLine): {
	text: string;
	odd: number;
} {
	if (line.kind === "text") return { text: line.text, odd: line.odd };
	const { words, odd } = write(line.piece, changes);
	return { text: words.join(" "), odd };
}

/** The words with these blanks between them, in turn. */
function spaced(words: readonly string[], blanks: readonly string[]): string {
	return words
		.map((word, index) =>
			index === 0 ? word : blanks[index % blanks.length] + word,
		)
		.join("");
}
