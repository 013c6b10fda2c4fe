import type {
	CtState,
	LogEntry,
	TracedVerdict,
	TraceEvent,
	TraceSink,
} from "../contract/gateway.ts";
import { invariant } from "../invariant.ts";
import {
	CTINFO_IS_REPLY,
	CTINFO_NEW,
	CTINFO_RELATED,
	CTINFO_UNTRACKED,
	HOOK_NAMES,
	type HookName,
	NF_ACCEPT,
	NF_DROP,
	NF_QUEUE,
	NF_STOLEN,
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import { packetOf } from "../packet/skb/skb-packet.ts";
import type { Netfilter, Tracer } from "./netfilter.ts";
import type { Node, NodeKind, Program } from "./program.ts";
import { kindOfNode, nameOf, placeOf } from "./traverse.ts";

/** A step that was begun: what its target does is still to come. */
type Reached = Omit<
	TraceEvent,
	"markAfter" | "connmark" | "log" | "verdict"
> & {
	log: LogEntry | null;
	/** Of a rule without an extension's target. */
	readonly nodeKind: NodeKind;
};

export interface RuleTracer extends Tracer {
	/** While it is off, nothing is reported. To be switched between packets. */
	isOn: boolean;
	/** See `TraceEvent`. */
	racer: number;
}

/** The tracer that the sinks ask for; `null` when there are none. */
export function createTracer(
	sinks: {
		readonly trace?: TraceSink;
		readonly reached?: (rule: string) => void;
	},
	net: () => Netfilter,
): RuleTracer | null {
	if (sinks.trace) return createRuleTracer(sinks.trace, net);
	return sinks.reached ? createNameTracer(sinks.reached) : null;
}

/**
 * Turns the steps of a walk into trace events: the packet as it stood when the rule was reached,
 * its mark before and after the target acted.
 */
function createRuleTracer(sink: TraceSink, net: () => Netfilter): RuleTracer {
	let pending: Reached | null = null;
	return {
		isOn: true,
		racer: 0,
		reached(program: Program, at: number, skb: Skb) {
			if (!this.isOn) return;
			const { routes, tables } = net();
			const { interfaces } = routes;
			const chain = program.chains[at] as Program["chains"][number];
			pending = {
				racer: this.racer,
				table: program.table.name,
				chain: chain.name,
				hook: HOOK_NAMES[skb.hook] as HookName,
				kind: kindOfNode(program, at),
				number: program.numbers[at] as number,
				packet: packetOf(skb),
				inInterface: interfaces[skb.inInterface] as string,
				outInterface: interfaces[skb.outInterface] as string,
				markBefore: skb.mark,
				text: placeOf(program, at).text,
				ctstate:
					tables.needsConntrack && program.table.name !== "raw"
						? ctState(skb)
						: null,
				traced: skb.traced,
				log: null,
				nodeKind: (program.nodes[at] as Node).kind,
			};
		},
		log(entry: LogEntry) {
			if (!this.isOn) return;
			invariant(pending !== null, "something was logged outside of a rule");
			pending.log = entry;
		},
		left(skb: Skb, verdict: number) {
			if (!this.isOn) return;
			invariant(pending !== null, "a rule was left that was never reached");
			const { nodeKind, ...event } = pending;
			pending = null;
			const connmark =
				skb.entry === NO_ENTRY ? null : net().conntrack.view.mark(skb.entry);
			const decided = VERDICTS[verdict] ?? OF_NODES[nodeKind] ?? "CONTINUE";
			sink({ ...event, verdict: decided, markAfter: skb.mark, connmark });
		},
	};
}

/** Reports the names of rules alone, in the order in which the kernel's TRACE does: before their targets act. */
function createNameTracer(sink: (rule: string) => void): RuleTracer {
	return {
		isOn: true,
		racer: 0,
		reached(program, at) {
			if (this.isOn) sink(nameOf(program, at));
		},
		log() {},
		left() {},
	};
}

/** Verdicts of extensions' targets, by their numbers. */
const VERDICTS: Readonly<Record<number, TracedVerdict>> = {
	[NF_ACCEPT]: "ACCEPT",
	[NF_DROP]: "DROP",
	[NF_QUEUE]: "QUEUE",
	[NF_STOLEN]: "STOLEN",
};

const OF_NODES: Readonly<Partial<Record<NodeKind, TracedVerdict>>> = {
	accept: "ACCEPT",
	drop: "DROP",
	queue: "QUEUE",
	jump: "JUMP",
	goto: "GOTO",
	return: "RETURN",
};

/** `XT_CONNTRACK_STATE_BIT`: the direction makes no difference. */
function ctState({ entry, ctinfo }: Skb): CtState {
	if (ctinfo === CTINFO_UNTRACKED) return "UNTRACKED";
	if (entry === NO_ENTRY) return "INVALID";
	if (ctinfo === CTINFO_NEW) return "NEW";
	return ctinfo % CTINFO_IS_REPLY === CTINFO_RELATED
		? "RELATED"
		: "ESTABLISHED";
}
