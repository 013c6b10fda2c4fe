/**
 * The options that one use of an extension was given, checked as libxtables does
 * (iptables 1.8.9, libxtables/xtoptions.c: `xtables_option_parse`, `xtables_options_fcheck`).
 */
import { invariant } from "../../invariant.ts";
import type { GivenOption, GivenOptions, OptionType } from "../options.ts";
import { Refusal } from "../refusal.ts";
import { namesNoted } from "../values/open-names.ts";
import type {
	OptionTable,
	RecentUse,
	TableEntry,
	Taken,
} from "./option-table.ts";

/** Uses of an extension that are compared with the next one. */
const MOST_RECENT = 4;
/** Of new uses only one in so many is kept; odd, so that each of the kept ones has its turn. */
const SELDOM = 7;
/** A longer piece of a text holds on to the whole of it. */
const MOST_COPIED = 12;

const AT_END = { atEnd: true };

/** A class because it serves many lines, one after the other: it is emptied, not made anew. */
export class ParsedOptions implements GivenOptions {
	protocol = 0;
	protocolInverted = false;
	/** Index of the word that names the extension. */
	word: number;
	table: OptionTable;
	/** By slot; what `bits` does not name is left over from before. */
	private readonly taken: (Taken | undefined)[] = [];
	/** One bit per slot: what was given, what must be, and what must not. */
	private bits = 0;
	private required: number;
	private excluded = 0;

	constructor(table: OptionTable, word: number) {
		this.table = table;
		this.word = word;
		this.required = table.mandatoryBits;
	}

	/**
	 * What the use comes to. Rulesets repeat themselves: of uses in the same words the rules share one object.
	 * @throws Refusal
	 */
	build(): object {
		const { recent } = this.table;
		for (const use of recent) if (this.repeats(use)) return use.options;
		const noted = namesNoted();
		const options = this.buildAnew();
		// A kept use notes no names.
		if (namesNoted() > noted) return options;
		// Where uses differ all the time, keeping each of them would only cost.
		const turn = this.table.built++;
		if (turn < MOST_RECENT || turn % SELDOM === 0) this.keep(options, turn);
		return options;
	}

	private buildAnew(): object {
		const { extension } = this.table;
		try {
			extension.checkFirst?.(this);
			this.check();
			return extension.build(this);
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			throw this.firstRefused() ?? refusal;
		}
	}

	private keep(options: object, turn: number): void {
		if (!this.isShort()) return;
		const { bits, protocol, protocolInverted, word } = this;
		const taken = this.taken.map((_, slot) => this.at(slot));
		const use = { bits, protocol, protocolInverted, word, taken, options };
		const { recent } = this.table;
		if (recent.length < MOST_RECENT) recent.push(use);
		else recent[turn % MOST_RECENT] = use;
	}

	/** The same options in the same words, in the same order, under the same protocol. */
	private repeats(use: RecentUse): boolean {
		if (use.bits !== this.bits || use.protocol !== this.protocol) return false;
		if (use.protocolInverted !== this.protocolInverted) return false;
		for (let slot = 0; slot < this.taken.length; slot++) {
			const now = this.at(slot);
			const then = use.taken[slot];
			if (now === undefined || then === undefined) continue;
			if (now.text !== then.text || now.inverted !== then.inverted)
				return false;
			if (now.before !== null || now.word - this.word !== then.word - use.word)
				return false;
		}
		return true;
	}

	/** Worth keeping: given once each, and no longer than what V8 copies when it cuts a word out of a text. */
	private isShort(): boolean {
		for (let slot = 0; slot < this.taken.length; slot++) {
			const one = this.at(slot);
			if (one === undefined) continue;
			if (one.before !== null || one.text.length > MOST_COPIED) return false;
		}
		return true;
	}

