/** A name behind `-m` or `-j` that no extension has: which one was meant? */

import type {
	MatchExtension,
	TargetExtension,
} from "../../extension/extension.ts";
import { Refusal } from "../../extension/refusal.ts";
import { protocolNames } from "../../extension/values/names.ts";
import { matches } from "../../matches/index.ts";
import { targets } from "../../targets/index.ts";
import { nearName } from "../base/near-name.ts";
import { VERDICTS } from "../base/tables.ts";

/** What ip6tables alone has (iptables 1.8.9, extensions/libip6t_*.c). */
export const OF_IPV6: ReadonlySet<string> = new Set(
	"dst eui64 frag hbh hl icmp6 ipv6header mh rt srh DNPT HL SNPT".split(" "),
);

/** `-m NAME` of a match that there is not. */
export function unknownMatch(
	name: string,
	names: Iterable<string>,
	word: number,
): Refusal {
	const near = nearName(name, names);
	return new Refusal(
		`Couldn't load match \`${name}':No such file or directory`,
		replacement(name, matches.values()) ??
			ofIpv6(name) ??
			(near === null
				? "Is the match spelled right?"
				: `Did you mean \`${near}\`?`),
		word,
	);
}

/**
 * `-p NAME` of a protocol that is in no list, with an option behind it that its match would have. The
 * line is refused even where the machine knows the name, for the option then.
 */
export function unknownProtocol(name: string, word: number): Refusal {
	const near = nearName(name, protocolNames());
	return new Refusal(
		`unknown protocol "${name}" specified`,
		near === null
			? "Write the protocol that has the option, such as `tcp` or `udp`, or name its match with `-m`."
			: `Did you mean \`${near}\`?`,
		word,
	);
}

/** What to write instead of an extension that is gone; `null` where none has replaced it. */
function replacement(
	name: string,
	known: Iterable<MatchExtension | TargetExtension>,
): string | null {
	for (const { replaces = {} } of known)
		if (Object.hasOwn(replaces, name)) return replaces[name] ?? null;
	return null;
}

/** What to say of an extension that only ip6tables has; `null` for others. */
function ofIpv6(name: string): string | null {
	return OF_IPV6.has(name)
		? `\`${name}\` is for IPv6: ip6tables has it, iptables has not.`
		: null;
}

/** `-g NAME` of a chain that is called like a target, where iptables-save prints the target in its place (row `jumpsLikeTargets`). */
export function hiddenGoto(name: string): Refusal {
	return new Refusal(
		`a goto to a chain that is called ${name}`,
		`iptables-nft 1.8.7 saves it as the target ${name}: choose a name that is none of a target.`,
		undefined,
		{ from: "marktwin" },
	);
}

/** `-j NAME` of what is neither a target nor a chain of the table. */
export function unknownTargetRemedy(
	name: string,
	chains: readonly string[],
): string {
	const near = nearName(name, [...chains, ...VERDICTS, ...targets.keys()]);
	const declared = `There is no target ${name}: declare the chain before its first use (\`:${name} - [0:0]\`), or correct the name.`;
	return (
		replacement(name, targets.values()) ??
		ofIpv6(name) ??
		(near === null ? declared : `${declared} Did you mean \`${near}\`?`)
	);
}
