/**
 * The options of one extension, prepared for reading: readers chosen, names turned into indices.
 * Made once per extension and kept, since a ruleset may use it a million times.
 */
import { invariant } from "../../invariant.ts";
import type { MatchExtension, TargetExtension } from "../extension.ts";
import type { OptionEntry } from "../options.ts";
import { type AnyReader, READERS } from "../values/read-value.ts";

export type AnyExtension = MatchExtension | TargetExtension;

/** One spelling of an option. */
export interface TableEntry {
	readonly entry: OptionEntry;
	/** Where its value is kept; two spellings of one option share it. */
	readonly slot: number;
	readonly takesArgument: boolean;
	readonly words: 1 | 2 | "optional";
	/** One bit per slot: what must stand beside it, whichever its spelling, and what must not. */
	readonly requires: number;
	readonly excludes: number;
	readonly read: AnyReader;
}

/** What `xtables_options_fcheck` asks of an option, one after the other as the table has them. */
interface Constraint {
	readonly kind: "mandatory" | "requires" | "excludes";
	readonly slot: number;
	/** Its own slot and name where there is no other. */
	readonly other: number;
	readonly name: string;
	readonly otherName: string;
}

export interface OptionTable {
	readonly extension: AnyExtension;
	readonly entries: readonly TableEntry[];
	/** By name, both spellings. */
	readonly slots: ReadonlyMap<string, number>;
	/** One bit per slot. */
	readonly mandatoryBits: number;
	readonly constraints: readonly Constraint[];
}

const tables = new WeakMap<AnyExtension, OptionTable>();

/** The prepared table of an extension; always the same one for the same extension. */
export function optionTable(extension: AnyExtension): OptionTable {
	const known = tables.get(extension);
	if (known) return known;
	const table = prepare(extension);
	tables.set(extension, table);
	return table;
}

function prepare(extension: AnyExtension): OptionTable {
	const { options } = extension;
	const slots = new Map<string, number>();
	options.forEach((entry, index) => {
		invariant(
			!slots.has(entry.name),
			`${extension.name} has two options --${entry.name}`,
		);
		slots.set(entry.name, index);
	});
	const slotOf = (name: string): number => {
		const slot = slots.get(name);
		invariant(slot !== undefined, `${extension.name} has no option --${name}`);
		return slot;
	};
	for (const { name, sameAs } of options)
		if (sameAs !== undefined) slots.set(name, slotOf(sameAs));
	const { numbered } = extension;
	const numberOf = (name: string): number => {
		if (numbered === undefined) return slotOf(name);
		invariant(
			numbered.includes(name),
			`${extension.name} has an option --${name} without a number`,
		);
		return numbered.indexOf(name);
	};
	const constraints = options.flatMap((entry) => {
		const constraint =
			(kind: Constraint["kind"]) =>
			(otherName: string): Constraint => ({
				kind,
				slot: slotOf(entry.name),
				other: slotOf(otherName),
				name: entry.name,
				otherName,
			});
		return [
			...(entry.mandatory ? [constraint("mandatory")(entry.name)] : []),
			...[
				...(entry.requires ?? []).map(constraint("requires")),
				...(entry.excludes ?? []).map(constraint("excludes")),
			].sort((a, b) => numberOf(a.otherName) - numberOf(b.otherName)),
		];
	});
	invariant(options.length < 32, `${extension.name} has too many options`);
	const bitsOf = (name: string, kind: Constraint["kind"]): number =>
		constraints
			.filter((one) => one.kind === kind && one.slot === slotOf(name))
			.reduce((bits, { other }) => bits | (1 << other), 0);
	return {
		extension,
		entries: options.map((entry) => ({
			entry,
			slot: slotOf(entry.name),
			takesArgument: entry.type !== "none" && entry.words !== "optional",
			words: entry.words ?? 1,
			requires: bitsOf(entry.name, "requires"),
			excludes: bitsOf(entry.name, "excludes"),
			read: READERS[entry.type] as AnyReader,
		})),
		slots,
		mandatoryBits: options.reduce(
			(bits, { name, mandatory }) =>
				mandatory ? bits | (1 << slotOf(name)) : bits,
			0,
		),
		constraints,
	};
}
