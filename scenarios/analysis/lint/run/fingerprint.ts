import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Found, LintDescription } from "../finding.ts";

/** Digits of a fingerprint: 64 bits. */
const LENGTH = 16;

/** Gives findings fingerprints, in the order in which they come: a class because it counts equal ones. */
export class Fingerprints {
	private readonly seen = new Map<string, number>();

	/**
	 * Of the code, the table, and the rule as iptables-save prints it, which names its chain: no line, no
	 * number of the rule. Findings that are equal in these are numbered.
	 */
	of(
		{ code }: Pick<LintDescription, "code">,
		{ at }: { readonly at: Pick<Found["at"], "rule" | "text"> },
	): string {
		const [table = ""] = at.rule.split(":");
		const what = [code, table, at.text].join("\0");
		const ordinal = this.seen.get(what) ?? 0;
		this.seen.set(what, ordinal + 1);
		const hash = sha256(utf8ToBytes(`${what}\0${ordinal}`));
		return bytesToHex(hash).slice(0, LENGTH);
	}
}
