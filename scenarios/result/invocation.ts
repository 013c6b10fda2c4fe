/** A command of marktwin as data, and its one spelling: a line that a POSIX shell takes apart into the same words. */

export interface Invocation {
	/** `run`, `compare`, `fuzz`. */
	readonly command: string;
	/** Files, and names of scenarios and suites. */
	readonly names: readonly string[];
	/** `["--seed", "7"]`. */
	readonly options: readonly (readonly [name: string, value: string])[];
}

/** The words of the command line, `marktwin` first. */
export function wordsOf({
	command,
	names,
	options,
}: Invocation): readonly string[] {
	const words = options.flat();
	// Behind `--` a name may begin with a hyphen.
	return names.some((name) => name.startsWith("-"))
		? ["marktwin", command, ...words, "--", ...names]
		: ["marktwin", command, ...names, ...words];
}

/** `marktwin run my.scenario.ts --filter mine --seed 7`: one line of visible characters, to be copied and run. */
export function commandLine(invocation: Invocation): string {
	return wordsOf(invocation).map(quoted).join(" ");
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
	const seeded = ["--seed", String(seed)] as const;
	return file === ""
		? { command, names: [name], options: [seeded] }
		: { command, names: [file], options: [["--filter", name], seeded] };
}

const PLAIN = /^[\w@%+=:,./-]+$/;
/** What reports and screens show as `⟨U+…⟩`, so that it could not be copied, and what ends a line. */
const UNPRINTABLE =
	/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}]|\p{Default_Ignorable_Code_Point}|[\u2800\u{1d159}\u{16fe4}]/u;

/**
 * A word as a POSIX shell has to be given it (no NUL and no half of a surrogate pair, which no word of
 * a command line can hold). What cannot be seen is written as octal numbers of its octets:
 * `"$(printf 'a\012b')"`.
 */
export function quoted(word: string): string {
	if (PLAIN.test(word)) return word;
	if (!UNPRINTABLE.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
	// A substitution loses the line ends at its end, so these stand behind it.
	let end = word.length;
	while (word[end - 1] === "\n") end--;
	const tail = end === word.length ? "" : `'${word.slice(end)}'`;
	return `"$(printf '${octal(word.slice(0, end))}')"${tail}`;
}

/** As a format of printf, without what a quoted text could not hold. */
function octal(text: string): string {
	return Array.from(text, (sign, index) => {
		if (sign === "%") return "%%";
		// A hyphen at the start would make it an option of printf.
		const isTaken = /['\\]/.test(sign) || (index === 0 && sign === "-");
		if (!isTaken && !UNPRINTABLE.test(sign)) return sign;
		return Array.from(
			new TextEncoder().encode(sign),
			(octet) => `\\${octet.toString(8).padStart(3, "0")}`,
		).join("");
	}).join("");
}
