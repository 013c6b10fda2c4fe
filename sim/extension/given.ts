/**
 * The options that one use of an extension was given, checked as libxtables does
 * (iptables 1.8.9, libxtables/xtoptions.c: `xtables_option_parse`, `xtables_options_fcheck`).
 */
import { invariant } from "../invariant.ts";
import type { OptionTable, TableEntry } from "./option-table.ts";
import type { GivenOption, GivenOptions, OptionType } from "./options.ts";
import { Refusal } from "./refusal.ts";

interface Taken extends GivenOption {
	/** Index of the option's word. */
	readonly word: number;
	/** What was given before it under the same name. */
	readonly before: Taken | null;
}

/** A class because it is made once per match of a million rules: its methods cost nothing to make. */
export class Given implements GivenOptions {
	protocol = 0;
	protocolInverted = false;
	/** Index of the word that names the extension. */
	readonly word: number;
	readonly table: OptionTable;
	private readonly taken: (Taken | undefined)[] = [];

	constructor(table: OptionTable, word: number) {
		this.table = table;
		this.word = word;
	}

	/**
	 * Takes one option.
	 * @param text its argument, "" without one
	 * @throws Refusal
	 */
	take(entry: TableEntry, inverted: boolean, text: string, word: number): void {
		const { slot } = entry;
		// libxtables speaks of an option by its first spelling, whichever was written.
		const option = this.table.entries[slot]?.entry ?? entry.entry;
		const { name, repeatable, invertible } = option;
		const extension = this.table.extension.name;
		const before = this.taken[slot] ?? null;
		if (before !== null && repeatable !== true)
			throw new Refusal(
				`${extension}: option "--${name}" can only be used once.`,
				"Take one of the two away, or write a second match.",
				word,
			);
		if (inverted && invertible !== true)
			throw new Refusal(
				`${extension}: option "--${name}" cannot be inverted.`,
				"Take the `!` away.",
				word,
			);
		const value = entry.read(text, option, extension);
		while (this.taken.length < slot) this.taken.push(undefined);
		this.taken[slot] = { inverted, value, text, word, before };
	}

	/**
	 * What must hold once all options are read. libxtables asks the extension's own final check
	 * first; here it comes last (`build`), so that it can count on what the table promises.
	 * @throws Refusal
	 */
	check(): void {
		const { mandatory, constraints, extension } = this.table;
		for (const { slot, name } of mandatory)
			if (this.taken[slot] === undefined)
				throw new Refusal(
					`${extension.name}: option "--${name}" must be specified`,
					`Add \`--${name}\`.`,
					this.word,
				);
		for (const constraint of constraints) {
			const { kind, name, otherName } = constraint;
			const taken = this.taken[constraint.slot];
			if (taken === undefined) continue;
			const both = this.taken[constraint.other] !== undefined;
			if (kind === "requires" && !both)
				throw new Refusal(
					`${extension.name}: option "--${name}" also requires "--${otherName}".`,
					`Add \`--${otherName}\`.`,
					taken.word,
				);
			if (kind === "excludes" && both)
				throw new Refusal(
					`${extension.name}: option "--${name}" cannot be used together with "--${otherName}".`,
					"Take one of the two away.",
					taken.word,
				);
		}
	}

	has(name: string): boolean {
		return this.find(name) !== undefined;
	}

	get<T extends OptionType>(
		name: string,
		_type: T,
	): GivenOption<T> | undefined {
		return this.find(name) as GivenOption<T> | undefined;
	}

	all<T extends OptionType>(name: string, _type: T): readonly GivenOption<T>[] {
		const found: GivenOption<T>[] = [];
		let one: Taken | null | undefined = this.find(name);
		while (one) {
			found.push(one as unknown as GivenOption<T>);
			one = one.before;
		}
		return found.reverse();
	}

	refuse(message: string, remedy: string, option?: string): never {
		const place = option === undefined ? undefined : this.find(option);
		throw new Refusal(message, remedy, place?.word ?? this.word);
	}

	private find(name: string): Taken | undefined {
		const slot = this.table.slots.get(name);
		invariant(
			slot !== undefined,
			`${this.table.extension.name} asks for an option --${name} that it does not have`,
		);
		return this.taken[slot];
	}
}
