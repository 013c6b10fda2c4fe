/** Carries out commands of ipset (7.17) on the sets of a gateway. */

import { UnknownSignal } from "../../contract/unknown-signal.ts";
import { printElement } from "../element.ts";
import { isExpired, JUST_THERE } from "../extensions.ts";
import { nullRefusal } from "../header.ts";
import type { IpSet } from "../ip-set.ts";
import type { IpSets } from "../ip-sets.ts";
import {
	IpsetRefusal,
	type KernelError,
	kernelRefuses,
	programRefuses,
	syntaxError,
} from "../ipset-error.ts";
import { addToList, removeFromList, testInList } from "./list-members.ts";
import { elementsOf } from "./ranges.ts";
import { readCreate } from "./read-create.ts";
import {
	type EntryOptions,
	type EntryVerb,
	readElement,
	readOptions,
	splitElement,
} from "./read-entry.ts";
import { setNameOf } from "./read-values.ts";

/** A command's words, taken apart. */
export interface IpsetCommand {
	readonly verb: Verb;
	/** Behind the verb, without the options of the program. */
	readonly words: readonly string[];
	readonly exist: boolean;
}

/** In the order in which abbreviations are tried; older names behind (`ipset_commands`). */
const VERBS = {
	create: ["create", "new", "-N"],
	add: ["add", "-A"],
	del: ["del", "-D"],
	test: ["test", "-T"],
	destroy: ["destroy", "x", "-X"],
	list: ["list", "-L"],
	save: ["save", "-S"],
	restore: ["restore", "-R"],
	flush: ["flush", "-F"],
	rename: ["rename", "e", "-E"],
	swap: ["swap", "w", "-W"],
} as const;
type Verb = keyof typeof VERBS;

const SILENT_OPTIONS: ReadonlySet<string> = new Set([
	"-s",
	"-sorted",
	"-q",
	"-quiet",
	"-r",
	"-resolve",
	"-n",
	"-name",
	"-t",
	"-terse",
]);

/**
 * Takes a command's words apart.
 * @param words with or without `ipset` in front
 * @throws IpsetRefusal
 * @throws UnknownSignal for what works with files
 */
export function readCommand(words: readonly string[]): IpsetCommand {
	let exist = false;
	const given = words[0] === "ipset" ? words.slice(1) : words;
	const left: string[] = [];
	for (const word of given) {
		const option = word.startsWith("--") ? word.slice(1) : word;
		if (option === "-!" || option === "-exist") exist = true;
		else if (/^-(o|output|f|file)$/.test(option))
			throw new UnknownSignal(
				`the option ${word} of ipset is not modelled: give a text in place of a file`,
			);
		else if (!SILENT_OPTIONS.has(option)) left.push(word);
	}
	const [name, ...rest] = left;
	if (name === undefined) return programRefuses("No command specified.");
	const bare = name.startsWith("--") ? name.slice(2) : name;
	const verb = (Object.keys(VERBS) as Verb[]).find((one) =>
		VERBS[one].some(
			(alias) => bare !== "" && bare !== "-" && alias.startsWith(bare),
		),
	);
	if (verb === undefined)
		return programRefuses(`No command specified: unknown argument ${name}`);
	return { verb, words: rest, exist };
}

/**
 * Carries it out, all but `restore`.
 * @returns what it prints on success
 * @throws IpsetRefusal
 */
export function runCommand(sets: IpSets, command: IpsetCommand): string {
	const { verb, words, exist } = command;
	const [first, second, ...rest] = words;
	const most = MOST_WORDS[verb];
	if (most !== null && words.length > most)
		programRefuses(`Unknown argument ${words[most]}`);
	switch (verb) {
		case "create": {
			const [name, type] = both(verb, first, second);
			sets.create(setNameOf(name), readCreate(type, rest, sets), exist);
			return "";
		}
		case "add":
		case "del":
		case "test": {
			const [name, entry] = both(verb, first, second);
			const set = sets.mustFind(setNameOf(name));
			const options = readOptions(set.header, verb, rest);
			return entryCommand(sets, set, { verb, entry, options, exist });
		}
		case "destroy":
			sets.destroy(first ?? null, exist);
			return "";
		case "flush":
			for (const set of first === undefined
				? sets.all()
				: [sets.mustFind(first)])
				set.clear();
			return "";
		case "rename":
			sets.rename(...both(verb, first, second));
			return "";
		case "swap":
			sets.swap(...both(verb, first, second));
			return "";
		case "list":
		case "save":
			if (first !== undefined) sets.mustFind(first);
			return "";
		case "restore":
			return programRefuses("Command `restore' is invalid in restore mode.");
		default:
			return verb satisfies never;
	}
}

