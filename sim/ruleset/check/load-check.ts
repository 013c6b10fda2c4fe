/**
 * What the kernel refuses at COMMIT though iptables-restore took it (6.1): loops of jumps
 * (net/ipv4/netfilter/ip_tables.c, `mark_source_chains`), extensions in the wrong table, hook or
 * protocol (net/netfilter/x_tables.c, `xt_check_match` and `xt_check_target`), and what the
 * extensions themselves find (`checkentry`).
 */

import type {
	AddressMask,
	MatchUse,
	Rule,
	Table,
	TargetUse,
} from "../../contract/ruleset.ts";
import type { KernelRefusal } from "../../extension/kernel-refusal.ts";
import type { AnyExtension } from "../../extension/options/option-table.ts";
import { UNKNOWN_PROTOCOL } from "../../extension/values/open-names.ts";
import { type Behaviour, DEFAULT_BEHAVIOUR } from "../../linux/behaviour.ts";
import { matches } from "../../matches/index.ts";
import { HOOK_NAMES, type HookName } from "../../packet/skb/skb.ts";
import { targets } from "../../targets/index.ts";
import { type Branch, markHooks } from "./chain-walk.ts";
import {
	firstInvalid,
	firstOfLoop,
	NOTHING_ELSE,
	newRules,
	ownHook,
	type Placed,
	type Sent,
} from "./transaction-check.ts";

export type { Placed };

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

/** Most extensions can stand anywhere and say anything: these cannot. */
function particular<E extends AnyExtension>(
	all: ReadonlyMap<string, E>,
): ReadonlyMap<string, E> {
	return new Map(
		[...all].filter(
			([, { tables, hooks, protocols, check, shares, joins }]) =>
				tables || hooks || protocols || check || shares || joins,
		),
	);
}
const PARTICULAR_MATCHES = particular(matches);
const PARTICULAR_TARGETS = particular(targets);

/**
 * What the kernel would refuse about a table; for a loop that alone, since it looks no further.
 * @param loaded the tables that there are, its own predecessor among them
 * @param sent what iptables-nft sends besides
 */
export function checkLoad(
	table: Table,
	loaded: readonly Table[],
	behaviour = DEFAULT_BEHAVIOUR,
	sent: Sent = NOTHING_ELSE,
): readonly LoadFault[] {
	if (behaviour.refusedRule !== "the COMMIT")
		return checkTransaction(table, loaded, behaviour, sent);
	const { chains, loop } = markHooks(table);
	if (loop !== null) return [loopFault(loop)];
	const faults: LoadFault[] = [];
	const names = new SharedNames(loaded, behaviour);
	for (const { chain, hooks, lastReached } of chains) {
		for (let index = 0; index < chain.rules.length; index++) {
			const rule = chain.rules[index];
			if (rule === undefined || isPlain(rule)) continue;
			const mask = index <= lastReached ? hooks : 0;
			const fault = checkRule({
				table,
				chain: chain.name,
				rule,
				mask,
				names,
				behaviour,
			});
			if (fault !== null) faults.push(fault);
		}
	}
	return faults;
}

/**
 * The same under iptables-nft, where the kernel looks at the rules that are new, one by one, and then at
 * what jumps lead to.
 */
function checkTransaction(
	table: Table,
	loaded: readonly Table[],
	behaviour: Behaviour,
	{ removed, isRefused }: Sent,
): readonly LoadFault[] {
	const before = loaded.find(({ name }) => name === table.name);
	const added = newRules(table, before);
	const sent =
		removed.length === 0
			? added
			: [...added, ...removed].sort((a, b) => a.rule.line - b.rule.line);
	const names = new SharedNames(loaded, behaviour);
	const faults: LoadFault[] = [];
	for (const { chain, rule } of sent) {
		const fault = oddRule(rule) ?? checkSent({ chain, rule }, table, names);
		if (fault !== null) faults.push(inTransaction(fault, chain.name));
	}
	if (isRefused || faults.length > 0) return faults;
	const invalid =
		(behaviour.loops === "all are refused"
			? firstOfLoop(table, added)
			: null) ?? firstInvalid(table, added, comingInto(table, behaviour));
	if (invalid === null) return [];
	const { rule, chain, error } = invalid;
	const remedy =
		error !== "Invalid argument"
			? "With this rule chains jump in a circle, or more than 15 deep: take one of the jumps out."
			: "With this rule a built-in chain leads to a match or target that cannot be used there: reach it from other chains.";
	const { target } = rule;
	const about =
		target === null || target.kind === "verdict" ? chain : nameOf(target);
	return [inTransaction({ rule, about, message: error, remedy }, chain)];
}

