/**
 * iptables' own options, one by one (1.8.9, iptables/xshared.c, `do_parse`): the parts of a rule's
 * header, counters, the table, and the commands.
 */

import type { Counters } from "../../contract/ruleset.ts";
import { unknownOption } from "../../extension/options/parse-options.ts";
import type { WordReader } from "../../extension/options/word-reader.ts";
import { Refusal } from "../../extension/refusal.ts";
import { readProtocol } from "../../extension/values/read-value.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { targets } from "../../targets/index.ts";
import { VERDICTS } from "../base/tables.ts";
import { optionName } from "./option-name.ts";
import {
	checkNewChain,
	readCounter,
	readDeletedNumber,
	readInterface,
	readRuleNumber,
} from "./read-word.ts";
import type { RuleDraft } from "./rule-draft.ts";

/** Where a line stands. */
export interface LineContext {
	readonly line: number;
	/** The table that it is for; `-t` may change it in a single command. */
	table: string;
	/** `-t`, `-w` and the like are not for iptables-restore. */
	readonly restore: boolean;
	/** Names of chains that were declared: they are no targets any more (`xtables_announce_chain`). */
	readonly announced: ReadonlySet<string>;
	/** Those before the rule, `[packets:bytes]`. */
	readonly counters: Counters | null;
	/** They count as a `-c` of the rule (`iptables-restore -c`). */
	readonly countersAreOption: boolean;
	/** What iptables does where its versions differ. */
	readonly behaviour: Behaviour;
}

/** A line while it is being read. */
export interface LineState {
	readonly reader: WordReader;
	readonly draft: RuleDraft;
	readonly context: LineContext;
}

/**
 * Every option of iptables' own but `-m`, `-j` and `-g`.
 * @returns true when the line is to be ignored from here on
 * @throws Refusal
 */
export function baseOption(
	state: LineState,
	letter: string,
	inverted: boolean,
): boolean {
	switch (letter) {
		case "s":
		case "d":
		case "p":
		case "i":
		case "o":
		case "f":
			headerOption(state, letter, inverted);
			return false;
		case "c":
			countersOption(state, inverted);
			return false;
		case "v":
		case "n":
		case "x":
		case "0":
			if (letter !== "v" || !state.draft.has("v"))
				state.draft.set(letter, inverted, state.reader.word);
			return false;
		case "t":
			tableOption(state, inverted);
			return false;
		case "w":
		case "W":
			waitOption(state, letter);
			return false;
		case "4":
		case "M":
			return false;
		case "6":
			if (state.context.restore) return true;
			throw new Refusal(
				"The -6 option is not supported",
				"IPv6 rules belong to ip6tables.",
				state.reader.word,
			);
		case "h":
		case "V":
			throw new Refusal(
				`-${letter} is no part of a ruleset`,
				"Take it away.",
				state.reader.word,
				{ from: "marktwin" },
			);
		default:
			commandOption(state, letter, inverted);
			return false;
	}
}

/**
 * The argument of a header option as iptables takes it: up to 1.8.9 it is the last word read, which is the
 * option itself where the argument is attached to it (`argv[optind - 1]`).
 */
export function argumentRead(reader: WordReader, behaviour: Behaviour): string {
	return behaviour.attachedArgument === "with its option"
		? (reader.words[reader.index - 1] ?? "")
		: (reader.argument ?? "");
}

/** `-s`, `-d`, `-p`, `-i`, `-o`, `-f`. @throws Refusal */
function headerOption(
	{ reader, draft, context }: LineState,
	letter: string,
	inverted: boolean,
): void {
	const { argumentWord } = reader;
	const { behaviour } = context;
	const text = argumentRead(reader, behaviour);
	if ((letter === "i" || letter === "o") && reader.argument === "")
		throw new Refusal(
			"Empty interface is likely to be undesired",
			"Write the interface's name.",
		);
	draft.set(letter, inverted, reader.word);
	switch (letter) {
		case "s":
			draft.sourceText = text;
			draft.sourceWord = argumentWord;
			return;
		case "d":
			draft.destinationText = text;
			draft.destinationWord = argumentWord;
			return;
		case "i":
			draft.inInterface = readInterface(text, inverted, behaviour);
			draft.interfaceWord = argumentWord;
			return;
		case "o":
			draft.outInterface = readInterface(text, inverted, behaviour);
			draft.interfaceWord = argumentWord;
			return;
		case "f":
			draft.fragment = true;
			return;
		default:
			draft.protocolText = text.toLowerCase();
			draft.protocol = readProtocol(draft.protocolText);
			if (draft.protocol === 0 && inverted)
				throw new Refusal(
					"rule would never match protocol",
					"Protocol 0 is any: nothing is left when it is inverted.",
				);
	}
}

