/** What iptables-restore reads by itself: lines `:CHAIN POLICY [packets:bytes]`, and counters. */
import { Refusal } from "../extension/refusal.ts";
import { octets } from "./lexer.ts";
import { readCounter } from "./read-word.ts";
import type { Counters } from "./ruleset.ts";
import { LONGEST_NAME } from "./tables.ts";

/** What stands behind the `:`. Blanks divide as for strtok(3); quotes mean nothing here. */
export function readChainLine(
	text: string,
	lineNumber: number,
): {
	readonly chain: string;
	readonly policy: string;
	readonly counters: Counters | null;
} {
	const [chain, policy, counters] = text
		.split(/[ \t]+/, 5)
		.filter((word) => word !== "");
	if (chain === undefined)
		throw new Refusal(
			`iptables-restore: line ${lineNumber} chain name invalid`,
			"Write `:CHAIN POLICY [0:0]`.",
		);
	if (octets(chain) > LONGEST_NAME)
		throw new Refusal(
			`Invalid chain name \`${chain}' (${LONGEST_NAME} chars max)`,
			"Shorten the chain's name everywhere.",
		);
	if (policy === undefined)
		throw new Refusal(
			`iptables-restore: line ${lineNumber} policy invalid`,
			`Write \`:${chain} - [0:0]\`, or ACCEPT or DROP for a built-in chain.`,
		);
	return { chain, policy, counters: readPolicyCounters(counters) };
}

/** `[packets:bytes]` behind a policy (`parse_counters`). */
function readPolicyCounters(text: string | undefined): Counters | null {
	const [, packets, bytes] =
		/^\[\s*\+?(\d+):\s*\+?(\d+)/.exec(text ?? "") ?? [];
	return packets === undefined || bytes === undefined
		? null
		: { packets: Number(packets), bytes: Number(bytes) };
}

/** `-c` wants numbers; without it anything may stand there. @throws Refusal */
export function readCount(
	text: string,
	what: "packet" | "byte",
	strict: boolean,
) {
	return strict || /^\s*\+?\d/.test(text) ? readCounter(text, what) : 0;
}
