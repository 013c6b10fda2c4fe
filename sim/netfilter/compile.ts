/**
 * Ruleset → program: every table becomes a row of nodes, one for each rule and one
 * for the end of each chain (its policy, or the return to where it was called from), as the kernel
 * lays it out (`struct ipt_replace`, 6.1). `traverse.ts` walks them.
 */

import type { Need } from "../contract/need.ts";
import type {
	AddressMask,
	Chain,
	Counters,
	InterfaceMatch,
	Rule,
	RuleHeader,
	Table,
	TargetUse,
} from "../contract/ruleset.ts";
import { allOf } from "../extension/all-of.ts";
import type { Action, Test } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { invariant } from "../invariant.ts";
import { matches } from "../matches/index.ts";
import { HOOK_NAMES } from "../packet/skb/skb.ts";
import { NO_COUNTERS } from "../ruleset/base/command.ts";
import { ANY_ADDRESS } from "../ruleset/line/read-address.ts";
import { targets } from "../targets/index.ts";
import type { Cells } from "./cells.ts";
import { type Begun, compileMatches } from "./compile-matches.ts";
import { keysOf } from "./lookup/rule-keys.ts";
import {
	type ChainIndex,
	NO_CHAIN,
	type Node,
	type NodeKind,
	type Program,
} from "./program.ts";

/**
 * Compiles a table that was checked before (`load-check.ts`).
 * @param ports what the gateway offers to the extensions
 * @param begun what there is of it already
 */
export function compile(
	table: Table,
	ports: ExtensionHost,
	begun: Begun,
): Program {
	const { firstNodes, size } = layout(table);
	const entries = new Int32Array(HOOK_NAMES.length).fill(NO_CHAIN);
	const underflows = new Int32Array(HOOK_NAMES.length).fill(NO_CHAIN);
	for (const [hook, name] of HOOK_NAMES.entries()) {
		const chain = table.chains.find((candidate) => candidate.name === name);
		if (!chain || chain.lacks === "chain") continue;
		const first = firstNodes.get(name) as number;
		entries[hook] = first;
		underflows[hook] = first + chain.rules.length;
	}
	const headers = new HeaderWriter(ports.interfaces);
	const nodes: Node[] = [];
	const counters = new Float64Array(size * 2);
	const chains: Chain[] = [];
	const numbers = new Int32Array(size);
	// Where nothing depends on it, a walk that takes every way has nothing to take two of.
	const { decide: _, standsForAny: __, ...deciding } = ports;
	const aside = { ...deciding, choice: ports.aside ?? ports.choice };
	const place = (chain: Chain, number: number, counted: Counters): Node => {
		const at = nodes.length;
		chains.push(chain);
		numbers[at] = number;
		counters[at * 2] = counted.packets;
		counters[at * 2 + 1] = counted.bytes;
		const node = emptyNode();
		nodes.push(node);
		return node;
	};
	for (const chain of table.chains) {
		for (const [index, rule] of chain.rules.entries()) {
			const node = place(chain, index + 1, rule.counters);
			const name = `${table.name}:${chain.name}:rule:${index + 1}`;
			const from = decides(rule) ? ports : aside;
			headers.write(node, headerOf(rule, from));
			const tests = compileMatches(rule, from, name, begun);
			node.test = testOf(tests.map(({ test }) => test));
			node.fragmentTest = testOf(tests.map(({ fragmentTest }) => fragmentTest));
			node.kind = kindOf(rule.target);
			if (rule.target?.kind === "extension")
				node.action = compileTarget(rule.target, ports);
			if (rule.target?.kind === "jump" || rule.target?.kind === "goto") {
				const destination = firstNodes.get(rule.target.chain);
				invariant(
					destination !== undefined,
					`jump to ${rule.target.chain} was not checked`,
				);
				node.target = destination;
			}
		}
		indexChain(chain, nodes, firstNodes.get(chain.name) as number, {
			...begun,
			asksForClients: ports.decide !== undefined,
		});
		const end = place(chain, chain.rules.length + 1, chain.counters);
		end.kind =
			chain.policy === null
				? "return"
				: chain.policy === "DROP"
					? "drop"
					: "accept";
	}
	return {
		table,
		entries,
		underflows,
		nodes,
		counters,
		behaviour: ports.behaviour,
		cells: begun.cells,
		chains,
		numbers,
		jumpStack: new Int32Array(table.chains.length),
	};
}

/** Where each chain begins, and how many nodes there are. */
function layout({ chains }: Table) {
	const firstNodes = new Map<string, number>();
	let size = 0;
	for (const { name, rules } of chains) {
		firstNodes.set(name, size);
		size += rules.length + 1;
	}
	return { firstNodes, size };
}

/** Lets a long chain's rules be looked up, by the index that it had where its rules want the same as before. */
function indexChain(
	{ name, rules }: Chain,
	nodes: readonly Node[],
	first: number,
	{ indexed, asksForClients }: Begun & { readonly asksForClients: boolean },
): void {
	if (rules.length < indexed.least) return;
	const keys = keysOf(rules, nodes.slice(first), asksForClients);
	const index = indexed.of(name, keys);
	if (index === null) return;
	const chain: ChainIndex = { first, rules: index };
	for (let at = first; at < nodes.length; at++)
		(nodes[at] as Node).index = chain;
}

/** One closure for all matches of a rule; `null` when there are none. */
function testOf(tests: readonly Test[]): Test | null {
	return tests.length === 0 ? null : allOf(tests);
}

