/**
 * Comments that suppress findings: `# marktwin-ignore MT101, MT102: reason` above a rule, or the same words in
 * the rule's own `-m comment`, which iptables-save keeps; `# marktwin-ignore-file MT101: reason` at the top of a
 * file.
 */
import type { Rule, Ruleset } from "../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../sim/matches/index.ts";
import type { RuleRef } from "../../walk/decision.ts";
import { eachRule } from "../each-rule.ts";

export interface Ignore {
	/** As they were written. */
	readonly codes: readonly string[];
	/** `null`: there is none. */
	readonly reason: string | null;
	readonly at: RuleRef;
	/** The words themselves, without what stands in front of them. */
	readonly words: string;
	/** Is this the place of a finding that it suppresses? */
	covers(at: RuleRef): boolean;
	/** Why it covers nothing; `null`: it covers a rule, or the file. */
	readonly idle: string | null;
}

export function readIgnores(ruleset: Ruleset, text: string): readonly Ignore[] {
	return [...remarks(ruleset, text), ...comments(ruleset)];
}

const WORDS = /marktwin-ignore(-file)?(?![\w-])([^:\n]*)(?::([^\n]*))?/;

type Words = Pick<Ignore, "codes" | "reason" | "words"> & {
	readonly ofFile: boolean;
};

function readWords(text: string): Words | null {
	const found = WORDS.exec(text);
	if (found === null) return null;
	const [words, file, codes = "", reason = ""] = found;
	return {
		codes: codes.split(/[\s,]+/).filter((code) => code !== ""),
		reason: reason.trim() === "" ? null : reason.trim(),
		words: words.trimEnd(),
		ofFile: file !== undefined,
	};
}

/** Lines of the text that are comments. */
function remarks(ruleset: Ruleset, text: string): readonly Ignore[] {
	const rules = new Set(eachRule(ruleset).map(({ at }) => at.line));
	const lines = text.split("\n").map((line) => line.trim());
	const isRemark = (line: string | undefined) => line?.startsWith("#") ?? false;
	const start = lines.findIndex((line) => line !== "" && !isRemark(line));
	return lines.flatMap((line, index) => {
		const words = isRemark(line) ? readWords(line) : null;
		if (words === null) return [];
		const at = { rule: "", text: line, line: index + 1 };
		if (words.ofFile) {
			const atTop = start < 0 || index < start;
			const idle = atTop ? null : "it stands below the first line of the file";
			return [{ ...words, at, covers: () => atTop, idle }];
		}
		const below = lines.findIndex((one, i) => i > index && !isRemark(one)) + 1;
		const idle = rules.has(below) ? null : "no rule stands in the line below";
		return [{ ...words, at, covers: (one) => one.line === below, idle }];
	});
}

/** What rules say themselves. */
function comments(ruleset: Ruleset): readonly Ignore[] {
	return eachRule(ruleset).flatMap(({ rule, at }) =>
		commentsOf(rule).flatMap((comment) => {
			const words = readWords(comment);
			if (words === null) return [];
			const covers = (one: RuleRef) => one.rule === at.rule;
			const idle = words.ofFile
				? "a rule's own comment covers that rule alone"
				: null;
			return [
				{ ...words, at, covers: words.ofFile ? () => false : covers, idle },
			];
		}),
	);
}

function commentsOf(rule: Rule): readonly string[] {
	return rule.matches.flatMap(
		({ name, options }) => matches.get(name)?.comment?.(options) ?? [],
	);
}
