/** What time and administrators do to a connection that stands, each as a step from a node. */
import type { Operation } from "../../../sim/contract/gateway.ts";
import { UnknownSignal } from "../../../sim/contract/unknown-signal.ts";
import { OWN_INTERFACE } from "../walk/walker.ts";
import type { EventName } from "./state/events.ts";
import {
	after,
	type Moved,
	type Node,
	type PathStep,
	type SearchOptions,
	type Shown,
} from "./state/node.ts";

function isToProgram({ sent }: Node): boolean {
	return sent?.interface === OWN_INTERFACE;
}

/** Connections to programs, which the second gateway has others of. */
const CUT_OFF = (["affinity", "isolation"] as const).map((property): Shown => {
	const why =
		"connections to programs of the gateway itself end with it: what comes of their packets at a second gateway is not proved";
	return { property, violated: null, why };
});

export function* operations(
	node: Node,
	options: SearchOptions,
): Generator<Moved> {
	const { events, explorer, operations: given } = options;
	const isBegun = node.phase !== "idle" && node.phase !== "closed";
	const isLoaded = node.rules !== "flushed";
	const left =
		isBegun && events.has("time-out")
			? explorer.timeLeft(node.situation)
			: null;
	if (left !== null) {
		const situation = explorer.wait(node.situation, left);
		const words = `${Math.round(left / 1000)} s pass, and conntrack forgets the connection`;
		const next = after(node, { kind: "wait", words, ms: left }, { situation });
		options.happens("time-out");
		yield { node: next, shown: [], last: next };
	}
	const todo: {
		readonly name: string;
		readonly event?: EventName;
		readonly isOn: boolean;
		readonly words: string;
		readonly does: readonly Operation[];
		readonly changed?: Partial<Node>;
	}[] = [
		{
			name: "evict",
			event: "evict",
			isOn: isBegun && events.has("evict"),
			words: "conntrack -D deletes the connection",
			does: given.evict,
		},
		{
			name: "reload",
			event: "reload",
			isOn: isLoaded && events.has("reload"),
			words: "iptables-restore loads the same rules",
			does: given.reload,
			changed: { rules: "loaded" },
		},
		{
			name: "noflush",
			event: "noflush",
			isOn: node.rules === "loaded" && events.has("noflush"),
			words: "iptables-restore --noflush loads the same rules besides",
			does: given.noflush,
			changed: { rules: "doubled" },
		},
		{
			name: "flush",
			event: "flush",
			isOn: isLoaded && events.has("flush"),
			words: "the rules are flushed",
			does: given.flush,
			changed: { rules: "flushed" },
		},
		{
			name: "reload",
			isOn: !isLoaded,
			words: "the rules are loaded again",
			does: given.reload,
			changed: { rules: "loaded", isForgotten: true },
		},
		{
			name: "take-over",
			event: "take-over",
			isOn: isLoaded && events.has("take-over"),
			words: "a second gateway takes over",
			does: [{ kind: "take-over" }],
		},
	];
	for (const { name, event, isOn, words, does, changed } of todo) {
		if (!isOn) continue;
		if (event !== undefined) options.happens(event);
		if (event === "take-over" && isBegun && isToProgram(node)) {
			yield { node: null, shown: CUT_OFF, last: node };
			continue;
		}
		const step: PathStep = { kind: "operate", words, operations: does };
		try {
			const situation = explorer.operate(node.situation, name, does);
			const next = after(node, step, { situation, ...changed });
			yield { node: next, shown: [], last: next };
		} catch (error) {
			if (!(error instanceof UnknownSignal)) throw error;
			const shown = (["liveness", "affinity", "isolation"] as const).map(
				(property) => ({ property, violated: null, why: error.reason }),
			);
			yield { node: null, shown, last: node };
		}
	}
}
