/**
 * Ruleset → program: every table becomes a row of nodes in flat arrays, one for each rule and one
 * for the end of each chain (its policy, or the return to where it was called from), as the kernel
 * lays it out (`struct ipt_replace`, 6.1). `traverse.ts` walks them.
 */
import type { Action, Test } from "../extension/extension.ts";
import type { RouterPorts } from "../extension/ports.ts";
import { invariant } from "../invariant.ts";
import { matches } from "../matches/index.ts";
import { HOOK_NAMES } from "../packet/skb.ts";
import type {
	AddressMask,
	Chain,
	Counters,
	InterfaceMatch,
	Rule,
	RuleHeader,
	Table,
	TargetUse,
} from "../ruleset/ruleset.ts";
import { targets } from "../targets/index.ts";

// What a node does with a packet that it matches.
export const COUNT = 0;
export const ACCEPT = 1;
export const DROP = 2;
export const RETURN = 3;
export const JUMP = 4;
export const GOTO = 5;
export const EXTENSION = 6;
export const QUEUE = 7;

// What a node's header asks for: zero for nothing, which is the common case and skips the rest.
export const BY_SOURCE = 1;
export const BY_DESTINATION = 2;
export const BY_PROTOCOL = 4;
export const BY_IN_INTERFACE = 8;
export const BY_OUT_INTERFACE = 16;
export const NOT_SOURCE = 32;
export const NOT_DESTINATION = 64;
export const NOT_PROTOCOL = 128;
/** `-f`: conntrack reassembles before any table sees a packet, so nothing ever matches. */
export const NEVER = 256;

// Layout of a node's header.
export const HEADER_WORDS = 8;
export const FLAGS = 0;
export const SOURCE = 1;
export const SOURCE_MASK = 2;
export const DESTINATION = 3;
export const DESTINATION_MASK = 4;
export const PROTOCOL = 5;
export const IN_SET = 6;
export const OUT_SET = 7;

/** A compiled table. Arrays are indexed by node. */
export interface Program {
	readonly table: Table;
	/** By hook: first node of the built-in chain, or -1; and its policy's node. */
	readonly entries: Int32Array;
	readonly underflows: Int32Array;
	readonly headers: Int32Array;
	/** By interface index: does it fit? `headers` refer to these. */
	readonly interfaceSets: readonly Uint8Array[];
	readonly tests: readonly (Test | null)[];
	readonly kinds: Uint8Array;
	/** First node of the chain that JUMP and GOTO lead to. */
	readonly destinations: Int32Array;
	readonly actions: readonly (Action | null)[];
	readonly packets: Float64Array;
	readonly bytes: Float64Array;
	/** How deep jumps can nest. */
	readonly depth: number;
	/** Chain of a node, and its number in it, from 1. */
	readonly chains: readonly Chain[];
	readonly numbers: Int32Array;
}

/**
 * Compiles a table that was checked before (`load-check.ts`).
 * @param ports what the box offers to the extensions
 */
export function compile(table: Table, ports: RouterPorts): Program {
	const size = table.chains.reduce(
		(sum, chain) => sum + chain.rules.length + 1,
		0,
	);
	const firstNodes = new Map<string, number>();
	let next = 0;
	for (const chain of table.chains) {
		firstNodes.set(chain.name, next);
		next += chain.rules.length + 1;
	}
	const entries = new Int32Array(HOOK_NAMES.length).fill(-1);
	const underflows = new Int32Array(HOOK_NAMES.length).fill(-1);
	for (const [hook, name] of HOOK_NAMES.entries()) {
		const chain = table.chains.find((candidate) => candidate.name === name);
		if (!chain) continue;
		const first = firstNodes.get(name) as number;
		entries[hook] = first;
		underflows[hook] = first + chain.rules.length;
	}
	const headers = new HeaderWriter(size, ports.interfaces);
	const tests: (Test | null)[] = new Array(size).fill(null);
	const actions: (Action | null)[] = new Array(size).fill(null);
	const kinds = new Uint8Array(size);
	const destinations = new Int32Array(size);
	const packets = new Float64Array(size);
	const bytes = new Float64Array(size);
	const chains: Chain[] = new Array(size);
	const numbers = new Int32Array(size);
	let node = 0;
	const place = (chain: Chain, number: number, counters: Counters) => {
		chains[node] = chain;
		numbers[node] = number;
		packets[node] = counters.packets;
		bytes[node] = counters.bytes;
	};
	for (const chain of table.chains) {
		for (const [index, rule] of chain.rules.entries()) {
			place(chain, index + 1, rule.counters);
			headers.write(node, rule.header);
			tests[node] = compileMatches(rule, ports);
			kinds[node] = kindOf(rule.target);
			if (rule.target?.kind === "extension")
				actions[node] = compileTarget(rule.target, ports);
			if (rule.target?.kind === "jump" || rule.target?.kind === "goto") {
				const destination = firstNodes.get(rule.target.chain);
				invariant(
					destination !== undefined,
					`jump to ${rule.target.chain} was not checked`,
				);
				destinations[node] = destination;
			}
			node++;
		}
		place(chain, chain.rules.length + 1, chain.counters);
		kinds[node] =
			chain.policy === null ? RETURN : chain.policy === "DROP" ? DROP : ACCEPT;
		node++;
	}
	return {
		table,
		entries,
		underflows,
		headers: headers.words,
		interfaceSets: headers.interfaceSets,
		tests,
		kinds,
		destinations,
		actions,
		packets,
		bytes,
		depth: table.chains.length + 1,
		chains,
		numbers,
	};
}

