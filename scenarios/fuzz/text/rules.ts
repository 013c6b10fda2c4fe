/** Rules: a header, matches, a target, and where they stand. */
import fc from "fast-check";
import type { AnyExtension } from "../../../sim/extension/options/option-table.ts";
import { TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import { NETWORK, one, PROTOCOL, type Values } from "../values/values.ts";
import {
	type Care,
	type ExtensionKind,
	FOCUSES,
	type Focus,
	joinPieces,
	oddly,
	type Piece,
	sometimes,
	textUse,
	useOf,
} from "./uses.ts";

/** The user's own chain that every table of a text has. */
export const OWN_CHAIN = "ONE";

/** Where a rule stands. */
interface Place {
	readonly table: string;
	readonly chain: string;
	/** In the user's own chain, which is called from `chain`. */
	readonly within: boolean;
	readonly odd: number;
	/** Rules that stand before it, without their `-A CHAIN`. */
	readonly after: readonly string[];
}

const PLACES = Object.entries(TABLE_HOOKS).flatMap(([table, hooks]) =>
	hooks.map((chain) => ({ table, chain })),
);

/** Where an extension may stand, or so often: where it may not. */
function placeFor({ kind, extension }: Focus, care: Care): fc.Arbitrary<Place> {
	const { tables, hooks } = extension;
	const { place: needs = {} } = textUse(kind, extension);
	const isIn = (
		name: string,
		...lists: readonly (readonly string[] | undefined)[]
	) => lists.every((list) => !list || list.includes(name));
	const right = PLACES.filter(
		({ table, chain }) =>
			isIn(table, tables, needs.tables) && isIn(chain, hooks, needs.hooks),
	);
	return fc
		.tuple(
			care === "careful"
				? place(right, 0)
				: fc.oneof(
						{ weight: 5, arbitrary: place(right, 0) },
						{ weight: 1, arbitrary: place(PLACES, 1) },
					),
			sometimes(1 / 6),
		)
		.map(([where, within]) => ({
			...where,
			within,
			after: needs.after ?? [],
		}));
}

function place(places: typeof PLACES, odd: number) {
	return fc.constantFrom(...places).map((where) => ({ ...where, odd }));
}

const NAMES: Values = {
	sound: one("eth0", "bond0.204", "eth+", "+", "lo", "a", "123456789012345"),
	odd: one(
		"",
		"1234567890123456",
		"e th",
		"eth0 ",
		"e/h",
		"!",
		"é",
		"*",
		"a:b",
	),
};
const NETWORKS: Values = {
	sound: fc.oneof(
		NETWORK.sound,
		NETWORK.sound,
		one("10.0.0.0/255.0.255.0", "10", "10.1/16", "0/0", "any/0"),
		one("10.0.0.1,10.0.0.2", "10.0.0.0/8,192.168.0.0/16,0.0.0.0/0"),
	),
	odd: fc.oneof(
		NETWORK.odd,
		one(
			"10.0.0.1,",
			",10.0.0.1",
			"10.0.0.1, 10.0.0.2",
			"10.0.0.1/8/8",
			"/8",
			"/",
		),
		one("10.0.0.1,10.0.0.300", "10.0.0.1,,10.0.0.2", ",", "10.0.0.1 /8"),
	),
};

/** Lists, and any protocol, bear no `!`. */
const isForAll = ([value = ""]: readonly string[]): boolean =>
	value.includes(",") || value === "all" || value === "0";

/** `[! ]-x VALUE`. */
function headerOption(
	spellings: readonly string[],
	values: Values,
	care: Care,
): fc.Arbitrary<Piece> {
	return fc
		.tuple(sometimes(1 / 4), one(...spellings), oddly(care, values))
		.map(([not, option, { words, odd }]) => ({
			words: [...(not && !isForAll(words) ? ["!"] : []), option, ...words],
			odd,
		}));
}

const FRAGMENT = sometimes(1 / 4).map(
	(not): Piece => ({ words: not ? ["!", "-f"] : ["-f"], odd: 0 }),
);
const protocols = (care: Care) =>
	headerOption(["-p", "--protocol", "--proto"], PROTOCOL, care);

const NO_WAY_IN = new Set(["OUTPUT", "POSTROUTING"]);
const NO_WAY_OUT = new Set(["PREROUTING", "INPUT"]);
const ADDRESS_OPTIONS = [
	["-s", "--source", "--src"],
	["-d", "--destination", "--dst"],
];

/** Parts of a header besides the protocol. */
function headerParts(chain: string, care: Care): fc.Arbitrary<Piece> {
	const addresses = ADDRESS_OPTIONS.map((names) =>
		headerOption(names, NETWORKS, care),
	);
	const ways = [
		...(NO_WAY_IN.has(chain) ? [] : [["-i", "--in-interface"]]),
		...(NO_WAY_OUT.has(chain) ? [] : [["-o", "--out-interface"]]),
	].map((names) => headerOption(names, NAMES, care));
	return fc
		.array(fc.oneof(...addresses, ...addresses, FRAGMENT, ...ways), {
			minLength: 0,
			maxLength: 3,
		})
		.map((parts) => joinPieces(withoutRepeats(parts)));
}

/** Each option once: given twice it would be refused, and nothing else be learnt. */
function withoutRepeats(parts: readonly Piece[]): readonly Piece[] {
	const letter = ({ words }: Piece) =>
		words.find((word) => word.startsWith("-"))?.replace(/^-+/, "")[0];
	return parts.filter(
		(part, index) =>
			parts.findIndex((other) => letter(other) === letter(part)) === index,
	);
}

const NOTHING: fc.Arbitrary<Piece> = fc.constant({ words: [], odd: 0 });

/** The protocol that an extension asks for, or any. */
function protocolFor(
	{ kind, extension }: Focus,
	care: Care,
): fc.Arbitrary<Piece> {
	const needed =
		textUse(kind, extension).place?.header ??
		extension.protocols?.map((number) => `-p ${number}`);
	const any = fc.oneof(
		{ weight: 3, arbitrary: NOTHING },
		{ weight: 1, arbitrary: protocols(care) },
	);
	if (needed === undefined) return any;
	const right = one(...needed).map((text) => ({
		words: text === "" ? [] : text.split(" "),
		odd: 0,
	}));
	if (care === "careful") return right;
	const wrong = any.map(({ words, odd }) => ({ words, odd: odd + 1 }));
	return fc.oneof(
		{ weight: 14, arbitrary: right },
		{ weight: 1, arbitrary: wrong },
	);
}

const plain = (extension: AnyExtension): boolean =>
	!extension.tables && !extension.hooks && !extension.protocols;
const hasPlace = ({ kind, extension }: Focus): boolean =>
	textUse(kind, extension).place !== undefined;
/** Uses that may stand anywhere. */
const anywhere = (kind: ExtensionKind) =>
	FOCUSES.filter(
		(focus) =>
			focus.kind === kind && plain(focus.extension) && !hasPlace(focus),
	);

const VERDICTS = one("ACCEPT", "RETURN", "LOG", "").map(
	(name): Piece => ({ words: name === "" ? [] : ["-j", name], odd: 0 }),
);

/** `-m NAME` and its options, or `-j NAME` and its own. */
const furtherUse = (kind: ExtensionKind, care: Care) =>
	fc.oneof(
		...anywhere(kind).map((focus) =>
			useOf(focus, care).map((use) => named(focus, use)),
		),
	);
/** What a rule has besides what it is made for: made once, since there are many. */
const FURTHER = Object.fromEntries(
	(["careful", "careless"] as const).map((care) => [
		care,
		{
			match: furtherUse("match", care),
			target: fc.oneof(
				{ weight: 6, arbitrary: VERDICTS },
				{ weight: 1, arbitrary: furtherUse("target", care) },
			),
		},
	]),
) as Readonly<
	Record<Care, Readonly<Record<ExtensionKind, fc.Arbitrary<Piece>>>>
>;

function named({ kind, extension }: Focus, use: Piece): Piece {
	const option = kind === "match" ? "-m" : "-j";
	return { ...use, words: [option, extension.name, ...use.words] };
}

/** A rule without its `-A CHAIN`, and where it stands. */
export interface PlacedRule {
	readonly place: Place;
	readonly rule: Piece;
}

/** How the parts of a rule follow each other. */
const ORDERS = ["hmj", "hmj", "hmj", "hmj", "hjm", "jhm"] as const;

/** A rule made for one option. */
function ruleFor(focus: Focus, care: Care): fc.Arbitrary<PlacedRule> {
	const { kind, extension } = focus;
	const { match, target } = FURTHER[care];
	const [protocol, use] = [protocolFor(focus, care), useOf(focus, care)];
	const isMatch = kind === "match";
	return placeFor(focus, care).chain((place) =>
		fc
			.record({
				protocol,
				use,
				target,
				match,
				withMatch: sometimes(1 / 4),
				header: headerParts(place.within ? "FORWARD" : place.chain, care),
				withHeader: sometimes(1 / 4),
				implicit: sometimes(1 / 4),
				order: fc.constantFrom(...ORDERS),
			})
			.map((parts) => {
				// The match of the protocol is loaded when one of its options is met.
				const isImplicit =
					parts.implicit && isMatch && extension.protocols && focus.option;
				const own = isImplicit ? parts.use : named(focus, parts.use);
				const further = parts.withMatch ? [parts.match] : [];
				const header = parts.withHeader ? [parts.header] : [];
				const byLetter = {
					h: joinPieces([parts.protocol, ...header]),
					m: joinPieces(isMatch ? [own, ...further] : further),
					j: isMatch ? parts.target : own,
				};
				const letters = [...parts.order] as ("h" | "m" | "j")[];
				const rule = joinPieces(letters.map((letter) => byLetter[letter]));
				return { place, rule: { ...rule, odd: rule.odd + place.odd } };
			}),
	);
}

/** A rule for any option of any extension. */
export const carelessRule: fc.Arbitrary<PlacedRule> = fc.oneof(
	...FOCUSES.map((focus) => ruleFor(focus, "careless")),
);
/** One for each option of each extension. */
export const CAREFUL_RULES: readonly fc.Arbitrary<PlacedRule>[] = FOCUSES.map(
	(focus) => ruleFor(focus, "careful"),
);
export const carefulRule: fc.Arbitrary<PlacedRule> = fc.oneof(...CAREFUL_RULES);

/** A rule that may stand in any chain. */
export const plainRule: fc.Arbitrary<Piece> = fc
	.record({
		protocol: fc.oneof(NOTHING, protocols("careless")),
		header: headerParts("", "careless").map((piece) => ({
			...piece,
			odd:
				piece.odd +
				(/ -(i|o|-in|-out)/.test(` ${piece.words.join(" ")}`) ? 1 : 0),
		})),
		match: FURTHER.careless.match,
		withMatch: sometimes(1 / 3),
		target: FURTHER.careless.target,
	})
	.map(({ protocol, header, match, withMatch, target }) =>
		joinPieces([protocol, header, ...(withMatch ? [match] : []), target]),
	);
