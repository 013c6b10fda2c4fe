/**
 * What stands around the gateway and what happens when: the part of a scenario that the world plays.
 */

import type { StepOperation } from "../contract/gateway.ts";
import type { BackendBehaviour } from "../endpoint/backend.ts";
import type { Dialogue } from "../endpoint/dialogue.ts";
import type { HealthCheckSettings } from "../endpoint/health-checker.ts";

/** What stands around the gateway: the service, clients, backends, the health checker, other hosts. @public */
export interface WorldSetup {
	/** The address and port that clients know. */
	readonly service: { readonly address: string; readonly port: number };
	readonly clients: readonly ClientSetup[];
	readonly backends: readonly BackendSetup[];
	readonly healthCheck: HealthCheckSettings | null;
	/** Other addresses that answer ARP, and nothing else: routers on the way to far clients, say. */
	readonly neighbours?: readonly {
		readonly interface: string;
		readonly address: string;
	}[];
}

/** A client: a host that opens connections to the service. @public */
export interface ClientSetup {
	readonly name: string;
	readonly address: string;
	/** The gateway's interface behind which it stands. */
	readonly interface: string;
	/** Time that a packet takes between it and the gateway. */
	readonly latencyMs: number;
}

/**
 * A backend: its address, the gateway's interface behind which it stands, and how it behaves at the
 * beginning.
 * @public
 */
export interface BackendSetup {
	readonly name: string;
	readonly address: string;
	readonly interface: string;
	readonly latencyMs: number;
	readonly behaviour: BackendBehaviour;
	/** Where it listens; the service's port when left out. */
	readonly port?: number;
}

/**
 * When the connections of a `connect` step begin: all at once, in step, or at random (Poisson) at a mean
 * rate per second.
 * @public
 */
export type Arrivals =
	| { readonly kind: "at-once" }
	| { readonly kind: "every"; readonly intervalMs: number }
	| { readonly kind: "poisson"; readonly perSecond: number };

/** Source ports: drawn as Linux draws them, counted up from a first one, or always the same. @public */
export type PortPolicy =
	| { readonly kind: "drawn" }
	| { readonly kind: "from"; readonly first: number }
	| { readonly kind: "fixed"; readonly port: number };

/** What happens at one time of a play, `atMs` after its beginning; expectations name it by its label. @public */
export type Step = { readonly atMs: number; readonly label: string } & StepKind;

/** The kinds of steps, each with what belongs to it. @public */
export type StepKind =
	/** A client opens connections to the service, one after the other as `arrivals` says. */
	| {
			readonly kind: "connect";
			readonly client: string;
			readonly count: number;
			readonly arrivals: Arrivals;
			readonly ports: PortPolicy;
			readonly dialogue: Dialogue;
	  }
	/** Connections of an earlier `connect` step (by its label) that wait are told to go on: the client, or their backend, says something. */
	| {
			readonly kind: "speak";
			readonly connections: string;
			readonly who: "client" | "backend";
	  }
	/** … to close. */
	| {
			readonly kind: "close";
			readonly connections: string;
			readonly who: "client" | "backend";
	  }
	/** A packet by hand, in one-line notation, put on an interface. */
	| {
			readonly kind: "packet";
			readonly interface: string;
			readonly packet: string;
	  }
	| {
			readonly kind: "backend";
			readonly backend: string;
			readonly becomes: BackendBehaviour;
	  }
	| { readonly kind: "operation"; readonly operation: StepOperation }
	/** Keeps counters, conntrack and conditions as they are now under the step's label. */
	| { readonly kind: "observe" };
