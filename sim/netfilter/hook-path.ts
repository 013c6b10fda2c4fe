/**
 * What stands at which hook, in the order of the priorities, and the way of a packet through it
 * (`nf_hook_slow`, net/netfilter/core.c, 6.1).
 */
import { dropReasonOf } from "../conntrack/table/verdicts.ts";
import type { DroppedBy } from "../contract/gateway.ts";
import type { Table } from "../contract/ruleset.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import {
	type HOOK_FORWARD,
	type HOOK_INPUT,
	HOOK_NAMES,
	HOOK_OUTPUT,
	type HOOK_POSTROUTING,
	type HOOK_PREROUTING,
	NF_ACCEPT,
	NF_DROP,
	NF_STOLEN,
	type Skb,
	VERDICT_BITS,
	VERDICT_MASK,
} from "../packet/skb/skb.ts";
import { routeMeHarder, whyNoWay } from "../routing/route-output.ts";
import { HOOK_ENTRIES, type HookFunction } from "./hooks.ts";
import type { HookStep, Netfilter } from "./netfilter.ts";
import { NO_CHAIN, type Program } from "./program.ts";
import { nameOf, placeOf, traverse } from "./traverse.ts";

/** A packet that races stops where it would be confirmed. */
const HELD = "held";

/** What stops a packet at the end of its way, where it would be confirmed. */
export type StoppedAtEnd = DroppedBy | typeof HELD;

/**
 * Runs all functions of a hook.
 * @returns what stopped the packet: the place of a rule or policy, or a reason of the stack; `null` when it goes on
 * @throws UnknownSignal when the model does not know
 */
export function nfHook(
	net: Netfilter,
	hook: typeof HOOK_INPUT | typeof HOOK_POSTROUTING,
	skb: Skb,
): StoppedAtEnd | null;
export function nfHook(
	net: Netfilter,
	hook: typeof HOOK_PREROUTING | typeof HOOK_FORWARD | typeof HOOK_OUTPUT,
	skb: Skb,
): DroppedBy | null;
export function nfHook(
	net: Netfilter,
	hook: number,
	skb: Skb,
): StoppedAtEnd | null {
	skb.hook = hook;
	const steps = (net.hooks ?? wired(net))[hook] as readonly HookStep[];
	for (let index = 0; index < steps.length; index++) {
		const by = run(net, steps[index] as HookStep, skb);
		if (by !== null) return by;
	}
	return null;
}

function run(net: Netfilter, step: HookStep, skb: Skb): StoppedAtEnd | null {
	switch (step.kind) {
		case "track":
			return ofConntrack(net.conntrack.incoming(skb));
		case "table":
			return walk(net, step.program, skb);
		case "nat":
			return translate(net, step.program, skb);
		case "own-mangle": {
			const { mark, tos } = skb;
			const by = walk(net, step.program, skb);
			const isChanged = mark !== skb.mark || tos !== skb.tos;
			return isChanged ? (by ?? rerouted(net, skb)) : by;
		}
		case "own-nat": {
			const by = translate(net, step.program, skb);
			if (by !== null || !net.conntrack.isForAnother(skb)) return by;
			return rerouted(net, skb);
		}
		case "synproxy":
			return net.conntrack.proxied(skb) === undefined
				? null
				: net.proxyHook(skb);
		case "confirm":
			return nfConfirm(net, skb);
		case "hold":
			return net.conntrack.isFirst(skb) ? HELD : null;
	}
}

/** What stands last at INPUT and POSTROUTING (`nf_confirm`, net/netfilter/nf_conntrack_proto.c, 6.1). */
export function nfConfirm(
	{ conntrack }: Netfilter,
	skb: Skb,
): DroppedBy | null {
	return ofConntrack(conntrack.confirm(skb));
}

/** From now on first packets stop where they would be confirmed; until `hooks` is emptied. */
export function holdFirstPackets(net: Netfilter): void {
	net.hooks = (net.hooks ?? wired(net)).map((steps) =>
		steps.map((step) =>
			step.kind === "confirm" ? { kind: "hold", program: null } : step,
		),
	);
}

function walk(net: Netfilter, program: Program, skb: Skb): DroppedBy | null {
	const verdict = traverse(program, skb, net.tracer);
	if (verdict === NF_ACCEPT) return null;
	const at = verdict >> VERDICT_BITS;
	if ((verdict & VERDICT_MASK) === NF_STOLEN) return "taken by SYNPROXY";
	if ((verdict & VERDICT_MASK) === NF_DROP)
		return nameOf(program, at) as DroppedBy;
	const queued = new UnknownSignal(
		"packets handed to programs are not modelled",
	);
	queued.place = placeOf(program, at);
	throw queued;
}

/** `nf_nat_inet_fn`: the rules are asked for the first packet of a connection alone. */
function translate(
	net: Netfilter,
	program: Program,
	skb: Skb,
): DroppedBy | null {
	const { conntrack } = net;
	if (!conntrack.isUnmapped(skb)) return ofConntrack(conntrack.translate(skb));
	if (program.entries[skb.hook] === NO_CHAIN)
		return ofConntrack(conntrack.map(skb));
	return walk(net, program, skb) ?? ofConntrack(conntrack.map(skb));
}

function ofConntrack(verdict: number): DroppedBy | null {
	return verdict === NF_ACCEPT ? null : dropReasonOf(verdict);
}

/** `ipt_mangle_out`, `nf_nat_ipv4_local_fn`: what was changed may have no way any more. */
function rerouted({ routes, settings }: Netfilter, skb: Skb): DroppedBy | null {
	const route = routeMeHarder(routes, settings, skb);
	if (route === null)
		return whyNoWay(routes, skb, "no route after a rule changed it");
	skb.route = route;
	return null;
}

/** Puts a table that was checked in the place of the one of its name: what stands at the hooks changes with the next packet. */
export function replaceTable(net: Netfilter, table: Table): void {
	net.tables.replace(table);
	net.hooks = null;
}

/** Finds out what stands at each hook now. */
function wired(net: Netfilter): readonly (readonly HookStep[])[] {
	net.hooks = HOOK_NAMES.map((name, hook) =>
		HOOK_ENTRIES.filter(({ hooks }) => hooks.includes(name)).flatMap((entry) =>
			stepsOf(net, entry.function, hook),
		),
	);
	return net.hooks;
}

function stepsOf(
	{ tables }: Netfilter,
	at: HookFunction,
	hook: number,
): readonly HookStep[] {
	if (at.kind === "table" || at.kind === "nat") {
		const program = tables.program(at.kind === "nat" ? "nat" : at.table);
		// NAT's hooks stay where nothing is tracked any more: an error may belong to a connection from before.
		if (program === null) return [];
		const isOwn = hook === HOOK_OUTPUT;
		if (at.kind === "nat") {
			// nf_tables registers all of NAT's hooks with the first built-in chain (`nf_nat_register_fn`).
			const isRegistered = program.entries.some((entry) => entry !== NO_CHAIN);
			return isRegistered ? [{ kind: isOwn ? "own-nat" : "nat", program }] : [];
		}
		if (program.entries[hook] === NO_CHAIN) return [];
		const isOwnMangle = isOwn && at.table === "mangle";
		return [{ kind: isOwnMangle ? "own-mangle" : "table", program }];
	}
	if (at.kind === "synproxy")
		return tables.proxies ? [{ kind: "synproxy", program: null }] : [];
	if (!tables.needsConntrack) return [];
	return [{ kind: at.kind === "confirm" ? "confirm" : "track", program: null }];
}
