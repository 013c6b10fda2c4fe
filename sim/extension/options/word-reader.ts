/**
 * Walks the words of one line as getopt_long(3) does for iptables: options in the order in which
 * they stand, plain words in between (the `!` is one), `--` at the end.
 */
import {
	type NamedOption,
	type OptionScope,
	shortOption,
} from "./option-scope.ts";

export type Found =
	/** No word is left, or `--` was met. */
	| "end"
	/** A word that is no option: in `argument`. */
	| "word"
	/** An option: in `option`, its argument in `argument`. */
	| "option"
	/** An option without the argument that it needs. */
	| "incomplete"
	/** A word with a dash that names no option, or more than one. */
	| "unknown";

/** A class because it walks every rule of a ruleset: one reader serves them all. */
export class WordReader {
	words: readonly string[] = [];
	/** How many of them belong to the line. */
	count = 0;
	/** The next word to be read (`optind`). */
	index = 0;
	/** Where the option or word that was found stands. */
	word = 0;
	/** Where `argument` stands; the option's own word when attached or absent. */
	argumentWord = 0;
	option: NamedOption | null = null;
	/** `null`: none. */
	argument: string | null = null;
	/** What getopt_long(3) names of a word that is "unknown": one letter; `null`: nothing (`optopt`). */
	unknownLetter: string | null = null;
	/** Behind `-x` in `-xyz`: 0 when the next word is to be looked at. */
	private inCluster = 0;
	/** How often iptables has gone back while in it (`again`). */
	private wentBack = 0;

	/** Begins with another line. */
	start(words: readonly string[], count: number): void {
		this.words = words;
		this.count = count;
		this.index = 0;
		this.inCluster = 0;
	}

	/**
	 * Reads the same option again, because an extension was loaded that may know it: iptables goes back
	 * one word (`optind--`), and getopt_long(3) stays in the word of several options that it is in.
	 */
	again(): void {
		this.index--;
		this.wentBack++;
	}

	next(scope: OptionScope): Found {
		if (this.inCluster > 0) return this.nextInCluster();
		const { words, index } = this;
		const word = index < this.count ? words[index] : undefined;
		if (word === undefined) return "end";
		this.index = index + 1;
		this.wentBack = 0;
		this.word = index;
		this.argumentWord = index;
		this.argument = null;
		if (word.charCodeAt(0) !== DASH || word.length === 1) {
			this.argument = word;
			return "word";
		}
		if (word === "--") return "end";
		const option = scope.option(word);
		if (option !== undefined) {
			this.option = option;
			return option.takes === "argument" ? this.takeArgument() : "option";
		}
		if (word.charCodeAt(1) === DASH) return this.attachedToLong(scope, word);
		this.inCluster = 1;
		return this.nextInCluster();
	}

	/** A word that may follow an option besides its argument (`xs_has_arg`), or `null`. */
	peekPlain(): string | null {
		const word = this.index < this.count ? this.words[this.index] : undefined;
		if (word === undefined || word.startsWith("-") || word.startsWith("!"))
			return null;
		return word;
	}

	/**
	 * The word before the next one to be read, which messages quote (`argv[optind - 1]`). getopt_long(3)
	 * moves on from several options in one word only behind the last of them, and iptables makes a `!`
	 * empty once it has seen it.
	 * @param before what stands in front of the line's first word
	 */
	quoted(before: string): string {
		const isInCluster = this.inCluster > 0;
		const index = isInCluster ? this.word - this.wentBack : this.index;
		const word = index === 0 ? before : (this.words[index - 1] ?? "");
		return word === "!" ? "" : word;
	}

	private takeArgument(): Found {
		const argument =
			this.index < this.count ? this.words[this.index] : undefined;
		if (argument === undefined) return "incomplete";
		this.argument = argument;
		this.argumentWord = this.index++;
		return "option";
	}

	/** `--option=value`. */
	private attachedToLong(scope: OptionScope, word: string): Found {
		const equals = word.indexOf("=");
		const option = equals < 0 ? undefined : scope.option(word.slice(0, equals));
		if (option === undefined || option.takes === "nothing") {
			this.unknownLetter = option === undefined ? null : letterOf(option);
			return "unknown";
		}
		this.option = option;
		this.argument = word.slice(equals + 1);
		return "option";
	}

	/** `-xyz`: either several options in one word, or one with its argument attached. */
	private nextInCluster(): Found {
		const word = this.words[this.word] ?? "";
		const letter = word[this.inCluster] ?? "";
		const rest = word.slice(this.inCluster + 1);
		const option = shortOption(letter);
		this.argument = null;
		this.argumentWord = this.word;
		this.inCluster = rest === "" ? 0 : this.inCluster + 1;
		if (option === undefined) {
			this.unknownLetter = letter;
			return "unknown";
		}
		this.option = option;
		if (option.takes === "nothing") return "option";
		this.inCluster = 0;
		if (rest === "" && option.takes === "argument") return this.takeArgument();
		if (rest !== "") this.argument = rest;
		return "option";
	}
}

/** The lowest octet of an option's number; "" for 0. */
function letterOf(option: NamedOption): string {
	if (option.kind === "base") return option.letter;
	const { table, entry } = option;
	const code = table.extension.flagCodes?.[entry.entry.name] ?? "";
	if (typeof code === "string") return code;
	return code === 0 ? "" : String.fromCharCode(code);
}

const DASH = 45;