/** Matches every packet, and only counts it. Only here are nodes made. */
function emptyNode(): Node {
	return {
		asksHeader: false,
		source: null,
		destination: null,
		protocol: null,
		inInterfaces: null,
		outInterfaces: null,
		fragment: null,
		test: null,
		fragmentTest: null,
		kind: "count",
		index: null,
		target: 0,
		action: null,
	};
}

/** The table with its counters as they are now. */
export function tableNow(program: Program): Table {
	const isShown = program.behaviour.countsInOptions === "shown";
	let at = 0;
	const now = (): Counters => ({
		packets: program.counters[at++] as number,
		bytes: program.counters[at++] as number,
	});
	return {
		name: program.table.name,
		chains: program.table.chains.map((chain) => ({
			...chain,
			rules: chain.rules.map((rule) => ({
				...(isShown ? withOptionsNow(rule, program.cells) : rule),
				counters: now(),
			})),
			counters: shown(chain, now()),
		})),
	};
}

function shown({ lacks }: Chain, counters: Counters): Counters {
	return lacks === undefined ? counters : NO_COUNTERS;
}

/** Matches whose options packets change. */
const CHANGING = new Map(
	[...matches].filter(([, { optionsNow }]) => optionsNow !== undefined),
);

function withOptionsNow(rule: Rule, cells: Cells): Rule {
	if (!rule.matches.some(({ name }) => CHANGING.has(name))) return rule;
	const uses = rule.matches.map((use, place) => ({
		...use,
		options:
			CHANGING.get(use.name)?.optionsNow?.(
				use.options,
				cells.of(rule, place),
			) ?? use.options,
	}));
	return { ...rule, matches: uses };
}

/** Can it change where a packet goes whether the rule matches? */
function decides({ target, matches: uses }: Rule): boolean {
	if (uses.some(isRemembered)) return true;
	if (target === null) return false;
	return target.kind !== "extension" || !targets.get(target.name)?.onlyReports;
}

/** Does it remember a packet for other rules to ask about? What counts for its own rule alone has a question. */
function isRemembered({ name, options }: Rule["matches"][number]): boolean {
	const match = matches.get(name);
	return match?.stateful === true && !match.question?.(options);
}

function kindOf(target: TargetUse | null): NodeKind {
	if (target === null) return "count";
	return target.kind === "verdict" ? VERDICTS[target.name] : target.kind;
}

const VERDICTS = {
	ACCEPT: "accept",
	DROP: "drop",
	RETURN: "return",
	QUEUE: "queue",
} as const;

function compileTarget(
	target: TargetUse & { kind: "extension" },
	ports: ExtensionHost,
): Action {
	const extension = targets.get(target.name);
	invariant(extension !== undefined, `target ${target.name} is not registered`);
	return extension.compile === null
		? () => ports.unknown(`target "${target.name}" is not modelled`)
		: extension.compile(target.options, ports);
}

/** What a node asks of headers: what is decided of a packet that stands for any, tests ask (`../ruleset/any-packet.ts`). */
function headerOf(rule: Rule, { standsForAny }: ExtensionHost): RuleHeader {
	const header = knownHeader(rule);
	return standsForAny === undefined ? header : { ...header, fragment: null };
}

/** The header, less what names that only the machine knows stand for. */
function knownHeader({ header, asWritten }: Rule): RuleHeader {
	if (asWritten === undefined) return header;
	const isOpen = (wanted: Need["kind"]) =>
		asWritten.needs.some(({ kind }) => kind === wanted);
	return {
		...header,
		...(isOpen("host") && { source: ANY_ADDRESS, destination: ANY_ADDRESS }),
		...(isOpen("protocol") && { protocol: 0 }),
	};
}

/** Fills in what nodes ask of headers, sharing equal interface sets. */
class HeaderWriter {
	private readonly sets = new Map<string, Uint8Array>();
	private readonly interfaces: readonly string[];

	constructor(interfaces: readonly string[]) {
		this.interfaces = interfaces;
	}

	write(node: Node, header: RuleHeader): void {
		const { protocol, inInterface, outInterface } = header;
		node.fragment = header.fragment;
		node.source = asked(header.source);
		node.destination = asked(header.destination);
		if (protocol !== 0)
			node.protocol = { number: protocol, inverted: header.protocolInverted };
		if (inInterface) node.inInterfaces = this.setOf(inInterface);
		if (outInterface) node.outInterfaces = this.setOf(outInterface);
		node.asksHeader =
			node.fragment !== null ||
			node.source !== null ||
			node.destination !== null ||
			node.protocol !== null ||
			node.inInterfaces !== null ||
			node.outInterfaces !== null;
	}

	private setOf(wanted: InterfaceMatch): Uint8Array {
		const key = `${wanted.inverted ? "! " : ""}${wanted.name}`;
		const known = this.sets.get(key);
		if (known !== undefined) return known;
		const prefix = wanted.name.endsWith("+") ? wanted.name.slice(0, -1) : null;
		const fits = (name: string) =>
			prefix === null ? name === wanted.name : name.startsWith(prefix);
		const set = Uint8Array.from(this.interfaces, (name) =>
			fits(name) !== wanted.inverted ? 1 : 0,
		);
		this.sets.set(key, set);
		return set;
	}
}

/** The whole address space fits always, so only its negation (never) is worth a test. */
function asked({ address, mask, inverted }: AddressMask): AddressMask | null {
	return mask === 0 && !inverted ? null : { address, mask, inverted };
}