/** The table with its counters as they are now. */
export function tableNow(program: Program): Table {
	let node = 0;
	const now = (): Counters => ({
		packets: program.packets[node] as number,
		bytes: program.bytes[node++] as number,
	});
	return {
		name: program.table.name,
		chains: program.table.chains.map((chain) => ({
			...chain,
			rules: chain.rules.map((rule) => ({ ...rule, counters: now() })),
			counters: now(),
		})),
	};
}

function kindOf(target: TargetUse | null): number {
	if (target === null) return COUNT;
	switch (target.kind) {
		case "jump":
			return JUMP;
		case "goto":
			return GOTO;
		case "extension":
			return EXTENSION;
		case "verdict":
			return { ACCEPT, DROP, RETURN, QUEUE }[target.name];
	}
}

/** One closure for all matches of a rule; `null` when there are none. */
function compileMatches(rule: Rule, ports: RouterPorts): Test | null {
	const tests: Test[] = [];
	for (const use of rule.matches) {
		const extension = matches.get(use.name);
		invariant(extension !== undefined, `match ${use.name} is not registered`);
		// A comment matches always: nothing to do for it.
		if (use.name === "comment") continue;
		tests.push(
			extension.compile === null
				? () => ports.unknown(`match "${use.name}" is not modelled`)
				: extension.compile(use.options, ports),
		);
	}
	const [first, second, third, ...rest] = tests;
	if (!first) return null;
	if (!second) return first;
	if (!third) return (skb) => first(skb) && second(skb);
	if (rest.length === 0)
		return (skb) => first(skb) && second(skb) && third(skb);
	return (skb) => {
		for (const test of tests) if (!test(skb)) return false;
		return true;
	};
}

function compileTarget(
	target: TargetUse & { kind: "extension" },
	ports: RouterPorts,
): Action {
	const extension = targets.get(target.name);
	invariant(extension !== undefined, `target ${target.name} is not registered`);
	return extension.compile === null
		? () => ports.unknown(`target "${target.name}" is not modelled`)
		: extension.compile(target.options, ports);
}

/** Fills the header words of nodes, sharing equal interface sets. */
class HeaderWriter {
	readonly words: Int32Array;
	readonly interfaceSets: Uint8Array[] = [];
	private readonly sets = new Map<string, number>();
	private readonly interfaces: readonly string[];

	constructor(size: number, interfaces: readonly string[]) {
		this.words = new Int32Array(size * HEADER_WORDS);
		this.interfaces = interfaces;
	}

	write(node: number, header: RuleHeader): void {
		const base = node * HEADER_WORDS;
		let flags = header.fragment === "only" ? NEVER : 0;
		const address = (
			part: AddressMask,
			at: number,
			by: number,
			not: number,
		) => {
			// The whole address space fits always, so only its negation (never) is worth a test.
			if (part.mask === 0 && !part.inverted) return;
			flags |= by | (part.inverted ? not : 0);
			this.words[base + at] = part.address;
			this.words[base + at + 1] = part.mask;
		};
		address(header.source, SOURCE, BY_SOURCE, NOT_SOURCE);
		address(header.destination, DESTINATION, BY_DESTINATION, NOT_DESTINATION);
		if (header.protocol !== 0) {
			flags |= BY_PROTOCOL | (header.protocolInverted ? NOT_PROTOCOL : 0);
			this.words[base + PROTOCOL] = header.protocol;
		}
		if (header.inInterface) {
			flags |= BY_IN_INTERFACE;
			this.words[base + IN_SET] = this.setOf(header.inInterface);
		}
		if (header.outInterface) {
			flags |= BY_OUT_INTERFACE;
			this.words[base + OUT_SET] = this.setOf(header.outInterface);
		}
		this.words[base + FLAGS] = flags;
	}

	private setOf(wanted: InterfaceMatch): number {
		const key = `${wanted.inverted ? "! " : ""}${wanted.name}`;
		const known = this.sets.get(key);
		if (known !== undefined) return known;
		const prefix = wanted.name.endsWith("+") ? wanted.name.slice(0, -1) : null;
		const fits = (name: string) =>
			prefix === null ? name === wanted.name : name.startsWith(prefix);
		const set = Uint8Array.from(this.interfaces, (name) =>
			fits(name) !== wanted.inverted ? 1 : 0,
		);
		this.sets.set(key, this.interfaceSets.length);
		return this.interfaceSets.push(set) - 1;
	}
}
