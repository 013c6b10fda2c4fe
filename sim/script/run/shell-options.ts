/** What `set` changes of how a script goes on. */

export interface ShellOptions {
	/** `-e`: a command that fails ends the script. */
	errexit: boolean;
	/** `-u`: so does a variable without a value. */
	nounset: boolean;
}

/** `set -e`, `set +e`, `set -o errexit`, `set -eu`. @param words also those that are no option */
export function changeOptions(
	options: ShellOptions,
	words: readonly string[],
): void {
	for (const [index, word] of words.entries()) {
		if (word === "--") break;
		const named = /^([-+])\w*o$/.exec(words[index - 1] ?? "")?.[1];
		const sign = /^[-+]/.exec(word)?.[0];
		if (word === "errexit" && named) options.errexit = named === "-";
		if (word === "nounset" && named) options.nounset = named === "-";
		if (sign && /^.\w*e/.test(word)) options.errexit = sign === "-";
		if (sign && /^.\w*u/.test(word)) options.nounset = sign === "-";
	}
}
