/** How a rule uses one extension: the options and their arguments, with one of them in the centre. */
import fc from "fast-check";
import type { AnyExtension } from "../../../sim/extension/options/option-table.ts";
import type { OptionEntry } from "../../../sim/extension/options.ts";
import { matches } from "../../../sim/matches/index.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { Frame, MatchUse, TargetUse } from "../extensions/use.ts";
import { MATCH_USES, TARGET_USES } from "../extensions/uses.ts";
import { type Values, valuesOf } from "../values/values.ts";

/** Words of a line, and how many things may be wrong with them. */
export interface Piece {
	readonly words: readonly string[];
	readonly odd: number;
}

export type ExtensionKind = "match" | "target";

/** An option that a rule is made for; `option` is `null` for an extension that has none. */
export interface Focus {
	readonly kind: ExtensionKind;
	readonly extension: AnyExtension;
	readonly option: OptionEntry | null;
	readonly negated: boolean;
}

/** Everything that rules can be made for: each option of each extension, and again with a `!`. */
export const FOCUSES: readonly Focus[] = [
	...[...matches.values()].flatMap((one) => focusesOf("match", one)),
	...[...targets.values()].flatMap((one) => focusesOf("target", one)),
];

/** What is known of the use of an extension besides its table of options. */
export function textUse(
	kind: ExtensionKind,
	{ name }: AnyExtension,
): MatchUse | TargetUse {
	const uses = kind === "match" ? MATCH_USES : TARGET_USES;
	return uses.get(name) ?? {};
}

function focusesOf(kind: ExtensionKind, extension: AnyExtension): Focus[] {
	const { leftOut, neverNegated } = textUse(kind, extension);
	if (leftOut !== undefined) return [];
	const { options } = extension;
	if (options.length === 0)
		return [{ kind, extension, option: null, negated: false }];
	return options.flatMap((option) => [
		{ kind, extension, option, negated: false },
		...(option.invertible && !neverNegated?.includes(option.name)
			? [{ kind, extension, option, negated: true }]
			: []),
	]);
}

/** Careful rules have nothing wrong with them that the generator knows of. */
export type Care = "careful" | "careless";

/** So many sound arguments to an odd one. */
const MOSTLY = 14;
const ODD_NEGATION = 1 / 60;
const NEGATION = 1 / 4;
const EXTRA_OPTION = 1 / 4;

/** True so often. */
export function sometimes(probability: number): fc.Arbitrary<boolean> {
	const of = 1000;
	// The smaller case is the one that is left out.
	return fc.nat(of - 1).map((drawn) => drawn >= of * (1 - probability));
}

/** The options of one use, in any order, without the `-m NAME` or `-j NAME` in front. */
export function useOf(focus: Focus, care: Care): fc.Arbitrary<Piece> {
	const { extension, kind, option } = focus;
	const { frames: known = [{}] } = textUse(kind, extension);
	const around = known.filter(
		(frame) => option === null || fits(focus, frame, option),
	);
	const own = around.filter((frame) => option && option.name in frame);
	const frames = own.length > 0 ? own : around.length > 0 ? around : known;
	const whole = fc.oneof(...frames.map((frame) => useIn(focus, frame, care)));
	if (care === "careful") return whole;
	return fc.oneof(
		{ weight: MOSTLY, arbitrary: whole },
		{ weight: 1, arbitrary: bareUse(focus) },
	);
}

/** One or two options without what belongs to them, or none at all: what is missed first? */
function bareUse(focus: Focus): fc.Arbitrary<Piece> {
	const { options } = focus.extension;
	const written = options.map((entry) =>
		optionWords(focus, {}, entry, "careful"),
	);
	return fc
		.tuple(
			fc.tuple(...written),
			fc.shuffledSubarray([...options.keys()], {
				maxLength: Math.min(2, options.length),
			}),
		)
		.map(([all, some]) => {
			const { words, odd } = joinPieces(some.flatMap((one) => all[one] ?? []));
			return { words, odd: odd + 1 };
		});
}

/** May the option stand among the frame's? */
function fits(focus: Focus, frame: Frame, option: OptionEntry): boolean {
	const { options } = focus.extension;
	const own = closure(options, option, []);
	return Object.keys(frame).every((name) => {
		const other = options.find((entry) => entry.name === name);
		return !other || !own.some((one) => clash(focus, one, other));
	});
}

/** Two spellings of one option, or options that exclude each other. */
function clash(
	{ kind, extension }: Focus,
	one: OptionEntry,
	other: OptionEntry,
): boolean {
	if (one === other) return false;
	const first = (entry: OptionEntry) =>
		extension.options.find(({ name }) => name === entry.sameAs) ?? entry;
	const [a, b] = [first(one), first(other)];
	if (a === b) return true;
	const { apart = [] } = textUse(kind, extension);
	for (const [left, right] of apart)
		for (const [x, y] of [
			[a, b],
			[b, a],
		] as const)
			if (left === x.name && right.includes(y.name)) return true;
	return Boolean(a.excludes?.includes(b.name) || b.excludes?.includes(a.name));
}

