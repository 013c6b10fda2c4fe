/**
 * What stands at which hook, in the order of the priorities, and the way of a packet through it
 * (`nf_hook_slow`, net/netfilter/core.c, 6.1).
 */
import type { Conntrack } from "../conntrack/conntrack.ts";
import { HOOK_ENTRIES, type HookFunction } from "../netfilter/hooks.ts";
import { lastPlace, type Tracer, traverse } from "../netfilter/traverse.ts";
import { UnknownSignal } from "../netfilter/unknown-signal.ts";
import { HOOK_NAMES, NF_ACCEPT, NO_ENTRY, type Skb } from "../packet/skb.ts";
import type { LoadedTables } from "./loaded-tables.ts";

/** One function at a hook, and what to say when it stops a packet. */
interface HookStep {
	readonly run: (skb: Skb) => number;
	readonly by: () => string;
}

export interface HookPathPorts {
	readonly tables: LoadedTables;
	readonly conntrack: Conntrack;
	readonly tracer: Tracer | null;
}

export class HookPath {
	/** Who stopped the last packet that was stopped: `filter:INPUT:rule:3`, or `conntrack`. */
	stoppedBy = "";
	private steps: readonly (readonly HookStep[])[] = [];
	private readonly ports: HookPathPorts;

	constructor(ports: HookPathPorts) {
		this.ports = ports;
		this.rewire();
	}

	/** To be called after tables were replaced: finds out anew what stands where. */
	rewire(): void {
		this.steps = HOOK_NAMES.map((name, hook) =>
			HOOK_ENTRIES.filter((entry) => entry.hooks.includes(name)).flatMap(
				(entry) => this.stepsOf(entry.function, hook),
			),
		);
	}

	/** Runs all functions of a hook. @returns false when one stopped the packet */
	pass(hook: number, skb: Skb): boolean {
		skb.hook = hook;
		const steps = this.steps[hook] as readonly HookStep[];
		for (let index = 0; index < steps.length; index++) {
			const step = steps[index] as HookStep;
			const verdict = step.run(skb);
			if (verdict === NF_ACCEPT) continue;
			if (verdict > NF_ACCEPT)
				throw new UnknownSignal("packets handed to programs are not modelled");
			this.stoppedBy = step.by();
			return false;
		}
		return true;
	}

	private stepsOf(at: HookFunction, hook: number): readonly HookStep[] {
		const { tables, conntrack, tracer } = this.ports;
		if (at.kind === "table" || at.kind === "nat") {
			const program = tables.program(at.kind === "nat" ? "nat" : at.table);
			if (!program) return [];
			const rules = (skb: Skb) => traverse(program, hook, skb, tracer);
			const by = () => lastPlace(program);
			if (at.kind === "table") return [{ run: rules, by }];
			// NAT belongs to connections: it does nothing for packets that have none.
			const run = (skb: Skb) => conntrack.translate(skb, rules);
			return tables.needsConntrack ? [{ run, by }] : [];
		}
		if (!tables.needsConntrack) return [];
		const by = () => "conntrack";
		if (at.kind === "confirm")
			return [{ run: (skb) => conntrack.confirm(skb), by }];
		// Seen before: on the loopback interface, or an answer that belongs to a connection.
		const run = (skb: Skb) =>
			skb.entry === NO_ENTRY ? conntrack.incoming(skb) : NF_ACCEPT;
		return [{ run, by }];
	}
}
