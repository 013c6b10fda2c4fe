/**
 * What the kernel refuses at COMMIT though iptables-restore took it (6.1): loops of jumps
 * (net/ipv4/netfilter/ip_tables.c, `mark_source_chains`), extensions in the wrong table, hook or
 * protocol (net/netfilter/x_tables.c, `xt_check_match` and `xt_check_target`), and what the
 * extensions themselves find (`checkentry`).
 */
import type { AnyExtension } from "../extension/option-table.ts";
import { matches } from "../matches/index.ts";
import { HOOK_NAMES, type HookName } from "../packet/skb.ts";
import { targets } from "../targets/index.ts";
import { type Branch, markHooks, type ReachedChain } from "./chain-walk.ts";
import type { MatchUse, Rule, Table } from "./ruleset.ts";

/** What the kernel finds wrong with a table. */
export interface LoadFault {
	/** The rule that it is about. */
	readonly rule: Rule;
	/** The word of the rule to point at. */
	readonly about: string;
	/** The error's name, and dmesg's words if there are any. */
	readonly message: string;
	readonly remedy: string;
}

/** What the kernel would refuse about a table; for a loop that alone, since it looks no further. */
export function checkLoad(table: Table): readonly LoadFault[] {
	const { chains, loop } = markHooks(table);
	if (loop !== null) return [loopFault(loop)];
	const faults: LoadFault[] = [];
	for (const reached of chains) {
		const { rules } = reached.chain;
		for (let index = 0; index < rules.length; index++) {
			const rule = rules[index];
			if (rule === undefined || isPlain(rule)) continue;
			const fault = checkRule(table, reached, rule, index);
			if (fault !== null) faults.push(fault);
		}
	}
	return faults;
}

/** Nothing that the kernel could object to: the common case, told apart at once. */
function isPlain(rule: Rule): boolean {
	return rule.matches.length === 0 && rule.target?.kind !== "extension";
}

function loopFault(loop: readonly Branch[]): LoadFault {
	const last = loop.at(-1);
	const rule = last?.rule as Rule;
	const path = loop.map(({ from }) => from);
	const shown =
		path.length > 8 ? [...path.slice(0, 4), "…", ...path.slice(-3)] : path;
	return {
		rule,
		about: last?.to ?? "",
		message: "Too many levels of symbolic links",
		remedy: `The chains jump in a circle: ${[...shown, last?.to].join(" → ")}. Take one of the jumps out.`,
	};
}

function checkRule(
	table: Table,
	reached: ReachedChain,
	rule: Rule,
	index: number,
): LoadFault | null {
	// Rules behind an unconditional verdict are reached from no hook.
	const mask = index <= reached.lastReached ? reached.hooks : 0;
	for (const use of rule.matches) {
		const extension = matches.get(use.name);
		if (extension === undefined) continue;
		const fault = checkUse(table, reached, rule, mask, "match", extension, use);
		if (fault !== null) return fault;
	}
	const { target } = rule;
	if (target?.kind !== "extension") return null;
	const extension = targets.get(target.name);
	if (extension === undefined) return null;
	return checkUse(table, reached, rule, mask, "target", extension, target);
}

function checkUse(
	table: Table,
	{ chain }: ReachedChain,
	rule: Rule,
	mask: number,
	kind: "match" | "target",
	extension: AnyExtension,
	use: MatchUse,
): LoadFault | null {
	const { header } = rule;
	const refuse = (reason: string, remedy: string): LoadFault => ({
		rule,
		about: use.name,
		message: `Invalid argument: ${reason}`,
		remedy,
	});
	const who = `x_tables: ip_tables: ${use.name} ${kind}:`;
	const { tables, hooks, protocols } = extension;
	if (tables && !tables.includes(table.name))
		return refuse(
			`${who} only valid in ${tables.join("/")} table, not ${table.name}`,
			`Move the rule to the table ${tables.join(" or ")}.`,
		);
	const used = hookNames(mask);
	if (hooks?.length && used.some((hook) => !hooks.includes(hook))) {
		const verb = kind === "match" ? "valid" : "usable";
		return refuse(
			`${who} used from hooks ${used.join("/")}, but only ${verb} from ${inOrder(hooks).join("/")}`,
			`Reach the rule from ${inOrder(hooks).join(" or ")} only.`,
		);
	}
	const { protocol, protocolInverted } = header;
	if (protocols && (protocolInverted || !protocols.includes(protocol)))
		return refuse(
			`${who} only valid for protocol ${protocols[0]}`,
			"Ask for the protocol in the same rule: `-p`, without a `!`.",
		);
	const reason = extension.check?.(use.options, {
		table: table.name,
		chain: chain.name,
		header,
		matches: rule.matches,
		hooks: used,
	});
	return typeof reason === "string"
		? refuse(reason, "Change or remove the rule.")
		: null;
}

function hookNames(mask: number): readonly HookName[] {
	return HOOK_NAMES.filter((_, hook) => (mask & (1 << hook)) !== 0);
}

function inOrder(hooks: readonly HookName[]): readonly HookName[] {
	return HOOK_NAMES.filter((hook) => hooks.includes(hook));
}
