/**
 * Which option a word means: iptables' own options first, then those of the extension that was
 * loaded last, and so on backwards (`xtables_options_xfrm`, iptables 1.8.9, libxtables/xtoptions.c);
 * abbreviated as getopt_long(3) allows, as long as only one option can be meant.
 */
import { invariant } from "../../invariant.ts";
import type { OptionTable, TableEntry } from "./option-table.ts";

type Takes = "nothing" | "argument" | "optional";

/** What a word beginning with a dash names. */
export type NamedOption =
	| {
			readonly kind: "base";
			/** The short option's letter: `--append` is "A". */
			readonly letter: string;
			readonly takes: Takes;
	  }
	| {
			readonly kind: "extension";
			readonly table: OptionTable;
			readonly entry: TableEntry;
			readonly takes: Takes;
	  };

/** iptables' own long options (1.8.9, iptables/iptables.c, `original_opts`), in its order. */
const LONG_OPTIONS: readonly (readonly [string, string])[] = [
	["append", "A"],
	["delete", "D"],
	["check", "C"],
	["insert", "I"],
	["replace", "R"],
	["list", "L"],
	["list-rules", "S"],
	["flush", "F"],
	["zero", "Z"],
	["new-chain", "N"],
	["delete-chain", "X"],
	["rename-chain", "E"],
	["policy", "P"],
	["source", "s"],
	["destination", "d"],
	["src", "s"],
	["dst", "d"],
	["protocol", "p"],
	["in-interface", "i"],
	["jump", "j"],
	["table", "t"],
	["match", "m"],
	["numeric", "n"],
	["out-interface", "o"],
	["verbose", "v"],
	["wait", "w"],
	["wait-interval", "W"],
	["exact", "x"],
	["fragments", "f"],
	["version", "V"],
	["help", "h"],
	["line-numbers", "0"],
	["modprobe", "M"],
	["set-counters", "c"],
	["goto", "g"],
	["ipv4", "4"],
	["ipv6", "6"],
];

/** Its short options (1.8.9, iptables/xshared.h, IPT_OPTSTRING), by what they take. */
const SHORT_OPTIONS: Readonly<Record<Takes, string>> = {
	nothing: "V46bfnvx",
	argument: "ACDEIMNPcdijopstRgm",
	optional: "FLXZSWhw",
};

const shortOptions = new Map<string, NamedOption>();
for (const takes of ["nothing", "argument", "optional"] as const)
	for (const letter of SHORT_OPTIONS[takes])
		shortOptions.set(letter, { kind: "base", letter, takes });

const longOptions = new Map<string, NamedOption>(
	LONG_OPTIONS.map(([name, letter]) => [
		name,
		shortOptions.get(letter) ?? { kind: "base", letter, takes: "nothing" },
	]),
);

const baseWords: ReadonlyMap<string, NamedOption> = new Map(
	[...shortOptions].map(([letter, option]) => [`-${letter}`, option]),
);

/** iptables' own option of one letter. */
export function shortOption(letter: string): NamedOption | undefined {
	return shortOptions.get(letter);
}

/** Scopes that are kept for the next line; beyond it they are made anew, so that no input can fill the memory. */
const MOST_KEPT = 4096;
/** Unknown words that a scope keeps. */
const MOST_UNKNOWN = 64;

/**
 * The options in force after some extensions were loaded, in that order. One without arguments has
 * iptables' own options alone; a parser has one for all of its lines.
 */
export class OptionScope {
	private readonly outer: OptionScope | null;
	private readonly table: OptionTable | null;
	private readonly inner = new Map<OptionTable, OptionScope>();
	/** Whole words with their dashes. Only what names an option is kept, so it cannot grow for ever. */
	private readonly words: Map<string, NamedOption>;
	/** Words that name no option here: most often one of a match that is not loaded yet. */
	private readonly unknown = new Set<string>();

	/** How many scopes are kept in and below the outermost. */
	private readonly kept: { count: number };

	constructor(
		outer: OptionScope | null = null,
		table: OptionTable | null = null,
	) {
		this.outer = outer;
		this.table = table;
		this.kept = outer?.kept ?? { count: 0 };
		this.words = new Map(outer === null ? baseWords : []);
	}

	/** The scope after this extension was loaded too. */
	with(table: OptionTable): OptionScope {
		const known = this.inner.get(table);
		if (known) return known;
		const scope = new OptionScope(this, table);
		if (this.kept.count < MOST_KEPT) {
			this.inner.set(table, scope);
			this.kept.count++;
		}
		return scope;
	}

	/**
	 * The option that a whole word names: `--dport`, `--dpo`, `-p`. An argument attached to it is
	 * not looked for.
	 */
	option(word: string): NamedOption | undefined {
		const known = this.words.get(word);
		if (known !== undefined) return known;
		if (this.unknown.has(word)) return undefined;
		const named = word.startsWith("--")
			? this.longOption(word.slice(2))
			: baseWords.get(word);
		if (named) this.words.set(word, named);
		else if (this.unknown.size < MOST_UNKNOWN) this.unknown.add(word);
		return named;
	}

	/** All names of long options in force. */
	names(): readonly string[] {
		const names = [...longOptions.keys()];
		for (let scope: OptionScope | null = this; scope; scope = scope.outer)
			for (const entry of scope.table?.entries ?? [])
				names.push(entry.entry.name);
		return names;
	}

	private longOption(name: string): NamedOption | undefined {
		const exact = longOptions.get(name) ?? this.extensionOption(name);
		if (exact !== undefined) return exact;
		let found: NamedOption | undefined;
		for (const candidate of this.abbreviatedBy(name)) {
			if (found !== undefined && !sameOption(found, candidate))
				return undefined;
			found ??= candidate;
		}
		return found;
	}

	private extensionOption(name: string): NamedOption | undefined {
		for (let scope: OptionScope | null = this; scope; scope = scope.outer)
			for (const entry of scope.table?.entries ?? [])
				if (entry.entry.name === name) return scope.named(entry);
		return undefined;
	}

	private *abbreviatedBy(name: string): Generator<NamedOption> {
		for (const [long, option] of longOptions)
			if (long.startsWith(name)) yield option;
		for (let scope: OptionScope | null = this; scope; scope = scope.outer)
			for (const entry of scope.table?.entries ?? [])
				if (entry.entry.name.startsWith(name)) yield scope.named(entry);
	}

	private named(entry: TableEntry): NamedOption {
		const { table } = this;
		invariant(table !== null, "an option of no extension");
		const takes = entry.takesArgument ? "argument" : "nothing";
		return { kind: "extension", table, entry, takes };
	}
}

function sameOption(a: NamedOption, b: NamedOption): boolean {
	if (a.kind === "base") return b.kind === "base" && a.letter === b.letter;
	return (
		b.kind === "extension" &&
		a.table === b.table &&
		a.entry.slot === b.entry.slot &&
		a.takes === b.takes
	);
}
