/**
 * The options that one use of an extension was given, checked as libxtables does
 * (iptables 1.8.9, libxtables/xtoptions.c: `xtables_option_parse`, `xtables_options_fcheck`).
 */
import { invariant } from "../../invariant.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import type { GivenOption, GivenOptions, OptionType } from "../options.ts";
import { PARAMETER_PROBLEM, Refusal } from "../refusal.ts";
import type { OptionTable, TableEntry } from "./option-table.ts";

interface Taken extends GivenOption {
	/** Index of the option's word. */
	readonly word: number;
	/** What was given before it under the same name. */
	readonly before: Taken | null;
	readonly slot: number;
}

const AT_END = { atEnd: true };

/** A class because it serves many lines, one after the other: it is emptied, not made anew. */
export class ParsedOptions implements GivenOptions {
	protocol = 0;
	protocolInverted = false;
	/** Index of the word that names the extension. */
	word: number;
	table: OptionTable;
	behaviour: Behaviour;
	/** By slot; what `bits` does not name is left over from before. */
	private readonly taken: (Taken | undefined)[] = [];
	/** One bit per slot: what was given, what must be, and what must not. */
	private bits = 0;
	private required: number;
	private excluded = 0;

	constructor(
		table: OptionTable,
		word: number,
		behaviour: Behaviour = DEFAULT_BEHAVIOUR,
	) {
		this.table = table;
		this.behaviour = behaviour;
		this.word = word;
		this.required = table.mandatoryBits;
	}

	/** What the use comes to. @throws Refusal */
	build(): object {
		const { extension } = this.table;
		try {
			extension.checkFirst?.(this);
			this.check();
			return extension.build(this);
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			throw this.firstRefused() ?? this.finallyRefused() ?? refusal;
		}
	}

	/**
	 * What the extension's final check says of the options, which libxtables asks before it looks into the
	 * table. Without options `checkFirst` has said it.
	 */
	private finallyRefused(): Refusal | null {
		if (this.bits === 0) return null;
		const { extension } = this.table;
		try {
			extension.checkFirst?.(this);
			extension.build(this);
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			if (refusal.atEnd && !refusal.ofMissing) return refusal;
		}
		return null;
	}

	/** Begins anew, for another use of an extension. */
	reset(table: OptionTable, word: number, behaviour: Behaviour): void {
		this.table = table;
		this.behaviour = behaviour;
		this.word = word;
		this.protocol = 0;
		this.protocolInverted = false;
		this.bits = 0;
		this.required = table.mandatoryBits;
		this.excluded = 0;
	}

	/**
	 * Takes one option.
	 * @param text its argument, "" for one that takes none; `null` where it may have one and has none
	 * @throws Refusal
	 */
	take(
		entry: TableEntry,
		inverted: boolean,
		text: string | null,
		word: number,
	): void {
		const { slot } = entry;
		// libxtables speaks of an option by its first spelling, whichever was written.
		const option = this.table.entries[slot]?.entry ?? entry.entry;
		const extension = this.table.extension.name;
		const before = this.at(slot) ?? null;
		const saidTwice = option.saidTwice?.(this.behaviour) ?? null;
		const isTwice = before !== null && option.repeatable !== true;
		if (isTwice && saidTwice === null)
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
		if (isTwice && saidTwice !== null)
			throw new Refusal(saidTwice, "Take one of the two away.", word);
		const value = entry.read(text ?? "", option, extension, this.behaviour);
		const said = { text: text ?? "", isBare: text === null };
		this.put({ inverted, value, ...said, word, before, slot });
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
		const { extension, entries } = this.table;
		for (const [index, one] of all.entries()) {
			const sofar = new ParsedOptions(this.table, this.word, this.behaviour);
			sofar.protocol = this.protocol;
			sofar.protocolInverted = this.protocolInverted;
			// What may not stand beside it is complained of later, and would hide its argument.
			const excluded = entries[one.slot]?.excludes ?? 0;
			for (const other of all.slice(0, index))
				if ((excluded & (1 << other.slot)) === 0) sofar.put(other);
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
	 * What must hold once all options are read. What the extension's own final check finds wrong is said
	 * before it (`xtables_option_mfcall`): `finallyRefused`.
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

	refuse(
		message: string,
		remedy: string,
		option?: string,
		exitCode: number = PARAMETER_PROBLEM,
	): never {
		const place = option === undefined ? undefined : this.find(option);
		const atEnd = place === undefined;
		const ofMissing = atEnd && option !== undefined;
		throw new Refusal(message, remedy, place?.word ?? this.word, {
			atEnd,
			ofMissing,
			exitCode,
		});
	}

	refuseAtEnd(
		message: string,
		remedy: string,
		option: string,
		exitCode: number = PARAMETER_PROBLEM,
	): never {
		const word = this.find(option)?.word ?? this.word;
		throw new Refusal(message, remedy, word, { atEnd: true, exitCode });
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