/** `-c PACKETS BYTES` or `-c PACKETS,BYTES`. */
function countersOption(
	{ reader, draft, context }: LineState,
	inverted: boolean,
): void {
	const name = optionName("c", context.behaviour);
	draft.set("c", inverted, reader.word);
	const packets = reader.argument ?? "";
	const comma = packets.indexOf(",", 1);
	let bytes: string | null = comma < 0 ? null : packets.slice(comma + 1);
	if (bytes === null) {
		bytes = reader.peekPlain();
		if (bytes === null)
			throw new Refusal(
				`${name} requires packet and byte counter`,
				"Write two numbers: `-c PACKETS BYTES`.",
			);
		reader.index++;
	}
	draft.counters = {
		packets: readCounter(packets, "packet", name),
		bytes: readCounter(bytes, "byte", name),
	};
}

/** `-t`. @throws Refusal */
function tableOption({ reader, context }: LineState, inverted: boolean): void {
	if (inverted)
		throw new Refusal(
			"unexpected ! flag before --table",
			"Take the `!` away.",
			reader.word,
		);
	if (context.restore) {
		const { tableInFile } = context.behaviour;
		const where =
			tableInFile === "with its line" ? ` (seen in line ${context.line})` : "";
		throw new Refusal(
			`The -t option${where} cannot be used in iptables-restore.`,
			"The table is that of the `*table` line above: move the rule there.",
			reader.word,
		);
	}
	context.table = reader.argument ?? "";
}

/** `-w` and `-W`, which only a single command takes. @throws Refusal */
function waitOption({ reader, context }: LineState, letter: string): void {
	if (context.restore)
		throw new Refusal(
			`You cannot use \`-${letter}' from iptables-restore`,
			"Take it away.",
			reader.word,
		);
	if (reader.argument === null && reader.peekPlain() !== null) reader.index++;
}

/** What each command takes besides a chain: the chain itself may be left out, a second name, a number. */
const FURTHER = new Map(
	[..."ACDRILSFZNXEP"].map((letter) => [
		letter,
		{
			optional: "LSFZX".includes(letter),
			second: "EP".includes(letter),
			number: "DRILSZ".includes(letter),
		},
	]),
);

/** `-A`, `-D` … @throws Refusal */
function commandOption(
	state: LineState,
	letter: string,
	inverted: boolean,
): void {
	const { reader, draft } = state;
	const further = FURTHER.get(letter);
	const { table, behaviour } = state.context;
	if (further === undefined) throw unknownOption(reader, behaviour, table);
	if (letter === "N")
		checkNewChain(
			reader.argument ?? "",
			(name) => isTarget(state, name),
			behaviour,
		);
	draft.setCommand(letter, inverted, reader.word);
	// `-Z CHAIN -L`: the chain of the one is that of the other.
	draft.chain =
		reader.argument ??
		(further.optional ? (furtherWord(reader) ?? draft.chain) : null);
	if (further.second) {
		const second = furtherWord(reader);
		if (second === null)
			throw new Refusal(
				letter === "E"
					? "-E requires old-chain-name and new-chain-name"
					: "-P requires a chain and a policy",
				letter === "E" ? "Write both names." : "Write ACCEPT or DROP.",
				reader.word,
			);
		if (letter === "E" && behaviour.words === "of 1.8.10")
			checkNewChain(second, (name) => isTarget(state, name), behaviour);
		draft.second = second;
		return;
	}
	if (!further.number) return;
	const number = furtherWord(reader);
	if (number !== null)
		draft.number =
			letter === "D"
				? readDeletedNumber(number, behaviour)
				: readRuleNumber(number);
	else if (letter === "R")
		throw new Refusal(
			"-R requires a rule number",
			"Write the number of the rule that is to be replaced, from 1.",
			reader.word,
		);
	if (letter === "D" && number !== null) draft.command = "#";
}

/** Would `-j` take this for a target? */
function isTarget({ context }: LineState, name: string): boolean {
	const { announced, behaviour } = context;
	if (announced.has(name) && behaviour.declaredTarget === "chain") return false;
	// The name of the target that all verdicts and jumps are (XT_STANDARD_TARGET).
	if (name === "") return true;
	const target = targets.get(name);
	if (VERDICTS.has(name)) return true;
	return target !== undefined && target.library?.package === undefined;
}

/** Takes one more plain word, if there is one. */
function furtherWord(reader: WordReader): string | null {
	const word = reader.peekPlain();
	if (word !== null) reader.argumentWord = reader.index++;
	return word;
}
