/**
 * What stands at which hook, in the order of the priorities, and the way of a packet through it
 * (`nf_hook_slow`, net/netfilter/core.c, 6.1).
 */
import type { Conntrack } from "../conntrack/conntrack.ts";
import { lastDropReason } from "../conntrack/table/drop.ts";
import type { DroppedBy } from "../contract/gateway.ts";
import {
	HOOK_NAMES,
	HOOK_OUTPUT,
	NF_ACCEPT,
	NF_DROP,
	type Skb,
} from "../packet/skb/skb.ts";
import type { Program } from "./compile.ts";
import { HOOK_ENTRIES, type HookFunction } from "./hooks.ts";
import type { LoadedTables } from "./loaded-tables.ts";
import { lastPlace, type Tracer, traverse } from "./traverse.ts";
import { UnknownSignal } from "./unknown-signal.ts";

/**
 * One function at a hook. A record and a switch rather than a closure each: calls whose target is
 * known where they stand are inlined.
 */
type HookStep =
	| {
			readonly kind: "track" | "confirm";
			readonly program: null;
			readonly rules: null;
	  }
	| {
			/** `own-…`: at OUTPUT, where what was changed may have to go elsewhere. */
			readonly kind: "table" | "own-mangle" | "nat" | "own-nat";
			readonly program: Program;
			readonly rules: (skb: Skb) => number;
	  };

export interface HookPathPorts {
	readonly tables: LoadedTables;
	readonly conntrack: Conntrack;
	readonly tracer: Tracer | null;
	/** Can a packet of the box's own that was changed go where it goes now? */
	isRoutable(skb: Skb): boolean;
}

export class HookPath {
	/** What stopped the last packet that was stopped: the place of a rule or policy, or conntrack's reason. */
	stoppedBy: DroppedBy = "no route";
	private isStoppedByNatRule = false;
	private isUnroutable = false;
	/** `null` from a change of the tables until the next packet. */
	private steps: readonly (readonly HookStep[])[] | null = null;
	private readonly ports: HookPathPorts;
	private readonly conntrack: Conntrack;

	constructor(ports: HookPathPorts) {
		this.ports = ports;
		this.conntrack = ports.conntrack;
	}

	/** To be called after tables were replaced: the next packet finds out anew what stands where. */
	rewire(): void {
		this.steps = null;
	}

	private wired(): readonly (readonly HookStep[])[] {
		this.steps = HOOK_NAMES.map((name, hook) =>
			HOOK_ENTRIES.filter((entry) => entry.hooks.includes(name)).flatMap(
				(entry) => this.stepsOf(entry.function, hook),
			),
		);
		return this.steps;
	}

	/** Runs all functions of a hook. @returns false when one stopped the packet */
	pass(hook: number, skb: Skb): boolean {
		skb.hook = hook;
		const steps = (this.steps ?? this.wired())[hook] as readonly HookStep[];
		for (let index = 0; index < steps.length; index++) {
			const step = steps[index] as HookStep;
			const verdict = this.run(step, skb);
			if (verdict === NF_ACCEPT) continue;
			if (verdict > NF_ACCEPT)
				throw new UnknownSignal("packets handed to programs are not modelled");
			this.stoppedBy = this.stopperAt(step);
			return false;
		}
		return true;
	}

	private stopperAt({ kind, program }: HookStep): DroppedBy {
		if (program === null) return lastDropReason();
		if (this.isUnroutable) {
			this.isUnroutable = false;
			return "no route after a rule changed it";
		}
		if (kind.endsWith("nat") && !this.isStoppedByNatRule)
			return lastDropReason();
		this.isStoppedByNatRule = false;
		return lastPlace(program) as DroppedBy;
	}

	private run(step: HookStep, skb: Skb): number {
		const { conntrack } = this;
		switch (step.kind) {
			case "track":
				return conntrack.incoming(skb);
			case "table":
				return traverse(step.program, skb.hook, skb, this.ports.tracer);
			case "nat":
				return conntrack.translate(skb, step.rules);
			case "own-mangle": {
				const { mark, tos } = skb;
				const verdict = traverse(
					step.program,
					skb.hook,
					skb,
					this.ports.tracer,
				);
				return mark === skb.mark && tos === skb.tos
					? verdict
					: this.reroute(skb, verdict);
			}
			case "own-nat": {
				const { destination } = skb;
				const verdict = conntrack.translate(skb, step.rules);
				return destination === skb.destination
					? verdict
					: this.reroute(skb, verdict);
			}
			case "confirm":
				return conntrack.confirm(skb);
		}
	}

	/** `ipt_mangle_out`, `nf_nat_ipv4_local_fn`. */
	private reroute(skb: Skb, verdict: number): number {
		if (verdict !== NF_ACCEPT || this.ports.isRoutable(skb)) return verdict;
		this.isUnroutable = true;
		return NF_DROP;
	}

	private stepsOf(at: HookFunction, hook: number): readonly HookStep[] {
		const { tables, tracer } = this.ports;
		if (at.kind === "table" || at.kind === "nat") {
			const program = tables.program(at.kind === "nat" ? "nat" : at.table);
			// NAT's hooks stay where nothing is tracked any more: an error may belong to a connection from before.
			if (!program) return [];
			const rules = (skb: Skb) => {
				const verdict = traverse(program, hook, skb, tracer);
				if (verdict === NF_DROP) this.isStoppedByNatRule = true;
				return verdict;
			};
			const isOwn = hook === HOOK_OUTPUT;
			if (at.kind === "nat")
				return [{ kind: isOwn ? "own-nat" : "nat", program, rules }];
			const isOwnMangle = isOwn && at.table === "mangle";
			return [{ kind: isOwnMangle ? "own-mangle" : "table", program, rules }];
		}
		if (!tables.needsConntrack) return [];
		const kind = at.kind === "confirm" ? "confirm" : "track";
		return [{ kind, program: null, rules: null }];
	}
}
