/** For tests of one target: from the words of a rule to what it does. */

import type { RuleHeader } from "../contract/ruleset.ts";
import type {
	Action,
	LoadPlace,
	TargetExtension,
} from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { buildOptions } from "../extension/options/test-build-options.ts";
import { testPorts } from "../extension/test-host.ts";
import { invariant } from "../invariant.ts";
import { DEFAULT_BEHAVIOUR } from "../linux/behaviour.ts";

const ANY = { address: 0, mask: 0, inverted: false };
/** The header of a rule that asks for nothing. */
export const HEADER: RuleHeader = {
	source: ANY,
	destination: ANY,
	inInterface: null,
	outInterface: null,
	protocol: 0,
	protocolInverted: false,
	fragment: null,
};

/** What `-p tcp -j NAME TEXT` does to packets. */
export function targetAction(
	target: TargetExtension,
	text: string,
	ports: ExtensionHost = testPorts(),
): Action {
	invariant(target.compile !== null, `${target.name} is not modelled`);
	const options = buildOptions(target, text, { protocol: "tcp" });
	return target.compile(options, ports);
}

/** What the kernel says when `NAME TEXT` is loaded in a place; `null` is nothing. */
export function targetCheck(
	target: TargetExtension,
	text: string,
	place: Partial<Omit<LoadPlace, "header">> & {
		readonly header?: Partial<RuleHeader>;
	} = {},
): string | null {
	const options = buildOptions(target, text, { protocol: "tcp" });
	const answer = target.check?.(options, {
		table: "mangle",
		chain: "PREROUTING",
		matches: [],
		hooks: ["PREROUTING"],
		behaviour: DEFAULT_BEHAVIOUR,
		...place,
		header: { ...HEADER, ...place.header },
	});
	return typeof answer === "object"
		? (answer?.reason ?? null)
		: (answer ?? null);
}
