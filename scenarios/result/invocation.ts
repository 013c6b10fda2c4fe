/**
 * A command of marktwin as data, and its one spelling: a line that a POSIX shell takes apart into the
 * same words. It lies in this room because results hold commands, and because all rooms above name
 * commands in what they print.
 */

/** A command that plays something once more. What is left out is as usual. @public */
export interface Invocation {
	readonly command: "run" | "compare" | "fuzz";
	/** Files, and names of scenarios and suites. */
	readonly names: readonly string[];
	readonly filter?: string;
	readonly seed?: number;
	/** Rulesets of a fuzz. */
	readonly runs?: number;
	readonly minutes?: number;
	/** One case of a fuzz, `17:0:3`, or one text, `t17`. */
	readonly path?: string;
	/** Rules of `file` are played wherever a scenario names `name`. */
	readonly rules?: readonly { readonly name: string; readonly file: string }[];
	/** What is assumed of matches that the model does not know. */
	readonly assume?: readonly { readonly key: string; readonly value: string }[];
	/** What `run` plays on: `vm`, `docker:trixie/nft`. */
	readonly on?: string;
	/** What `compare` and `fuzz` hold the model against, unless it is `vm`. */
	readonly with?: string;
	readonly kernel?: string;
	/** Megabytes. */
	readonly maxMemory?: number;
	readonly maxSteps?: number;
	/** Seconds of virtual time. */
	readonly maxTime?: number;
}

type Options = Required<Omit<Invocation, "command" | "names">>;

/** How each option is spelled, in the order in which they stand. */
const OPTIONS: { readonly [Key in keyof Options]: `--${string}` } = {
	filter: "--filter",
	seed: "--seed",
	runs: "--runs",
	minutes: "--minutes",
	path: "--path",
	rules: "--rules",
	assume: "--assume",
	on: "--on",
	with: "--with",
	kernel: "--kernel",
	maxMemory: "--max-memory",
	maxSteps: "--max-steps",
	maxTime: "--max-time",
};

/** The words of the command line, `marktwin` first. */
export function wordsOf(invocation: Invocation): readonly string[] {
	const { command, names } = invocation;
	const keys = Object.keys(OPTIONS) as readonly (keyof Options)[];
	const words = keys.flatMap((key) =>
		valuesOf(invocation[key]).flatMap((value) => [OPTIONS[key], value]),
	);
	// Behind `--` a name may begin with a hyphen.
	return names.some((name) => name.startsWith("-"))
		? ["marktwin", command, ...words, "--", ...names]
		: ["marktwin", command, ...names, ...words];
}

function valuesOf(value: Options[keyof Options] | undefined) {
	if (value === undefined) return [];
	if (typeof value !== "object") return [String(value)];
	return value.map((one) =>
		"key" in one ? `${one.key}=${one.value}` : `${one.name}=${one.file}`,
	);
}

/** `marktwin run my.scenario.ts --filter mine --seed 7`: one line of visible characters, to be copied and run. @public */
export function commandLine(invocation: Invocation): string {
	return shellLine(wordsOf(invocation));
}

/** What plays just one scenario once more: by its name, in its file where it has one (`file` is not ""). */
export function replayOf(
	command: "run" | "compare",
	{
		name,
		seed,
		file,
	}: { readonly name: string; readonly seed: number; readonly file: string },
): Invocation {
	return file === ""
		? { command, names: [name], seed }
		: { command, names: [file], filter: name, seed };
}

/**
 * Words as one line for a POSIX shell (no word may hold a NUL or half of a surrogate pair: a command
 * line cannot). What cannot be seen is written as octal numbers of its octets:
 * `"$(printf 'a\012b')"`. A substitution loses the line ends at its end: with a word that ends so, the
 * whole line is one.
 */
export function shellLine(words: readonly string[]): string {
	return words.some((word) => word.endsWith("\n"))
		? `eval ${printed(words.map(inQuotes).join(" "))}`
		: words.map(quoted).join(" ");
}

const PLAIN = /^[\w@%+:,./-][\w@%+=:,./-]*$/;
/**
 * What reports and screens show as `⟨U+…⟩`, so that it could not be copied, what ends a line, and what
 * a CI system takes for a command.
 */
const UNPRINTABLE =
	/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}]|\p{Default_Ignorable_Code_Point}|[\u2800\u{1d159}\u{16fe4}]|##(?=\w*\[)/u;

function quoted(word: string): string {
	if (PLAIN.test(word)) return word;
	return UNPRINTABLE.test(word) ? printed(word) : inQuotes(word);
}

function inQuotes(word: string): string {
	return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A text that does not end with a line end, as what printf prints. */
function printed(text: string): string {
	const format = Array.from(text, (sign, index) => {
		if (sign === "%") return "%%";
		// A hyphen at the start would make it an option of printf; bash replaces `!` within double quotes.
		const isTaken = /['\\!#]/.test(sign) || (index === 0 && sign === "-");
		if (!isTaken && !UNPRINTABLE.test(sign)) return sign;
		return Array.from(
			new TextEncoder().encode(sign),
			(octet) => `\\${octet.toString(8).padStart(3, "0")}`,
		).join("");
	});
	return `"$(printf '${format.join("")}')"`;
}