/**
 * Reads a command without carrying it out: what the program itself refuses is refused here.
 * @throws IpsetRefusal
 */
export function checkCommand(sets: IpSets, command: IpsetCommand): void {
	const { verb, words } = command;
	const [first, second, ...rest] = words;
	if (verb === "create") {
		const [name, type] = both(verb, first, second);
		setNameOf(name);
		ofTheProgram(() => readCreate(type, rest, sets));
	} else if (verb === "add" || verb === "del" || verb === "test") {
		const [name, entry] = both(verb, first, second);
		const set = sets.mustFind(setNameOf(name));
		const { wildcard } = readOptions(set.header, verb, rest);
		if (set.header.type.storage !== "list" && !set.keepsText)
			readElement(set, verb, entry, wildcard);
	}
}

/** What the kernel refuses is for later. */
function ofTheProgram(act: () => unknown): void {
	try {
		act();
	} catch (error) {
		if (!(error instanceof IpsetRefusal) || error.fromProgram) throw error;
	}
}

/** Words that it takes; `null`: options of types follow. */
const MOST_WORDS: Readonly<Record<Verb, number | null>> = {
	create: null,
	add: null,
	del: null,
	test: null,
	destroy: 1,
	list: 1,
	save: 1,
	restore: 0,
	flush: 1,
	rename: 2,
	swap: 2,
};

function both(
	verb: Verb,
	first: string | undefined,
	second: string | undefined,
): readonly [string, string] {
	if (first === undefined)
		return programRefuses(`Missing mandatory argument to command ${verb}`);
	if (second === undefined)
		return programRefuses(
			`Missing second mandatory argument to command ${verb}`,
		);
	return [first, second];
}

interface Entry {
	readonly verb: EntryVerb;
	readonly entry: string;
	readonly options: EntryOptions;
	readonly exist: boolean;
}

function entryCommand(sets: IpSets, set: IpSet, entry: Entry): string {
	if (entry.verb !== "test") checkExtensions(set, entry.options);
	if (set.header.type.storage === "list") return inList(sets, set, entry);
	if (set.keepsText) return inText(set, entry);
	const { verb, options, exist } = entry;
	const written = readElement(set, verb, entry.entry, options.wildcard);
	const { now } = sets;
	if (verb === "test") return testEntry(set, written, { entry, now });
	for (const parts of elementsOf(set.header, written, false)) {
		const { given, nomatch } = options;
		const how = { given, exist, nomatch, isRule: false, now };
		const error =
			verb === "add"
				? set.members.add(stored(set, parts), how)
				: set.members.remove(stored(set, parts), now);
		const isFine = exist && (error === "added" || error === "not-added");
		if (error !== null && !isFine) kernelRefuses(error);
	}
	return "";
}

function stored<Parts extends { readonly mark: number }>(
	{ header }: IpSet,
	parts: Parts,
): Parts {
	return { ...parts, mark: parts.mark & header.markmask };
}

/** `ip_set_utest`: whatever the kernel finds wrong, the element is not there. */
function testEntry(
	set: IpSet,
	written: Parameters<typeof elementsOf>[1],
	{ entry, now }: { readonly entry: Entry; readonly now: number },
): string {
	let shown = entry.entry;
	let isThere = false;
	try {
		const [parts] = elementsOf(set.header, written, true);
		if (parts !== undefined) {
			shown = printElement(set.header.type, parts);
			const lookup = { asked: JUST_THERE, now, length: null, map() {} };
			const found = set.members.test(stored(set, parts), lookup);
			isThere = found === (entry.options.nomatch ? "nomatch" : "yes");
		}
	} catch (error) {
		if (!(error instanceof IpsetRefusal) || error.fromProgram) throw error;
	}
	return saidOf(shown, set, isThere);
}