	/** Begins anew, for another use of an extension. */
	reset(table: OptionTable, word: number): void {
		this.table = table;
		this.word = word;
		this.protocol = 0;
		this.protocolInverted = false;
		this.bits = 0;
		this.required = table.mandatoryBits;
		this.excluded = 0;
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
		const extension = this.table.extension.name;
		const before = this.at(slot) ?? null;
		if (before !== null && option.repeatable !== true)
			throw new Refusal(
				`${extension}: option "--${option.name}" can only be used once.`,
				"Take one of the two away, or write a second match.",
				word,
			);
		if (inverted && option.invertible !== true)
			throw new Refusal(
				`${extension}: option "--${option.name}" cannot be inverted.`,
				"Take the `!` away.",
				word,
			);
		const value = entry.read(text, option, extension);
		this.put({ inverted, value, text, word, before, slot });
		this.required |= entry.requires;
		this.excluded |= entry.excludes;
	}

	private put(taken: Taken): void {
		while (this.taken.length < taken.slot) this.taken.push(undefined);
		this.taken[taken.slot] = taken;
		this.bits |= 1 << taken.slot;
	}

	/**
	 * What iptables stops at, which reads option by option and does not know of those behind: the first
	 * one that is refused beside those in front of it. `null`: none.
	 */
	firstRefused(): Refusal | null {
		const all: Taken[] = [];
		for (let slot = 0; slot < this.taken.length; slot++)
			for (let one = this.at(slot) ?? null; one; one = one.before)
				all.push(one);
		all.sort((one, other) => one.word - other.word);
		const { extension } = this.table;
		const sofar = new ParsedOptions(this.table, this.word);
		sofar.protocol = this.protocol;
		sofar.protocolInverted = this.protocolInverted;
		for (const one of all) {
			sofar.put(one);
			try {
				extension.build(sofar);
			} catch (refusal) {
				if (!(refusal instanceof Refusal)) throw refusal;
				if (!refusal.atEnd && refusal.word === one.word) return refusal;
			}
		}
		return null;
	}

	/**
	 * What must hold once all options are read. libxtables asks the extension's own final check
	 * first; here only what that asks of the options themselves comes first (`checkFirst`), and the rest
	 * last (`build`), so that it can count on what the table promises.
	 * @throws Refusal
	 */
	check(): void {
		const { bits, required, excluded } = this;
		if ((bits & required) !== required || (bits & excluded) !== 0)
			this.refuseWrong();
	}

	/** Says what is missing or too much. */
	private refuseWrong(): void {
		const { constraints, extension } = this.table;
		for (const constraint of constraints) {
			const { kind, name, otherName } = constraint;
			const taken = this.at(constraint.slot);
			if (kind === "mandatory" && taken === undefined)
				throw new Refusal(
					`${extension.name}: option "--${name}" must be specified`,
					`Add \`--${name}\`.`,
					this.word,
					AT_END,
				);
			if (kind === "mandatory" || taken === undefined) continue;
			const both = this.at(constraint.other) !== undefined;
			if (kind === "requires" && !both)
				throw new Refusal(
					`${extension.name}: option "--${name}" also requires "--${otherName}".`,
					`Add \`--${otherName}\`.`,
					taken.word,
					AT_END,
				);
			if (kind === "excludes" && both)
				throw new Refusal(
					`${extension.name}: option "--${name}" cannot be used together with "--${otherName}".`,
					"Take one of the two away.",
					taken.word,
					AT_END,
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
		const atEnd = place === undefined;
		throw new Refusal(message, remedy, place?.word ?? this.word, { atEnd });
	}

	refuseAtEnd(message: string, remedy: string, option: string): never {
		const word = this.find(option)?.word ?? this.word;
		throw new Refusal(message, remedy, word, { atEnd: true });
	}

	private find(name: string): Taken | undefined {
		const slot = this.table.slots.get(name);
		if (slot === undefined) return this.notMine(name);
		return this.at(slot);
	}

	private notMine(name: string): never {
		const message = `${this.table.extension.name} asks for an option --${name} that it does not have`;
		return invariant(false, message) as never;
	}

	private at(slot: number): Taken | undefined {
		return (this.bits & (1 << slot)) === 0 ? undefined : this.taken[slot];
	}
}
