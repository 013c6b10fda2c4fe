/**
 * What stands around the gateway and what happens when: the part of a scenario that the world plays.
 */

import type { GatewaySetup, StepOperation } from "../../contract/gateway.ts";
import type { BackendBehaviour } from "../../endpoint/backend.ts";
import type { Dialogue } from "../../endpoint/dialogue.ts";
import type { HealthCheckSettings } from "../../endpoint/health-checker.ts";
import type { Program, ProgramOwner } from "../../endpoint/program.ts";

/** What stands around the gateway: services, clients, backends, the health checker, other hosts. @public */
export interface WorldSetup {
	/** The address and port that clients know, where there is one service alone, of TCP. */
	readonly service?: { readonly address: string; readonly port: number };
	/** Services by name, besides that one. A setup has one service at least. */
	readonly services?: readonly ServiceSetup[];
	/**
	 * The gateway's networks: what a host with a default route of its own takes for its link. A host on none of them is
	 * far: routers on any link lead to it, and what it sends comes in by the link that has the destination.
	 */
	readonly gateway?: Pick<GatewaySetup, "interfaces" | "ip"> &
		Partial<Pick<GatewaySetup, "sysctls">>;
	readonly clients: readonly ClientSetup[];
	readonly backends: readonly BackendSetup[];
	readonly healthCheck: HealthCheckSettings | null;
	/** Other addresses that answer ARP, and nothing else: routers on the way to hosts that are far, say. */
	readonly neighbours?: readonly {
		readonly interface: string;
		readonly address: string;
	}[];
}

/** A service: what clients know of it, and which backends serve it. @public */
export interface ServiceSetup {
	readonly name: string;
	readonly protocol: "tcp" | "udp";
	/** That clients ask. */
	readonly address: string;
	/** That clients ask: the first one, unless a step names another. */
	readonly ports: readonly number[];
	/** Who serves it, and on which port of theirs; left out: every backend, on its own `port` or the service's ports. */
	readonly backends?: readonly ServingBackend[];
	/** What the programs of its backends speak; left out: SMTP over TCP, `echo` over UDP. */
	readonly speaks?: Program;
}

/** A backend of a service. @public */
export interface ServingBackend {
	readonly backend: string;
	/** Where it listens; left out: on its own `port`, or on the service's ports. */
	readonly port?: number;
}

/** A client: a host that opens connections to services, or sends datagrams to them. @public */
export interface ClientSetup extends ProgramOwner {
	readonly name: string;
	readonly address: string;
	/** The gateway's interface behind which it stands; `lo`: it is a program of the gateway's own, at `0.0.0.0` bound to no address. */
	readonly interface: string;
	/** Time that a packet takes between it and the gateway. */
	readonly latencyMs: number;
	/** Its default route: another router on its link, which takes its packets away; left out: the gateway. */
	readonly defaultVia?: string;
}

/**
 * A backend: its address, the gateway's interface behind which it stands, and how it behaves at the
 * beginning.
 * @public
 */
export interface BackendSetup extends ProgramOwner {
	readonly name: string;
	readonly address: string;
	/** `lo`: it is a program of the gateway's own, at an address of the gateway's. */
	readonly interface: string;
	readonly latencyMs: number;
	readonly behaviour: BackendBehaviour;
	/** Where it listens; the service's port when left out. */
	readonly port?: number;
	/** Its default route: another router on its link, which takes its packets away; left out: the gateway. */
	readonly defaultVia?: string;
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

/** A packet in one-line notation, and the interface of the gateway that it is put on. @public */
export interface PacketByHand {
	readonly interface: string;
	readonly packet: string;
}

/**
 * What a neighbour does: it answers ARP and sends on what comes to it (`up`), it is gone and answers nothing
 * (`vanish`), or it answers ARP and loses all that comes to it (`silent`).
 * @public
 */
export interface NeighbourBehaviour {
	readonly kind: "up" | "vanish" | "silent";
}

/** What happens at one time of a play, `atMs` after its beginning; expectations name it by its label. @public */
export type Step = { readonly atMs: number; readonly label: string } & StepKind;

/** The kinds of steps, each with what belongs to it. @public */
export type StepKind =
	/** A client opens connections to a service, one after the other as `arrivals` says. */
	| {
			readonly kind: "connect";
			readonly client: string;
			/** Left out: the first of TCP. */
			readonly service?: string;
			/** One of the service's ports; left out: its first one. */
			readonly port?: number;
			readonly count: number;
			readonly arrivals: Arrivals;
			readonly ports: PortPolicy;
			/** Left out: one that fits what the service speaks. */
			readonly dialogue?: Dialogue;
	  }
	/** A client sends datagrams to a service, one after the other as `arrivals` says. */
	| {
			readonly kind: "send";
			readonly client: string;
			/** Left out: the first of UDP. */
			readonly service?: string;
			/** One of the service's ports; left out: its first one. */
			readonly port?: number;
			/** Requests, each a datagram that may have to be sent again. */
			readonly count: number;
			readonly arrivals: Arrivals;
			readonly ports: PortPolicy;
			/** `one`: all from one socket, which is one flow. `each`: from a new socket each, as resolvers do. */
			readonly sockets: "one" | "each";
			/** Octets of a datagram's payload. */
			readonly octets: number;
			/** Whether an answer is awaited: how long for each attempt, and how many there are. */
			readonly reply: {
				readonly timeoutMs: number;
				readonly attempts: number;
			} | null;
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
	| ({ readonly kind: "packet" } & PacketByHand)
	/**
	 * Packets by hand that are in the gateway at once, as on several CPUs: each has walked through the rules, in
	 * this order, before the first of those that begin a connection is confirmed.
	 */
	| { readonly kind: "race"; readonly packets: readonly PacketByHand[] }
	| {
			readonly kind: "backend";
			readonly backend: string;
			readonly becomes: BackendBehaviour;
	  }
	/** One of the setup's neighbours: a router that dies while its link stays up, or comes back. */
	| {
			readonly kind: "neighbour";
			readonly address: string;
			readonly becomes: NeighbourBehaviour;
	  }
	/**
	 * A router announces by gratuitous ARP that it has an address: the gateway, or another one on the link. What hosts
	 * send to the address, or through it, goes to that router from then on.
	 */
	| {
			readonly kind: "announce";
			readonly address: string;
			readonly by: "gateway" | "other";
	  }
	/**
	 * The link of one of the gateway's interfaces loses its carrier (a cable is pulled, a switch or a modem dies), or
	 * gets it back; the interface stays up.
	 */
	| {
			readonly kind: "carrier";
			readonly interface: string;
			readonly becomes: "lost" | "back";
	  }
	| { readonly kind: "operation"; readonly operation: StepOperation }
	/** Keeps counters, conntrack and conditions as they are now under the step's label. */
	| { readonly kind: "observe" };