/** The rule as it is sent to nf_tables, whatever leads to it. */
function checkSent(
	{ chain, rule }: Placed,
	table: Table,
	names: SharedNames,
): LoadFault | null {
	if (isPlain(rule)) return null;
	const hook = ownHook(chain);
	const mask = hook === null ? 0 : 1 << HOOK_NAMES.indexOf(hook);
	const { behaviour } = names;
	return checkRule({ table, chain: chain.name, rule, mask, names, behaviour });
}

/**
 * What nf_tables finds in a rule that jumps to where it must not: it comes to the matches first, in the order in which
 * they are sent (`nf_tables_newrule`, net/netfilter/nf_tables_api.c). `null`: nothing.
 */
export function faultBeforeJump(
	placed: Placed,
	{
		table,
		loaded,
		behaviour,
	}: {
		readonly table: Table;
		readonly loaded: readonly Table[];
		readonly behaviour: Behaviour;
	},
): LoadFault | null {
	const names = new SharedNames(loaded, behaviour);
	const fault = oddRule(placed.rule) ?? checkSent(placed, table, names);
	return fault && inTransaction(fault, placed.chain.name);
}

/** What iptables-nft sends in a form that nf_tables does not take; `null`: nothing of the rule. */
function oddRule(rule: Rule): LoadFault | null {
	const { target, header } = rule;
	// It takes the verdict for a chain, which there is not (`add_action`, iptables/nft-shared.c).
	if (target?.kind === "verdict" && target.name === "QUEUE")
		return {
			rule,
			about: "QUEUE",
			message: "No such file or directory",
			remedy: "Write `-j NFQUEUE`.",
		};
	// A comparison of no octets (`add_addr`, iptables/nft-shared.c).
	const isEmpty = ({ mask, inverted }: AddressMask) => inverted && mask === 0;
	return isEmpty(header.source) || isEmpty(header.destination)
		? {
				rule,
				about: "!",
				message: "Invalid argument",
				remedy: "No address is outside of 0.0.0.0/0: take the rule out.",
			}
		: null;
}

function nameOf(target: Exclude<TargetUse, { kind: "verdict" }>): string {
	return target.kind === "extension" ? target.name : target.chain;
}

/** nf_tables names an error, and what dmesg says of it stands behind. */
function inTransaction(fault: LoadFault, chain: string): LoadFault {
	const [error = "", ...reason] = fault.message.split(": ");
	const dmesg = reason.length > 0 ? `${reason.join(": ")}. ` : "";
	return {
		...fault,
		message: `RULE_APPEND failed (${error}): rule in chain ${chain}`,
		remedy: `${dmesg}${fault.remedy}`,
	};
}

/** In which hooks the extensions of a rule may be reached; `null`: in all. */
function allowedHooks(rule: Rule): readonly HookName[] | null {
	const sets = [...usesOf(rule)].flatMap(([{ hooks }]) =>
		hooks?.length ? [hooks] : [],
	);
	return sets.length === 0
		? null
		: sets.reduce((all, hooks) => all.filter((hook) => hooks.includes(hook)));
}

/** May packets of a hook come to a rule, by jumps? */
function comingInto(
	table: Table,
	behaviour: Behaviour,
): (hook: HookName, placed: Placed) => boolean {
	const objects = (
		hook: HookName,
		{ rule, chain: { name: chain } }: Placed,
	) => {
		const mask = 1 << HOOK_NAMES.indexOf(hook);
		const standing = { table, chain, rule, mask, behaviour };
		return [...usesOf(rule)].some(
			([extension, use]) => objectionOf(standing, extension, use) !== null,
		);
	};
	return (hook, placed) =>
		allowedHooks(placed.rule)?.includes(hook) !== false &&
		(behaviour.hooksOfCalled === "not asked" || !objects(hook, placed));
}

