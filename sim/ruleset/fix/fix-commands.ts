/** Repairs of a line's command: the program's name before it, its table, its chain. */

import { isNear } from "../base/near-name.ts";
import { isTableName, TABLE_HOOKS } from "../base/tables.ts";
import type { Fixer } from "./fixer.ts";

export const BUILT_IN: ReadonlySet<string> = new Set(
	Object.values(TABLE_HOOKS).flat(),
);

/** A line of a shell script in a file: `iptables -A …`. */
export const shellCommand: Fixer = ({ words }) => {
	if (!/^(\S*\/)?iptables(-legacy)?$/.test(words[0] ?? "")) return null;
	return {
		what: "took away the program's name",
		words: words.slice(1),
	};
};

/** `-t nat` inside of the table nat. */
export const tableOption: Fixer = ({ words, table }) => {
	const at = words.findIndex(
		(word, index) => /^(-t|--table)$/.test(word) && words[index + 1] === table,
	);
	if (at < 0) return null;
	return {
		what: `took away \`-t ${table}\`: the line stands in that table`,
		words: [...words.slice(0, at), ...words.slice(at + 2)],
	};
};

const NAMES_CHAIN =
	/^(-[AIDRCPF]|--(append|insert|delete|replace|check|policy|flush))$/;

/** `-A PREROUTNG`: a chain of the table when one alone is that near. */
export const misspeltChain: Fixer = ({ words, at, chains, table }) => {
	const word = words[at] ?? "";
	if (!NAMES_CHAIN.test(words[at - 1] ?? "") || chains.has(word)) return null;
	const better = meantChain(word, table, chains);
	if (better === null) return null;
	return {
		what: `wrote \`${better}\` for \`${word}\``,
		words: words.map((one, index) => (index === at ? better : one)),
	};
};

/**
 * The chain that a misspelt name means: a built-in one of the table, or one that differs in a letter
 * and not in a number; `null` when none or several are near.
 */
export function meantChain(
	name: string,
	table: string,
	chains: Iterable<string>,
): string | null {
	const hooks: readonly string[] = isTableName(table) ? TABLE_HOOKS[table] : [];
	const builtIn = hooks.filter((hook) => isNear(name.toUpperCase(), hook));
	if (builtIn.length === 1) return builtIn[0] ?? null;
	if (name.length < 5) return null;
	const digitsOf = (text: string) => text.replace(/\D/g, "");
	const own = [...chains].filter(
		(chain) =>
			!BUILT_IN.has(chain) &&
			digitsOf(chain) === digitsOf(name) &&
			isNear(name, chain),
	);
	return own.length === 1 ? (own[0] ?? null) : null;
}
