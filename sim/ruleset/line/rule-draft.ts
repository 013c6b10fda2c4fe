/**
 * One line of iptables while it is being read: what `struct iptables_command_state` and
 * `struct xt_cmd_parse` hold (1.8.9, iptables/xshared.h).
 */

import type { Counters, InterfaceMatch } from "../../contract/ruleset.ts";
import { OptionScope } from "../../extension/options/option-scope.ts";
import type { OptionTable } from "../../extension/options/option-table.ts";
import { ParsedOptions } from "../../extension/options/parsed-options.ts";
import { Refusal } from "../../extension/refusal.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { optionName } from "./option-name.ts";

/** The letters of base options in the order in which iptables checks them (`optflags`). */
export const OPTION_LETTERS = "nsdpjvxio0cf";

/** By the letter's code. */
const BITS = new Int32Array(128);
for (let index = 0; index < OPTION_LETTERS.length; index++)
	BITS[OPTION_LETTERS.charCodeAt(index)] = 1 << index;

/** The bit of a letter of OPTION_LETTERS. */
export function optionBit(letter: string): number {
	return BITS[letter.charCodeAt(0)] as number;
}

/** A class because one draft serves every line of a ruleset: it is emptied, not made anew. */
export class RuleDraft {
	/** Letter of the command: "A", "D" …, "#" for `-D` by number; "" when none was read. */
	command = "";
	/** Letters of all the commands that were read. */
	commands = "";
	chain: string | null = null;
	number: number | null = null;
	/** Second argument of `-P` and `-E`. */
	second = "";
	/** One bit per letter of OPTION_LETTERS. */
	options = 0;
	inverted = 0;
	sourceText: string | null = null;
	sourceWord = 0;
	destinationText: string | null = null;
	destinationWord = 0;
	inInterface: InterfaceMatch | null = null;
	outInterface: InterfaceMatch | null = null;
	/** Where the last of the two was named. */
	interfaceWord = 0;
	/** As written behind `-p`, in lower case. */
	protocolText: string | null = null;
	protocol = 0;
	/** The protocol's own match was loaded because of an option that nothing else knew. */
	protocolLoaded = false;
	fragment = false;
	jump = "";
	jumpWord = 0;
	goto = false;
	target: ParsedOptions | null = null;
	matchCount = 0;
	counters: Counters | null = null;
	/** Options in force before any extension is loaded, and at the word that is read. */
	private readonly base = new OptionScope();
	scope: OptionScope = this.base;
	private behaviour: Behaviour = DEFAULT_BEHAVIOUR;
	/** The first `matchCount` of them are the line's matches; the others wait for another line. */
	private readonly matches: ParsedOptions[] = [];

	reset(behaviour: Behaviour): void {
		this.behaviour = behaviour;
		this.command = "";
		this.commands = "";
		this.chain = null;
		this.number = null;
		this.second = "";
		this.options = 0;
		this.inverted = 0;
		this.sourceText = null;
		this.destinationText = null;
		this.inInterface = null;
		this.outInterface = null;
		this.protocolText = null;
		this.protocol = 0;
		this.protocolLoaded = false;
		this.fragment = false;
		this.jump = "";
		this.goto = false;
		this.target = null;
		this.matchCount = 0;
		this.counters = null;
		this.scope = this.base;
	}

	has(letter: string): boolean {
		return (this.options & optionBit(letter)) !== 0;
	}

	isInverted(letter: string): boolean {
		return (this.inverted & optionBit(letter)) !== 0;
	}

	/** Notes a base option (`set_option`). @throws Refusal */
	set(letter: string, inverted: boolean, word: number): void {
		const bit = optionBit(letter);
		if ((this.options & bit) !== 0)
			throw new Refusal(
				multipleWords(letter, this.behaviour),
				"Take one of the two away.",
				word,
			);
		this.options |= bit;
		if (!inverted) return;
		if (!"sdpiof".includes(letter))
			throw new Refusal(
				`cannot have ! before ${optionName(letter, this.behaviour)}`,
				"Take the `!` away.",
				word,
			);
		this.inverted |= bit;
	}

	/** Notes the command (`add_command`). @throws Refusal */
	setCommand(letter: string, inverted: boolean, word: number): void {
		if (inverted)
			throw new Refusal(
				"unexpected '!' flag",
				"Put the `!` before the option that it inverts.",
				word,
			);
		// Listing shows the counters that zeroing then takes away.
		const beside = letter === "Z" ? "LS" : "LS".includes(letter) ? "Z" : "";
		for (const other of this.commands)
			if (!beside.includes(other))
				throw new Refusal(
					`Cannot use -${letter} with -${other}`,
					"A line holds one command: write two lines.",
					word,
				);
		this.commands += letter;
		if (this.command !== "Z") this.command = letter;
	}

	/** Begins a match. The options of an earlier use of the same match are closed by it. */
	addMatch(table: OptionTable, word: number): void {
		if (!this.loaded(table)) this.scope = this.scope.with(table);
		const used = this.matches[this.matchCount++];
		if (used !== undefined) {
			used.reset(table, word, this.behaviour);
			return;
		}
		this.matches.push(new ParsedOptions(table, word, this.behaviour));
	}

	/** @param index less than `matchCount` */
	match(index: number): ParsedOptions {
		return this.matches[index] as ParsedOptions;
	}

	loaded(table: OptionTable): boolean {
		for (let index = 0; index < this.matchCount; index++)
			if (this.match(index).table === table) return true;
		return false;
	}

	/** The use of an extension that an option of it belongs to now: the last one. */
	current(table: OptionTable): ParsedOptions | null {
		if (this.target?.table === table) return this.target;
		for (let index = this.matchCount - 1; index >= 0; index--) {
			const given = this.match(index);
			if (given.table === table) return given;
		}
		return null;
	}
}

function multipleWords(letter: string, behaviour: Behaviour): string {
	const name = optionName(letter, behaviour);
	return behaviour.words === "of 1.8.9"
		? `multiple ${name} flags not allowed`
		: `multiple ${name} options not allowed`;
}