function useIn(focus: Focus, frame: Frame, care: Care): fc.Arbitrary<Piece> {
	const { kind, extension } = focus;
	const { options } = extension;
	const needed = neededOptions(focus, frame);
	const { onlyInFrames: framed = [] } = textUse(kind, extension);
	const others = options.filter(
		(entry) =>
			!framed.includes(entry.name) &&
			!needed.includes(entry) &&
			!needed.some((other) => clash(focus, entry, other)),
	);
	const words = options.map((entry) => optionWords(focus, frame, entry, care));
	return fc
		.record({
			words: fc.tuple(...words),
			extra: fc.array(sometimes(EXTRA_OPTION), {
				minLength: others.length,
				maxLength: others.length,
			}),
			turn: fc.nat(Math.max(0, options.length - 1)),
		})
		.map(({ words, extra, turn }) => {
			const wanted = [...needed];
			for (const [index, entry] of others.entries()) {
				if (!extra[index]) continue;
				const more = closure(options, entry, wanted);
				const fitting = more.every(
					(one) => !wanted.some((other) => clash(focus, one, other)),
				);
				if (fitting) wanted.push(...more);
			}
			const turned = [...options.slice(turn), ...options.slice(0, turn)];
			return joinPieces(
				turned
					.filter((entry) => wanted.includes(entry))
					.map((entry) => words[options.indexOf(entry)] as Piece),
			);
		});
}

/** The frame's, the mandatory ones, the one in the centre, and what these require. */
function neededOptions(
	{ extension: { options }, option }: Focus,
	frame: Frame,
): readonly OptionEntry[] {
	const needed: OptionEntry[] = [];
	for (const entry of options)
		if (entry === option || entry.mandatory || entry.name in frame)
			needed.push(...closure(options, entry, needed));
	return needed;
}

/** The option and what it requires, without what is there already. */
function closure(
	options: readonly OptionEntry[],
	entry: OptionEntry,
	there: readonly OptionEntry[],
): readonly OptionEntry[] {
	const required = options.filter(({ name }) => entry.requires?.includes(name));
	return [entry, ...required].filter((one) => !there.includes(one));
}

export function joinPieces(pieces: readonly Piece[]): Piece {
	return {
		words: pieces.flatMap(({ words }) => words),
		odd: pieces.reduce((sum, { odd }) => sum + odd, 0),
	};
}

/** An option with its `!` and its argument. */
function optionWords(
	focus: Focus,
	frame: Frame,
	entry: OptionEntry,
	care: Care,
): fc.Arbitrary<Piece> {
	const isFocus = entry === focus.option;
	const { neverNegated } = textUse(focus.kind, focus.extension);
	const negation = care === "careful" ? 0 : ODD_NEGATION;
	const negated = isFocus
		? fc.constant(focus.negated)
		: sometimes(
				entry.invertible && !neverNegated?.includes(entry.name)
					? NEGATION
					: negation,
			);
	return fc
		.tuple(negated, argument(focus, frame, entry, care))
		.map(([not, value]) => ({
			words: [...(not ? ["!"] : []), `--${entry.name}`, ...value.words],
			odd: value.odd + (not && !entry.invertible ? 1 : 0),
		}));
}

const NOTHING: Piece = { words: [], odd: 0 };

function argument(
	{ kind, extension }: Focus,
	frame: Frame,
	entry: OptionEntry,
	care: Care,
): fc.Arbitrary<Piece> {
	const own = textUse(kind, extension).values ?? {};
	const values = own[entry.name] ?? valuesOf(entry);
	if (values === null) return fc.constant(NOTHING);
	const sound = frame[entry.name] ?? values.sound;
	const piece = (text: string, odd: number): Piece => ({
		words: entry.words === 2 ? text.split(" ") : [text],
		odd,
	});
	return oddly(care, { sound, odd: values.odd }, piece);
}

/** One of the sound texts; where nobody takes care, now and then one of the odd ones. */
export function oddly(
	care: Care,
	{ sound, odd }: Values,
	piece = (text: string, odd: number): Piece => ({ words: [text], odd }),
): fc.Arbitrary<Piece> {
	const right = sound.map((text) => piece(text, 0));
	if (care === "careful") return right;
	return fc.oneof(
		{ weight: MOSTLY, arbitrary: right },
		{ weight: 1, arbitrary: odd.map((text) => piece(text, 1)) },
	);
}
