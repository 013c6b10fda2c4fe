/** What a health checker looks at, and what it decides by. */
import type { ProgramOwner } from "./program.ts";
import type { HttpCheck } from "./protocols/http-check.ts";

/** What is probed, and the switch that tells the ruleset about it. @public */
export interface HealthTarget {
	readonly backend: string;
	readonly address: string;
	readonly port: number;
	/** Name of the condition below `/proc/net/nf_condition`. */
	readonly condition: string;
}

/** How a backend is probed. @public */
export type HealthProbe =
	/** Connect, wait for 220, say QUIT. */
	| { readonly kind: "smtp" }
	/** Connect, that is all. */
	| { readonly kind: "tcp" }
	/** Connect, send a request, look at the answer. */
	| ({ readonly kind: "http" } & HttpCheck);

/**
 * What the state machine decides by: times and counts. How many targets there are is all that it
 * knows of them, so whoever runs it may probe in ways that no scenario has.
 * @public
 */
export interface HealthPolicy {
	readonly targets: readonly unknown[];
	/** From the start of one probe to the start of the next; at least `timeoutMs`. */
	readonly intervalMs: number;
	/** A probe that has no result by then has failed. */
	readonly timeoutMs: number;
	/** So many good probes in a row make a dead backend alive … */
	readonly rise: number;
	/** … and so many bad ones an alive one dead. */
	readonly fall: number;
	readonly initially: "alive" | "dead";
	/** Write every condition at the start, whatever it is; else only changes are written. */
	readonly writeAtStart: boolean;
	/** Write every condition again this often: a value that got lost (flush and load) is mended. `null`: never. */
	readonly rewriteMs: number | null;
	readonly aliveValue: string;
	readonly deadValue: string;
	/** Delete the conntrack entries of a backend that died, of all protocols, so that its clients do not stick to it. */
	readonly evict: boolean;
	/** Do not mark the last backend dead that is alive. */
	readonly neverAllDead: boolean;
	/** Each probe starts up to so much later than its time, by chance. A whole number. */
	readonly jitterMs: number;
}

/** A health checker of a scenario. @public */
export interface HealthCheckSettings extends HealthPolicy, ProgramOwner {
	/** Where the checker stands: the gateway's interface in front of it, and its address. */
	readonly interface: string;
	readonly address: string;
	readonly targets: readonly HealthTarget[];
	readonly probe: HealthProbe;
}
