/**
 * The targets of xtables-addons 3.23: their options by name, as their libraries register them
 * (extensions/libxt_*.c), and what their modules do with packets (xt_*.c): TARPIT and the like answer, and
 * drop what they answer.
 */
import type { TargetExtension } from "../extension/extension.ts";
import { ALL_BITS, writesMark } from "../extension/mark-uses.ts";
import { uncheckedTarget } from "../extension/options/unchecked.ts";

export const xtablesAddons: readonly TargetExtension[] = [
	uncheckedTarget("ACCOUNT", "addr= tname="),
	uncheckedTarget("CHAOS", "delude tarpit", { ends: "drops" }),
	uncheckedTarget("DELUDE", "", { ends: "drops" }),
	uncheckedTarget("DHCPMAC", "set-mac="),
	uncheckedTarget("DNETMAP", "prefix= reuse persistent static ttl="),
	uncheckedTarget("ECHO", "", { ends: "drops" }),
	uncheckedTarget("IPMARK", "addr= and-mask= or-mask= shift=", {
		// `mark = address >> shift & and-mask | or-mask` (xt_IPMARK.c).
		marks: () => writesMark("packet", ALL_BITS, null),
	}),
	uncheckedTarget("LOGMARK", "log-level= log-prefix="),
	uncheckedTarget("PROTO", "proto-set= stop-at-frag stop-at-auth"),
	uncheckedTarget("SYSRQ", ""),
];
