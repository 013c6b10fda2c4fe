import type { Found, LintDescription } from "../finding.ts";
import { sha256 } from "./sha256.ts";

/** Digits of a fingerprint: 64 bits. */
const LENGTH = 16;

/** Gives findings fingerprints, in the order in which they come: a class because it counts equal ones. */
export class Fingerprints {
	private readonly seen = new Map<string, number>();

	/**
	 * Of the code, the table, and the rule as iptables-save prints it, which names its chain: no line, no
	 * number of the rule. Findings that are equal in these are numbered.
	 */
	of({ code }: LintDescription, { at }: Found): string {
		const [table = ""] = at.rule.split(":");
		const what = [code, table, at.text].join("\0");
		const ordinal = this.seen.get(what) ?? 0;
		this.seen.set(what, ordinal + 1);
		return sha256(`${what}\0${ordinal}`).slice(0, LENGTH);
	}
}
