/**
 * One line of iptables, word by word (1.8.9, iptables/xshared.c, `do_parse` and
 * `command_default`): commands, header options, extensions. `finish-line.ts` does what iptables
 * does once the last word is read.
 */

import {
	type OptionTable,
	optionTable,
} from "../../extension/options/option-table.ts";
import {
	takeOption,
	unknownOption,
} from "../../extension/options/parse-options.ts";
import { ParsedOptions } from "../../extension/options/parsed-options.ts";
import { WordReader } from "../../extension/options/word-reader.ts";
import { NOWHERE, Refusal } from "../../extension/refusal.ts";
import { protocolName } from "../../extension/values/names.ts";
import { octets } from "../../extension/values/octets.ts";
import {
	forgetNames,
	UNKNOWN_PROTOCOL,
} from "../../extension/values/open-names.ts";
import { readUnsigned } from "../../extension/values/read-number.ts";
import { invariant } from "../../invariant.ts";
import { DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../../linux/difference.ts";
import { matches } from "../../matches/index.ts";
import { targets } from "../../targets/index.ts";
import type { Command } from "../base/command.ts";
import type { Words } from "../base/lexer.ts";
import { LONGEST_NAME, VERDICTS } from "../base/tables.ts";
import { RuleWords } from "./as-written.ts";
import {
	argumentRead,
	baseOption,
	type LineContext,
	type LineState,
} from "./base-options.ts";
import { finishLine } from "./finish-line.ts";
import { checkTargetName } from "./read-word.ts";
import { RuleDraft } from "./rule-draft.ts";
import {
	hiddenGoto,
	unknownMatch,
	unknownProtocol,
	unknownTargetRemedy,
} from "./unknown-name.ts";

/** A class because its reader and its draft serve all lines of a ruleset. */
export class LineParser implements LineState {
	readonly reader = new WordReader();
	readonly draft = new RuleDraft();
	context: LineContext = {
		line: 0,
		table: "filter",
		restore: false,
		announced: new Set(),
		counters: null,
		countersAreOption: false,
		behaviour: DEFAULT_BEHAVIOUR,
	};

	/** What is wrong with the line that was read last, the words at which iptables stops first. */
	readonly refusals: Refusal[] = [];
	/** Faults of it after which reading went on. */
	private readonly tolerated: Refusal[] = [];
	private readonly ruleWords = new RuleWords();
	/** All words of the line were read. */
	private isRead = false;

	/** Index of the word that a Refusal without a place is about. */
	get word(): number {
		return this.reader.argumentWord;
	}

	/**
	 * Reads one line.
	 * @throws Refusal the first of `refusals`
	 */
	parse(words: Words, context: LineContext): Command {
		this.context = context;
		if (this.tolerated.length > 0) this.tolerated.length = 0;
		this.isRead = false;
		this.draft.reset(context.behaviour);
		forgetNames();
		this.ruleWords.reset();
		this.reader.start(words.text, words.count);
		let last: Refusal | null = null;
		try {
			const command = this.read();
			if (this.tolerated.length === 0) return command;
		} catch (refusal) {
			if (!(refusal instanceof Refusal)) throw refusal;
			last = refusal;
		}
		throw this.firstOf(last);
	}

	/** Puts what was found in iptables' order: all options are read before anything is checked that needs them all. */
	private firstOf(last: Refusal | null): Refusal {
		const { draft, tolerated, refusals } = this;
		const reading = tolerated.filter(({ atEnd }) => !atEnd);
		if (last !== null && !this.isRead) reading.push(last);
		const add = (given: ParsedOptions) => {
			const refusal = given.firstRefused();
			if (refusal === null) return;
			if (reading.every(({ word }) => word !== refusal.word))
				reading.push(refusal);
		};
		for (let index = 0; index < draft.matchCount; index++)
			add(draft.match(index));
		if (draft.target !== null) add(draft.target);
		const place = ({ word }: Refusal) => (word === NOWHERE ? this.word : word);
		reading.sort((one, other) => place(one) - place(other));
		refusals.length = 0;
		refusals.push(...reading, ...tolerated.filter(({ atEnd }) => atEnd));
		if (last !== null && this.isRead) refusals.push(last);
		return refusals[0] as Refusal;
	}

	private read(): Command {
		const { reader, draft, context } = this;
		if (context.countersAreOption) draft.set("c", false, 0);
		let inverted = false;
		for (;;) {
			const found = reader.next(draft.scope);
			if (found === "end") break;
			if (found === "option") {
				if (reader.option?.kind !== "base") this.extensionOption(inverted);
				else if (this.baseOption(reader.option.letter, inverted))
					return { kind: "nothing", line: context.line };
			} else if (found === "word") {
				this.plainWord(inverted);
				inverted = true;
				continue;
			} else if (draft.target?.table.extension.takesUnknown) {
				// It was for the target.
			} else if (this.loadProtocol()) continue;
			else if (found === "incomplete")
				throw new Refusal(
					`option "${reader.words[reader.index - 1]}" requires an argument`,
					"Write a value behind it.",
					reader.word,
				);
			else throw this.unknownOption();
			inverted = false;
		}
		this.isRead = true;
		const unread = reader.index < reader.count ? reader.index : NOWHERE;
		const danglingNot = inverted ? reader.word : NOWHERE;
		const command = finishLine(
			draft,
			context,
			{ unread, danglingNot },
			this.tolerated,
		);
		return this.ruleWords.kept(command, reader);
	}

	/** An option that nothing has, often since the target that has it is misspelt. */
	private unknownOption(): Refusal {
		const { draft, reader, context } = this;
		if (draft.protocol === UNKNOWN_PROTOCOL) {
			const name = draft.protocolText ?? "";
			const isName = (word: string) => word.toLowerCase() === name;
			return unknownProtocol(name, reader.words.findIndex(isName));
		}
		const refusal = unknownOption(reader, context.behaviour, context.table);
		const { jump, goto, target } = draft;
		const isKnown = VERDICTS.has(jump) || context.announced.has(jump);
		return jump === "" || goto || target !== null || isKnown
			? refusal
			: new Refusal(
					refusal.message,
					unknownTargetRemedy(jump, [...context.announced]),
					refusal.word,
				);
	}

	private plainWord(inverted: boolean): void {
		const { argument, word } = this.reader;
		if (argument !== "!")
			throw new Refusal(
				`Bad argument \`${argument}'`,
				argument === "-"
					? "A lone `-`: is a blank torn into an option's name?"
					: "Is an option's name missing before it, or a blank too much in it?",
				word,
			);
		if (inverted)
			throw new Refusal(
				"multiple consecutive ! not allowed",
				"Take one of the two away.",
				word,
			);
	}

	private extensionOption(inverted: boolean): void {
		const { reader, draft } = this;
		const { option } = reader;
		invariant(option?.kind === "extension", "an option of an extension");
		const given = draft.current(option.table);
		invariant(given !== null, "an option of an extension that is in use");
		// iptables-nft tells extensions an octet of it: of mptcp, that of tcp.
		const isOctet =
			this.context.behaviour.commands === "with COMMIT" && draft.protocol > 0;
		given.protocol = isOctet ? draft.protocol & 0xff : draft.protocol;
		given.protocolInverted = draft.isInverted("p");
		takeOption(given, reader, inverted);
	}

	/** Loads the match of the rule's protocol when an option is unknown without it (`load_proto`). */
	private loadProtocol(): boolean {
		const { draft, reader } = this;
		if (draft.protocolText === null || draft.protocolLoaded) return false;
		draft.protocolLoaded = true;
		const number = readUnsigned(draft.protocolText, 0, 255);
		const name = number < 0 ? draft.protocolText : protocolName(number);
		const extension = matches.get(name ?? "");
		if (extension === undefined) return false;
		const table = optionTable(extension);
		if (draft.loaded(table)) return false;
		draft.addMatch(table, reader.word);
		reader.again();
		return true;
	}

	/** @returns true when the line is to be ignored from here on */
	private baseOption(letter: string, inverted: boolean): boolean {
		let ignored = false;
		if (letter === "m") this.match(inverted);
		else if (letter === "j" || letter === "g") this.jump(letter, inverted);
		else ignored = baseOption(this, letter, inverted);
		this.ruleWords.read(letter, this.reader);
		return ignored;
	}

	private match(inverted: boolean): void {
		const { argument, argumentWord, word } = this.reader;
		const name = argument ?? "";
		if (inverted)
			throw new Refusal(
				"unexpected ! flag before --match",
				"Put the `!` before the option of the match that it inverts.",
				word,
			);
		const extension = matches.get(name);
		if (extension !== undefined)
			this.draft.addMatch(optionTable(extension), argumentWord);
		else this.unknownMatch(name, argumentWord);
	}

	/** Goes on when it is plain which match was meant. */
	private unknownMatch(name: string, word: number): void {
		if (octets(name) > LONGEST_NAME)
			throw new Refusal(
				`Invalid match name "${name}" (${LONGEST_NAME} chars max)`,
				"Is a blank missing in it?",
			);
		const refusal = unknownMatch(name, matches.keys(), word);
		const glued = name.endsWith("!");
		const meant = (glued ? name.slice(0, -1) : name).toLowerCase();
		const extension = matches.get(meant);
		if (extension === undefined) throw refusal;
		const remedy = glued
			? `Put a blank before the \`!\`: \`-m ${meant} !\`.`
			: `Matches are written in lower case: \`${meant}\`.`;
		this.tolerated.push(new Refusal(refusal.message, remedy, word));
		this.draft.addMatch(optionTable(extension), word);
	}

	private jump(letter: "j" | "g", inverted: boolean): void {
		const { reader, draft, context } = this;
		draft.set("j", inverted, reader.word);
		// `-j` looks at the last word read, `-g` at its argument: they differ when it is attached.
		const name =
			letter === "j"
				? argumentRead(reader, context.behaviour)
				: (reader.argument ?? "");
		const extension = targets.get(name);
		if (extension === undefined && !VERDICTS.has(name)) checkTargetName(name);
		draft.jump = name;
		draft.jumpWord = reader.argumentWord;
		draft.goto = letter === "g";
		if (VERDICTS.has(name) || extension === undefined) return;
		const { declaredTarget, jumpsLikeTargets } = context.behaviour;
		if (draft.goto) {
			if (jumpsLikeTargets === NOT_FOLLOWED) throw hiddenGoto(name);
			return;
		}
		if (declaredTarget === "chain" && context.announced.has(name)) return;
		const table: OptionTable = optionTable(extension);
		draft.target = new ParsedOptions(
			table,
			reader.argumentWord,
			context.behaviour,
		);
		draft.scope = draft.scope.with(table);
	}
}
