/** What is wrong with comments that suppress findings. */
import { nearest } from "../../../../sim/edit-distance.ts";
import type { Found, LintCode, LintDescription } from "../finding.ts";
import { allLintRules, lintRules } from "../rules/index.ts";
import {
	ignoreOfUnknownRule,
	ignoreWithoutEffect,
	ignoreWithoutReason,
} from "../rules/linter/suppressions.ts";
import type { Ignore } from "./ignores.ts";

interface Judged {
	readonly lint: LintDescription;
	readonly found: Found;
}

/**
 * @param ran codes of the rules that ran: of no other one it is known whether it finds something
 * @param hasFinding whether a finding of this code stands where the comment covers
 */
export function judgeIgnores(
	ignores: readonly Ignore[],
	ran: readonly LintCode[],
	hasFinding: (ignore: Ignore, code: LintCode) => boolean,
): readonly Judged[] {
	return ignores.flatMap((ignore) => {
		const judged: Judged[] = [];
		if (ignore.codes.length === 0) judged.push(unknownRule(ignore, null));
		else if (ignore.reason === null) judged.push(noReason(ignore));
		for (const code of ignore.codes) {
			if (!isSuppressible(code)) judged.push(unknownRule(ignore, code));
			else if (ignore.reason === null) continue;
			else if (ignore.idle !== null)
				judged.push(noEffect(ignore, code, ignore.idle));
			else if (ran.includes(code) && !hasFinding(ignore, code))
				judged.push(noEffect(ignore, code, `${code} finds nothing there`));
		}
		return judged;
	});
}

function isSuppressible(code: string): code is LintCode {
	return lintRules.some((rule) => rule.code === code);
}

function noReason(ignore: Ignore): Judged {
	return judged(ignoreWithoutReason, ignore, {
		message: `\`${ignore.words}\` has no reason`,
		happens: "It suppresses nothing.",
		remedy: `Write the reason behind a colon: \`${ignore.words.replace(/\s*:\s*$/, "")}: …\`.`,
	});
}

function unknownRule(ignore: Ignore, code: string | null): Judged {
	if (code === null)
		return judged(ignoreOfUnknownRule, ignore, {
			message: `\`${ignore.words}\` names no rule of the linter`,
			happens: "It suppresses nothing.",
			remedy: "Name the code of the finding: `marktwin-ignore MT101: reason`.",
		});
	const byName = lintRules.find(({ name }) => name === code)?.code;
	const near =
		byName ??
		nearest(
			code,
			lintRules.map((rule) => rule.code),
		);
	const isOwn = allLintRules.some((rule) => rule.code === code);
	return judged(ignoreOfUnknownRule, ignore, {
		part: code,
		message: isOwn
			? `${code} is about comments like this one and cannot be suppressed`
			: `the linter has no rule ${code}`,
		happens: "It suppresses nothing.",
		remedy:
			near === null || isOwn
				? "Take the code away."
				: `Write ${near}, if that is the rule that is meant.`,
	});
}

function noEffect(ignore: Ignore, code: LintCode, why: string): Judged {
	return judged(ignoreWithoutEffect, ignore, {
		part: code,
		message: `\`${ignore.words}\` suppresses no finding of ${code}: ${why}`,
		happens: "A later finding of that code could be hidden without a reason.",
		remedy:
			ignore.codes.length > 1 ? `Take ${code} away.` : "Delete the comment.",
	});
}

function judged(
	lint: LintDescription,
	{ at, words }: Ignore,
	said: Pick<Found, "message" | "happens" | "remedy"> & {
		readonly part?: string;
	},
): Judged {
	return {
		lint,
		found: { part: words, ...said, at, related: [], path: [], repair: [] },
	};
}
