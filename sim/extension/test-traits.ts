/** For tests of what extensions say of their uses. */
import { invariant } from "../invariant.ts";
import { matches } from "../matches/index.ts";
import type { Skb } from "../packet/skb/skb.ts";
import { targets } from "../targets/index.ts";
import type { MatchExtension, TargetExtension, Test } from "./extension.ts";
import { buildOptions } from "./options/test-build-options.ts";
import { UnknownOutcome } from "./test-host.ts";

/** Of all random choices. */
export const SEED = 20261128;

/** An extension and the options of one use. */
interface Use<Kind> {
	readonly extension: Kind;
	readonly options: object;
}

/** @param use `-m mark --mark 1`; the rule asks for TCP */
export function matchUse(use: string): Use<MatchExtension> {
	return useOf(matches, use);
}

/** @param use `-j MARK --set-mark 1`; the rule asks for TCP */
export function targetUse(use: string): Use<TargetExtension> {
	return useOf(targets, use);
}

function useOf<Kind extends MatchExtension | TargetExtension>(
	all: ReadonlyMap<string, Kind>,
	use: string,
): Use<Kind> {
	const [, name = "", text = ""] = /^-[mj] (\S+) ?(.*)$/.exec(use) ?? [];
	const extension = all.get(name);
	invariant(extension !== undefined, `a test asks for ${use}`);
	return {
		extension,
		options: buildOptions(extension, text, { protocol: "tcp" }),
	};
}

/** What a test says of a packet; `null` where the model does not know. */
export function answerOf(test: Test | null, skb: Skb): boolean | null {
	return unlessUnknown(() => test?.(skb) ?? null);
}

/** `null` where the model does not know. */
export function unlessUnknown<T>(ask: () => T): T | null {
	try {
		return ask();
	} catch (error) {
		if (!(error instanceof UnknownOutcome)) throw error;
		return null;
	}
}
