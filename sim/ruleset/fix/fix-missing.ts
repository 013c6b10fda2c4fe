/** Repairs of what is missing, or was written for a shell. */
import { OptionScope } from "../../extension/options/option-scope.ts";
import { optionTable } from "../../extension/options/option-table.ts";
import { protocolName } from "../../extension/values/names.ts";
import { matches } from "../../matches/index.ts";
import { type Fixer, type Repair, replaced } from "./fixer.ts";

/** Matches by the options that they alone have. */
const OWNERS: ReadonlyMap<string, string> = ownersOfOptions();

function ownersOfOptions(): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	const shared = new Set<string>();
	const scope = new OptionScope();
	for (const [name, extension] of matches)
		for (const option of scope.with(optionTable(extension)).names()) {
			if (found.has(option)) shared.add(option);
			found.set(option, name);
		}
	const base = new Set(scope.names());
	for (const option of found.keys())
		if (shared.has(option) || base.has(option)) found.delete(option);
	return found;
}

/**
 * `-m tcp --dport 25` → `-p tcp -m tcp --dport 25`: the match asks for its protocol, and iptables-restore
 * lets it stand without, so that nothing but the kernel refuses it. `null` where a rule says `-p`.
 */
export function missingProtocol(words: readonly string[]): Repair | null {
	if (words.some((word) => /^(-p|--proto(col)?|-[fs6]p)(=|$)/.test(word)))
		return null;
	const at = words.findIndex(
		(word, index) =>
			word === "-m" && isOfProtocol(words[index + 1] ?? "") && index > 0,
	);
	if (at < 0) return null;
	const name = words[at + 1] ?? "";
	return {
		what: `put \`-p ${name}\` before \`-m ${name}\`, which is for that protocol alone`,
		words: replaced(words, at, 0, "-p", name),
	};
}

/** Does the kernel take the match for the protocol of its name alone? */
function isOfProtocol(name: string): boolean {
	const protocols = matches.get(name)?.protocols ?? [];
	return protocols.some((number) => protocolName(number) === name);
}

/** `-p tcp --dports 25,80` → `-p tcp -m multiport --dports 25,80`, when one match alone has the option. */
export const missingMatch: Fixer = ({ words, at, message }) => {
	const word = words[at] ?? "";
	if (!message.startsWith("unknown option") || !word.startsWith("--"))
		return null;
	const name = OWNERS.get(word.slice(2).replace(/=.*$/, ""));
	if (name === undefined) return null;
	const behindNot = words[at - 1] === "!" ? at - 1 : at;
	return {
		what: `put \`-m ${name}\` before \`${word}\`, which is its option`,
		words: replaced(words, behindNot, 0, "-m", name),
	};
};

/** `'two words'` → `"two words"`: a single quote is no quote to iptables-restore. */
export const plainQuotes: Fixer = ({ words }) => {
	const from = words.findIndex((word) => word.startsWith("'"));
	if (from < 0) return null;
	const count = words
		.slice(from)
		.findIndex(
			(word, index) => word.endsWith("'") && (index > 0 || word.length > 1),
		);
	const quoted = words.slice(from, from + count + 1).join(" ");
	if (count < 0 || /["\\]/.test(quoted)) return null;
	return {
		what: "wrote double quotes for single ones, which iptables-restore does not know",
		words: replaced(words, from, count + 1, `"${quoted.slice(1, -1)}"`),
	};
};
