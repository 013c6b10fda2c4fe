import type {
	CtState,
	LogEntry,
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
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import { packetOf } from "../packet/skb/skb-packet.ts";
import type { Program } from "./compile.ts";
import { kindOfNode, nameOf, placeOf, type Tracer } from "./traverse.ts";

/** What the tracer asks of the box. */
export interface TracedBox {
	readonly routes: { readonly interfaces: readonly string[] };
	readonly tables: { readonly needsConntrack: boolean };
	readonly conntrack: { mark(entry: number): number };
}

/** A step that was begun: what its target does is still to come. */
type Reached = Omit<TraceEvent, "markAfter" | "connmark" | "log"> & {
	log: LogEntry | null;
};

export interface RuleTracer extends Tracer {
	/** What happens while it is off is told to nobody. To be switched between packets. */
	isOn: boolean;
	/** The rule that was reached last writes to a log. */
	log(skb: Skb, entry: LogEntry): void;
}

/** The tracer that the sinks ask for; `null` when there are none. */
export function createTracer(
	sinks: {
		readonly trace?: TraceSink;
		readonly reached?: (rule: string) => void;
	},
	box: () => TracedBox,
): RuleTracer | null {
	if (sinks.trace) return createRuleTracer(sinks.trace, box);
	return sinks.reached ? createNameTracer(sinks.reached) : null;
}

/**
 * Turns the steps of a walk into trace events: the packet as it stood when the rule was reached,
 * its mark before and after the target acted.
 */
function createRuleTracer(sink: TraceSink, box: () => TracedBox): RuleTracer {
	// A rule that rejects makes a packet that walks through rules itself before the target is done.
	const pending: Reached[] = [];
	return {
		isOn: true,
		reached(program: Program, at: number, skb: Skb) {
			if (!this.isOn) return;
			const { routes, tables } = box();
			const { interfaces } = routes;
			const chain = program.chains[at] as Program["chains"][number];
			pending.push({
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
			});
		},
		log(_skb: Skb, entry: LogEntry) {
			if (!this.isOn) return;
			const event = pending.at(-1);
			invariant(event !== undefined, "something was logged outside of a rule");
			event.log = entry;
		},
		left(skb: Skb) {
			if (!this.isOn) return;
			const event = pending.pop();
			invariant(event !== undefined, "a rule was left that was never reached");
			const connmark =
				skb.entry === NO_ENTRY ? null : box().conntrack.mark(skb.entry);
			sink({ ...event, markAfter: skb.mark, connmark });
		},
	};
}

/** Tells the names of rules alone, in the order in which the kernel's TRACE does: before their targets act. */
function createNameTracer(sink: (rule: string) => void): RuleTracer {
	return {
		isOn: true,
		reached(program, at) {
			if (this.isOn) sink(nameOf(program, at));
		},
		log() {},
		left() {},
	};
}

/** `XT_CONNTRACK_STATE_BIT`: the direction makes no difference. */
function ctState({ entry, ctinfo }: Skb): CtState {
	if (ctinfo === CTINFO_UNTRACKED) return "UNTRACKED";
	if (entry === NO_ENTRY) return "INVALID";
	if (ctinfo === CTINFO_NEW) return "NEW";
	return ctinfo % CTINFO_IS_REPLY === CTINFO_RELATED
		? "RELATED"
		: "ESTABLISHED";
}
