/**
 * Targets of xtables-addons 3.23 of which the options are known by name alone, as their libraries register them
 * (extensions/libxt_*.c).
 */
import type { TargetExtension } from "../extension/extension.ts";
import { uncheckedTarget } from "../extension/options/unchecked.ts";

export const xtablesAddons: readonly TargetExtension[] = [
	uncheckedTarget("ACCOUNT", "addr= tname="),
	uncheckedTarget("DHCPMAC", "set-mac="),
	uncheckedTarget("DNETMAP", "prefix= reuse persistent static ttl="),
];
