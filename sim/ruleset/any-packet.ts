/**
 * Tests of a packet that stands for any with its addresses, ports, protocol, interface and marks: what else a match
 * asks of it may hold or not, and all who ask the same have the same answer.
 */
import type { MatchUse, RuleHeader } from "../contract/ruleset.ts";
import type { Test } from "../extension/extension.ts";
import type { AnyPacket, AskFact, ExtensionHost } from "../extension/host.ts";
import type { Comparison } from "../extension/traits.ts";
import { matches } from "../matches/index.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { oneAsked, printMatch } from "./print.ts";
import { isTold } from "./rule-traits.ts";

/** A match, or the header where `place` is -1, of a rule. */
interface Place {
	/** The kernel's name of the rule. */
	readonly rule: string;
	readonly place: number;
}

/** @param strict the test of the packet at hand, which answers for all that stand for themselves */
export function ofAnyPacket(
	use: MatchUse,
	header: RuleHeader,
	{ ports, strict, ...at }: Place & { ports: ExtensionHost; strict: Test },
): Test {
	const { standsForAny } = ports;
	const ask = askFact(ports, at);
	if (standsForAny === undefined || ask === null) return strict;
	const [table = ""] = at.rule.split(":", 1);
	const loose = looseTest(use, header, { ask, ports, table });
	return loose === null
		? strict
		: (skb) => (standsForAny(skb) ? loose(skb) : strict(skb));
}

/** `-f` and `! -f`, as a test; `null`: the packet at hand tells. */
export function fragmentOfAny(
	{ fragment }: RuleHeader,
	ports: ExtensionHost,
	rule: string,
): Test | null {
	const { standsForAny } = ports;
	const ask = askFact(ports, { rule, place: -1 });
	if (fragment === null || standsForAny === undefined || ask === null)
		return null;
	return (skb) => {
		const isFurther = standsForAny(skb)
			? ask("are further fragments", skb)
			: (skb.fragment?.offset ?? 0) > 0;
		return isFurther === (fragment === "only");
	};
}

function askFact({ decide }: ExtensionHost, at: Place): AskFact | null {
	if (decide === undefined) return null;
	return (fact, skb, version = "") => {
		const question = { kind: "open", on: `whether packets ${fact}` } as const;
		return decide({ question, ...at, fact: `${fact}${version}` }, skb);
	};
}

function looseTest(
	use: MatchUse,
	header: RuleHeader,
	any: AnyPacket,
): Test | null {
	const { options } = use;
	const match = matches.get(use.name);
	if (match === undefined) return null;
	if (match.ofAnyPacket) return match.ofAnyPacket(options, any);
	if (isTold(use)) return null;
	const one = oneAsked(use, header);
	const fact = `match ${one?.text ?? printMatch(use, header).trim()}`;
	const isOpposite = one?.inverted === true;
	const compared = match.compares?.(options) ?? [];
	return (skb) =>
		compared.every((one) => holds(one, skb)) &&
		any.ask(fact, skb, ` at ${skb.ttl} ${skb.tos}`) !== isOpposite;
}

function holds({ fields, ranges, inverted }: Comparison, skb: Skb): boolean {
	const isIn = fields.some((field) =>
		ranges.some(([least, greatest]) => {
			const value = skb[field] >>> 0;
			return value >= least && value <= greatest;
		}),
	);
	return isIn !== inverted;
}
