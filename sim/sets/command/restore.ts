/** Texts of ipset: `restore` carries them out, and two of them are compared. */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import type { IpSets } from "../ip-sets.ts";
import { IpsetRefusal, KERNEL_WORDS, programRefuses } from "../ipset-error.ts";
import { setType } from "../set-types.ts";
import {
	checkCommand,
	type IpsetCommand,
	readCommand,
	runCommand,
} from "./run-command.ts";

const PROGRAM = "ipset v7.17";
/** So many entries fit into one message of ipset for sure. */
const MOST_IN_A_MESSAGE = 20;

/** How a command of ipset went. */
export type IpsetOutcome =
	| { readonly ok: true }
	/** @param message in ipset's words */
	| { readonly ok: false; readonly message: string };

/**
 * One command, with or without `ipset` in front.
 * @param input what `restore` reads
 * @throws UnknownSignal for what is not modelled
 */
export function carryOutIpset(
	sets: IpSets,
	words: readonly string[],
	input: string,
): IpsetOutcome {
	try {
		const command = readCommand(words);
		if (command.verb === "restore") {
			if (command.words.length > 0)
				programRefuses(`Unknown argument ${command.words[0]}`);
			return restoreSets(sets, input, command.exist);
		}
		runCommand(sets, command);
		return { ok: true };
	} catch (error) {
		if (!(error instanceof IpsetRefusal)) throw error;
		// What a test finds is no error of the program's.
		const isFinding = / is NOT in set \S+\.$/.test(error.message);
		const { message } = error;
		return {
			ok: false,
			message: isFinding ? message : `${PROGRAM}: ${message}`,
		};
	}
}

/**
 * `ipset restore` of a text, up to the first fault; what was carried out before stays.
 * @param exist `-exist`: what is there already is no fault
 */
export function restoreSets(
	sets: IpSets,
	text: string,
	exist: boolean,
): IpsetOutcome {
	let pending: Pending = { key: "", commands: [] };
	const commit = () => {
		const { commands } = pending;
		pending = { key: "", commands: [] };
		for (const { line, command } of commands)
			atLine(line, () => runCommand(sets, command));
	};
	try {
		for (const [index, given] of text.split("\n").entries()) {
			const line = index + 1;
			const content = given.trim();
			if (content === "" || content.startsWith("#")) continue;
			if (content === "COMMIT") {
				commit();
				continue;
			}
			const command = atLine(line, () => readLine(content, exist));
			const { verb, words } = command;
			const [name = ""] = words;
			const isEntry = verb === "add" || verb === "del" || verb === "test";
			// A set that is not there is found out before the entries in front of it are sent.
			if (isEntry) atLine(line, () => mustHaveType(sets, name));
			atLine(line, () => checkCommand(sets, command));
			const key = keyOf(command);
			if (key === "" || key !== pending.key) commit();
			if (key === "") atLine(line, () => runCommand(sets, command));
			else {
				pending.key = key;
				pending.commands.push({ line, command });
			}
		}
		commit();
		return { ok: true };
	} catch (error) {
		if (!(error instanceof IpsetRefusal)) throw error;
		// Entries that were not sent yet are lost where the program ends; how many were is not known.
		if (error.fromProgram && pending.commands.length > MOST_IN_A_MESSAGE)
			throw new UnknownSignal(
				"how many of the entries before a faulty line ipset has sent is not modelled",
			);
		return { ok: false, message: `${PROGRAM}: ${error.message}` };
	}
}

/** Entries of one set that follow each other go to the kernel in one message. */
interface Pending {
	key: string;
	readonly commands: {
		readonly line: number;
		readonly command: IpsetCommand;
	}[];
}

function keyOf({ verb, words }: IpsetCommand): string {
	return verb === "add" || verb === "del" ? `${verb} ${words[0]}` : "";
}

function readLine(content: string, exist: boolean): IpsetCommand {
	const command = readCommand(wordsOf(content));
	return { ...command, exist: command.exist || exist };
}

/** The program asks the kernel for a set's type before it reads an entry. */
function mustHaveType(sets: IpSets, name: string): void {
	if (sets.find(name) === null)
		throw new IpsetRefusal(KERNEL_WORDS["no-set"], true);
}

/** Names the line in what is wrong with it. */
function atLine<T>(line: number, act: () => T): T {
	try {
		return act();
	} catch (error) {
		if (!(error instanceof IpsetRefusal)) throw error;
		throw new IpsetRefusal(
			`Error in line ${line}: ${error.message}`,
			error.fromProgram,
		);
	}
}

/** `build_argv` of ipset 7.17: a quote opens and closes wherever it stands. */
function wordsOf(line: string): readonly string[] {
	const words: string[] = [];
	let word = "";
	let isOpen = false;
	for (const character of line) {
		if (character === '"') isOpen = !isOpen;
		else if (!isOpen && /\s/.test(character)) {
			if (word !== "") words.push(word);
			word = "";
		} else word += character;
	}
	if (isOpen) programRefuses("Missing close quote!");
	if (word !== "") words.push(word);
	return words;
}

/** Types whose elements a kernel lists in an order of its own. */
function isHash(typeName: string): boolean {
	return setType(typeName)?.storage !== "list" && !/^bitmap:/.test(typeName);
}

/**
 * The text of `ipset save` without what is chance in a kernel: `initval`, `hashsize`, which grows as elements
 * come, and the order in which hashes list elements. Equal for equal sets.
 */
export function normalSets(text: string): string {
	const blocks: { head: string; readonly adds: string[] }[] = [];
	for (const line of text.split("\n")) {
		if (/^create /.test(line))
			blocks.push({
				head: line.replace(/ (?:initval|hashsize) \S+/g, ""),
				adds: [],
			});
		else if (line !== "") blocks.at(-1)?.adds.push(line);
	}
	return blocks
		.flatMap(({ head, adds }) => {
			const [, , typeName = ""] = head.split(" ");
			return [head, ...(isHash(typeName) ? adds.toSorted() : adds)];
		})
		.map((line) => `${line}\n`)
		.join("");
}
