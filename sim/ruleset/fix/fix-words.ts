/**
 * Repairs of a rule's words: each looks at the words and at what the parser says of them, and
 * returns better words or `null`. A repair counts only if it leads on: `fix.ts` takes it back otherwise.
 */
import { OptionScope } from "../../extension/options/option-scope.ts";
import { optionTable } from "../../extension/options/option-table.ts";
import { matches } from "../../matches/index.ts";
import { targets } from "../../targets/index.ts";
import { isNear } from "../base/near-name.ts";
import { VERDICTS } from "../base/tables.ts";
import {
	BUILT_IN,
	misspeltChain,
	shellCommand,
	tableOption,
} from "./fix-commands.ts";
import { missingMatch, plainQuotes } from "./fix-missing.ts";
import { type Fixer, replaced } from "./fixer.ts";

/** `-m condition!` → `-m condition !`. */
const gluedNot: Fixer = ({ words, at }) => {
	const word = words[at] ?? "";
	if (!word.endsWith("!") || word === "!" || words[at - 1] !== "-m")
		return null;
	return {
		what: "put a blank before the `!`",
		words: replaced(words, at, 1, word.slice(0, -1), "!"),
	};
};

/** `--opt ! value` → `! --opt value`. */
const notInBetween: Fixer = ({ words }) => {
	const at = words.findIndex(
		(word, index) =>
			word === "!" &&
			words[index - 1]?.startsWith("-") &&
			words[index + 1] !== undefined &&
			!words[index + 1]?.startsWith("-"),
	);
	const option = words[at - 1];
	if (at < 1 || option === undefined) return null;
	return {
		what: `put the \`!\` before \`${option}\`, where iptables reads it since 1.4.3`,
		words: replaced(words, at - 1, 2, "!", option),
	};
};

/** `- set-mark`, `-- set-mark`, `- -set-mark`, `--set -mark`, `--set- mark`: joined when an option comes of it. */
const tornOption: Fixer = ({ words }) => {
	for (let from = 0; from < words.length; from++) {
		const first = words[from] ?? "";
		if (!first.startsWith("-") || /^-\w/.test(first)) continue;
		if (isOption(words, from, first)) continue;
		for (const count of [2, 3]) {
			const parts = words.slice(from, from + count);
			const joined = `--${parts.join("").replace(/^-+/, "")}`;
			if (joined.includes("=") || !isOption(words, from, joined)) continue;
			return {
				what: `took away the blank inside of \`${joined}\``,
				words: replaced(words, from, count, joined),
			};
		}
	}
	return null;
};

/** `--ctstate NEW, ESTABLISHED` → `--ctstate NEW,ESTABLISHED`. */
const tornList: Fixer = ({ words, at }) => {
	// Either the rest of the list is in the way, or what stands before it is no list.
	for (const second of [at, at + 1, at + 2]) {
		const word = words[second] ?? "";
		const before = words[second - 1] ?? "";
		const isTorn = before.endsWith(",") && word !== "" && !word.startsWith("-");
		if (!isTorn && !(second === at && word.startsWith(","))) continue;
		return {
			what: "took away the blank inside of a list",
			words: replaced(words, second - 1, 2, before + word),
		};
	}
	return null;
};

/** `--every 2` alone: old iptables took it as `--packet 0`. */
const missingPacket: Fixer = ({ words, at, message }) => {
	if (!message.includes('"--every" also requires "--packet"')) return null;
	const behind = words[at]?.includes("=") ? at + 1 : at + 2;
	return {
		what: "added `--packet 0`, which iptables of old took for granted",
		words: replaced(words, behind, 0, "--packet", "0"),
	};
};

/** `-m TCP`, `-j accept`, `--DPORT`, `-A prerouting`. */
const wrongCase: Fixer = ({ words, at }) => {
	const word = words[at] ?? "";
	const before = words[at - 1] ?? "";
	const upper = word.toUpperCase();
	const lower = word.toLowerCase();
	const isTarget = targets.has(upper) || VERDICTS.has(upper);
	const better =
		before === "-m" && matches.has(lower)
			? lower
			: before === "-j" && isTarget
				? upper
				: word.startsWith("--") && isOption(words, at, lower)
					? lower
					: /^-[AIDRCPF]$/.test(before) && BUILT_IN.has(upper)
						? upper
						: word;
	if (better === word) return null;
	return {
		what: `wrote \`${better}\` for \`${word}\``,
		words: replaced(words, at, 1, better),
	};
};

/** `--stete NEW` → `--state NEW`, when one name alone is that near. */
const misspelled: Fixer = ({ words, at, chains }) => {
	const word = words[at] ?? "";
	const before = words[at - 1] ?? "";
	const known =
		before === "-m"
			? [...matches.keys()]
			: before === "-j"
				? [...targets.keys(), ...VERDICTS, ...chains]
				: word.startsWith("--")
					? namesInScope(words, at).map((name) => `--${name}`)
					: [];
	if (known.includes(word)) return null;
	const near = known.filter((name) => isNear(word, name));
	const [better] = near;
	if (better === undefined || near.length > 1) return null;
	return {
		what: `wrote \`${better}\` for \`${word}\``,
		words: replaced(words, at, 1, better),
		isGuess: true,
	};
};

/** For a name that stands at a known place. */
export const NAME_FIXERS: readonly Fixer[] = [wrongCase, misspelled];

/** In the order in which they are tried. */
export const FIXERS: readonly Fixer[] = [
	shellCommand,
	tableOption,
	plainQuotes,
	gluedNot,
	notInBetween,
	tornOption,
	tornList,
	missingPacket,
	misspeltChain,
	missingMatch,
	...NAME_FIXERS,
];

/** The extensions that stand before a word, and the match of the rule's protocol. */
function scopeAt(words: readonly string[], at: number): OptionScope {
	let scope = new OptionScope();
	words.slice(0, at).forEach((word, index) => {
		const next = (words[index + 1] ?? "").replace(/!$/, "");
		const extension =
			word === "-m" || word === "-p"
				? matches.get(next.toLowerCase())
				: word === "-j"
					? targets.get(next)
					: undefined;
		if (extension) scope = scope.with(optionTable(extension));
	});
	return scope;
}

/** Does the word name an option in full? */
function isOption(words: readonly string[], at: number, word: string): boolean {
	return namesInScope(words, at).includes(word.replace(/^--|=.*$/g, ""));
}

function namesInScope(words: readonly string[], at: number): readonly string[] {
	return scopeAt(words, at).names();
}