/**
 * May the kernel object to a rule because of what else there is? A jump makes rules reachable; some
 * extensions stand in some hooks only, or share a name with others.
 */
export function asksForTheWhole(rule: Rule): boolean {
	const { target } = rule;
	if (target?.kind === "jump" || target?.kind === "goto") return true;
	if (isPlain(rule)) return false;
	const asks = (extension: AnyExtension | undefined): boolean =>
		extension !== undefined &&
		Boolean(
			extension.hooks?.length ||
				extension.check ||
				extension.shares ||
				extension.joins,
		);
	return (
		rule.matches.some(({ name }) => asks(PARTICULAR_MATCHES.get(name))) ||
		(target?.kind === "extension" && asks(PARTICULAR_TARGETS.get(target.name)))
	);
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

/** Where a rule stands, for the checks of its extensions. */
interface Standing {
	readonly table: Table;
	readonly chain: string;
	readonly rule: Rule;
	/** Hooks that reach it: none behind an unconditional verdict. */
	readonly mask: number;
	/** What is named by now. */
	readonly names: SharedNames;
	readonly behaviour: Behaviour;
}

function checkRule(standing: Standing): LoadFault | null {
	const { rule } = standing;
	for (const use of rule.matches) {
		const extension = PARTICULAR_MATCHES.get(use.name);
		if (extension === undefined) continue;
		const fault = checkUse(standing, "match", extension, use);
		if (fault !== null) return fault;
	}
	const { target } = rule;
	if (target?.kind !== "extension") return null;
	const extension = PARTICULAR_TARGETS.get(target.name);
	if (extension === undefined) return null;
	return checkUse(standing, "target", extension, target);
}

/** The common case comes first: most uses ask nothing of where they stand. */
function checkUse(
	standing: Standing,
	kind: "match" | "target",
	extension: AnyExtension,
	use: MatchUse,
): LoadFault | null {
	const { table, rule, mask, names, behaviour } = standing;
	const { tables, hooks, protocols } = extension;
	const isAnywhere = extension.anyTable?.(behaviour) === true;
	if (tables && !tables.includes(table.name) && !isAnywhere)
		return misplaced(
			standing,
			`${use.name} ${kind}: only valid in ${tables.join("/")} table, not ${table.name}`,
			use.name,
			`Move the rule to the table ${tables.join(" or ")}.`,
		);
	if (hooks?.length && hookNames(mask).some((hook) => !hooks.includes(hook))) {
		const allowed = HOOK_NAMES.filter((hook) => hooks.includes(hook));
		const verb = kind === "match" ? "valid" : "usable";
		return misplaced(
			standing,
			`${use.name} ${kind}: used from hooks ${hookNames(mask).join("/")}, but only ${verb} from ${allowed.join("/")}`,
			use.name,
			`Reach the rule from ${allowed.join(" or ")} only.`,
		);
	}
	const { header } = rule;
	const { protocol, protocolInverted } = header;
	// Which protocol that is, only the machine knows: nothing is wrong with it that is sure.
	if (protocol === UNKNOWN_PROTOCOL) return null;
	if (protocols && (protocolInverted || !protocols.includes(protocol)))
		return misplaced(
			standing,
			`${use.name} ${kind}: only valid for protocol ${protocols[0]}`,
			use.name,
			"Ask for the protocol in the same rule: `-p`, without a `!`.",
		);
	const message =
		objectionOf(standing, extension, use) ?? names.check(extension, use);
	if (message !== null) {
		const {
			error,
			reason,
			remedy = "Change or remove the rule.",
		}: KernelRefusal = typeof message === "string"
			? { error: "Invalid argument", reason: message }
			: message;
		return {
			rule,
			about: use.name,
			message: `${error}: ${reason}`,
			remedy,
		};
	}
	const missing = names.missing(extension, use);
	if (missing === null) return null;
	return { rule, ...missing };
}

/** What the extension itself finds wrong with where it stands (`checkentry`). */
function objectionOf(
	{ table, chain, rule, mask, behaviour }: Omit<Standing, "names">,
	extension: AnyExtension,
	{ options }: MatchUse,
): string | KernelRefusal | null {
	const { header, matches: uses } = rule;
	return (
		extension.check?.(options, {
			table: table.name,
			chain,
			header,
			matches: uses,
			hooks: hookNames(mask),
			behaviour,
		}) ?? null
	);
}

/** What `xt_check_match` and `xt_check_target` say. */
function misplaced(
	{ rule }: Standing,
	reason: string,
	about: string,
	remedy: string,
): LoadFault {
	const message = `Invalid argument: x_tables: ip_tables: ${reason}`;
	return { rule, about, message, remedy };
}

/** The names of each set of hooks, made once. */
const HOOK_SETS: readonly (readonly HookName[])[] = Array.from(
	{ length: 1 << HOOK_NAMES.length },
	(_, mask) => HOOK_NAMES.filter((_name, hook) => (mask & (1 << hook)) !== 0),
);

function hookNames(mask: number): readonly HookName[] {
	return HOOK_SETS[mask] ?? [];
}

/** The extensions that a rule uses, and what it says of each. */
export function* usesOf({
	matches: uses,
	target,
}: Rule): Iterable<readonly [AnyExtension, MatchUse, "match" | "target"]> {
	for (const use of uses) {
		const extension = matches.get(use.name);
		if (extension) yield [extension, use, "match"];
	}
	const extension =
		target?.kind === "extension" ? targets.get(target.name) : undefined;
	if (extension && target?.kind === "extension")
		yield [extension, target, "target"];
}

type Missing = Pick<LoadFault, "about" | "message" | "remedy">;

/**
 * Names that rules share with each other, in whatever table they are. The first use of a name decides
 * what it stands for, and the kernel refuses others that want something else. A class because each rule
 * of a table that is about to be loaded may add a name.
 */
class SharedNames {
	private readonly loaded: readonly Table[];
	/** What each stands for; `null` until a rule shares a name. */
	private known: Map<string, string> | null = null;

	readonly behaviour: Behaviour;

	/** @param loaded the tables as they are, the one that is to be replaced among them */
	constructor(loaded: readonly Table[], behaviour: Behaviour) {
		this.loaded = loaded;
		this.behaviour = behaviour;
	}

	/** @returns in dmesg's words how it disagrees with those before it; `null` when it does not */
	check(extension: AnyExtension, { options }: MatchUse): string | null {
		const shared = extension.shares?.(options, this.behaviour);
		if (shared === undefined) return null;
		this.known ??= namesIn(this.loaded, this.behaviour);
		const key = keyOf(extension, shared.name);
		const before = this.known.get(key);
		if (before === undefined) this.known.set(key, shared.as);
		return before === undefined || before === shared.as || before === KEPT
			? null
			: shared.otherwise;
	}

	/** @returns which of the names that it joins no rule before it has made; `null` where all are there */
	missing(extension: AnyExtension, { options }: MatchUse): Missing | null {
		const joined = extension.joins?.(options);
		if (joined === undefined) return null;
		this.known ??= namesIn(this.loaded, this.behaviour);
		const { target, names, otherwise } = joined;
		for (const name of names)
			if (!this.known.has(keyOf({ name: target }, name)))
				return {
					about: name,
					message: `No such file or directory: ${otherwise}`,
					remedy: `Put a rule with \`-j ${target}\` that makes "${name}" in front of it, or into a table that is loaded before.`,
				};
		return null;
	}
}

/** A rule that joins a name keeps what it stands for, also where no rule is left that says it. */
const KEPT = "\0kept";

function keyOf({ name }: Pick<AnyExtension, "name">, shared: string): string {
	return `${name}\0${shared}`;
}

function namesIn(
	tables: readonly Table[],
	behaviour: Behaviour,
): Map<string, string> {
	const known = new Map<string, string>();
	for (const { chains } of tables)
		for (const { rules } of chains)
			for (const rule of rules)
				for (const [extension, { options }] of usesOf(rule)) {
					const shared = extension.shares?.(options, behaviour);
					if (shared) known.set(keyOf(extension, shared.name), shared.as);
					const joined = extension.joins?.(options);
					for (const name of joined?.names ?? []) {
						const key = keyOf({ name: joined?.target ?? "" }, name);
						if (!known.has(key)) known.set(key, KEPT);
					}
				}
	return known;
}