/** @throws IpsetRefusal where it is not there: ipset exits with 1 */
function saidOf(shown: string, { name }: IpSet, isThere: boolean): string {
	if (isThere) return `${shown} is in set ${name}.`;
	throw new IpsetRefusal(`${shown} is NOT in set ${name}.`, false);
}

/** What a set was not made for. */
function checkExtensions({ header }: IpSet, { given }: EntryOptions): void {
	const { timeout, packets, bytes, comment, skbinfo } = given;
	const missing: KernelError | null =
		timeout !== undefined && header.timeout === null
			? "timeout"
			: (packets !== undefined || bytes !== undefined) && !header.counters
				? "counters"
				: comment !== undefined && !header.comment
					? "comment"
					: skbinfo !== undefined && !header.skbinfo
						? "skbinfo"
						: null;
	// Options of what is kept as text are not read.
	if (missing !== null && header.type.storage !== "opaque")
		kernelRefuses(missing);
}

function inList(sets: IpSets, set: IpSet, entry: Entry): string {
	const { verb, options, exist } = entry;
	const name = setNameOf(entry.entry);
	if (name.includes(",")) splitElement(set.header.type, name);
	const place = { name, place: options.place, now: sets.now };
	try {
		if (sets.find(name) === null) kernelRefuses("member");
		if (sets.find(name)?.header.type.storage === "list") kernelRefuses("loop");
		if (options.place !== null && sets.find(options.place.name) === null)
			kernelRefuses("reference");
		if (verb === "test") return saidOf(name, set, testInList(set, place));
	} catch (error) {
		// A test that the kernel refuses finds nothing.
		if (verb !== "test" || !(error instanceof IpsetRefusal)) throw error;
		return saidOf(name, set, false);
	}
	const { now } = sets;
	if (set.header.timeout !== null)
		for (const member of [...set.list])
			if (isExpired(member, now)) set.list.splice(set.list.indexOf(member), 1);
	const error =
		verb === "add"
			? addToList(set, place, { given: options.given, exist })
			: removeFromList(set, place);
	const isFine = exist && (error === "added" || error === "not-added");
	if (error !== null && !isFine) kernelRefuses(error);
	return "";
}

/** Elements that packets of IPv4 are not held against, or not in a way that is modelled. */
function inText(set: IpSet, { verb, entry, options, exist }: Entry): string {
	const isIpv6 = set.header.family === "inet6";
	const element = isIpv6 ? entry.toLowerCase() : entry;
	if (isIpv6 && !element.includes(":"))
		syntaxError(`cannot parse ${entry}: resolving to IPv6 address failed`);
	if (/[-/]/.test(element) && verb === "test")
		throw new UnknownSignal(
			`networks in sets of ${set.header.family} and type ${set.header.type.name} are not modelled`,
		);
	const isThere = set.lines.has(element);
	if (verb !== "test" && isIpv6) checkNull(set, element);
	if (verb === "test") return saidOf(element, set, isThere);
	if (verb === "del") {
		if (!set.lines.delete(element) && !exist) kernelRefuses("not-added");
		return "";
	}
	if (isThere && !exist) kernelRefuses("added");
	set.lines.set(element, options.words.map(quoted).join(" "));
	return "";
}

/** The null address of IPv6, however it is written, without a network's length. */
const IPV6_NULL = /^[0:]+(\/128)?(,|$)/;

/** @throws IpsetRefusal */
function checkNull({ header }: IpSet, element: string): void {
	const refusal = nullRefusal(header);
	if (refusal !== null && IPV6_NULL.test(element)) kernelRefuses(refusal);
}

function quoted(word: string): string {
	return word.includes(" ") ? `"${word}"` : word;
}
