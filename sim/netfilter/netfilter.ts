/** What netfilter knows of a gateway: the part of the gateway's record that a walk through hooks needs. */
import type { Conntrack } from "../conntrack/conntrack.ts";
import type { DroppedBy, LogEntry } from "../contract/gateway.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { OutputSettings } from "../routing/route-output.ts";
import type { Routes } from "../routing/routes.ts";
import type { IpSets } from "../sets/ip-sets.ts";
import type { LoadedTables } from "./loaded-tables.ts";
import type { Program } from "./program.ts";

export interface Netfilter {
	readonly tables: LoadedTables;
	readonly conntrack: Conntrack;
	readonly sets: IpSets;
	/** A packet of the gateway's own that a rule changes is routed again. */
	readonly routes: Routes;
	readonly settings: OutputSettings;
	/** What SYNPROXY does behind all rules with packets of connections that it opens (`ipv4_synproxy_hook`). */
	readonly proxyHook: (skb: Skb) => DroppedBy | null;
	/** Hears of every rule that a packet matches; `null` costs nothing. */
	readonly tracer: Tracer | null;
	/** By hook; `null` from a change of the tables until the next packet. */
	hooks: readonly (readonly HookStep[])[] | null;
}

/**
 * One function at a hook. A record and a switch rather than a closure each: calls whose target is
 * known where they stand are inlined.
 */
export type HookStep =
	/** `hold`: while packets race, in the place of `confirm`. */
	| {
			readonly kind: "track" | "synproxy" | "confirm" | "hold";
			readonly program: null;
	  }
	| {
			/** `own-…`: at OUTPUT, where what was changed may have to go elsewhere. */
			readonly kind: "table" | "own-mangle" | "nat" | "own-nat";
			readonly program: Program;
	  };

/** Hears of every rule, chain end and policy that a packet matches, before and after its target acts. */
export interface Tracer {
	reached(program: Program, at: number, skb: Skb): void;
	/** The rule that was reached last writes to a log. */
	log(entry: LogEntry): void;
	/** @param verdict of an extension's target, or of a match that drops; XT_CONTINUE for all else */
	left(skb: Skb, verdict: number): void;
}
