/**
 * The seam between the world and whatever gateway stands in its middle. The world does no I/O: it
 * is a generator that yields an `Ask` and is sent an `Answer`; a few lines of loop connect the two,
 * synchronously for the model, asynchronously for a kernel.
 */
import type { ChancePart } from "../chance/noted.ts";
import type { Packet } from "../packet/packet.ts";
import type { SocketOwner } from "../packet/socket-owner.ts";
import type {
	Emission,
	Observation,
	Operation,
	OperationOutcome,
	Unknown,
} from "./gateway.ts";

/** What the world asks of a gateway. `atMs` is virtual time, in ms, and never goes back. @public */
export type Ask =
	/** The packet enters this interface now. */
	| {
			readonly kind: "packet";
			readonly atMs: number;
			readonly interface: string;
			readonly packet: Packet;
			/** The connection that it belongs to, where its sender knows: for whoever looks on. */
			readonly connection?: number | null;
	  }
	/**
	 * These packets are in the gateway at once: each walks through the rules, in this order, before the first of
	 * those that begin a connection is confirmed; then they are confirmed in this order.
	 */
	| {
			readonly kind: "race";
			readonly atMs: number;
			readonly packets: readonly {
				readonly interface: string;
				readonly packet: Packet;
			}[];
	  }
	/** Let time pass until `toMs`, or until the gateway sends something by itself, whichever is first. */
	| { readonly kind: "wait"; readonly atMs: number; readonly toMs: number }
	| {
			readonly kind: "operation";
			readonly atMs: number;
			readonly operation: Operation;
	  }
	| { readonly kind: "observe"; readonly atMs: number }
	/** From now on, this address answers ARP on this interface, or does not. */
	| {
			readonly kind: "neighbour";
			readonly atMs: number;
			readonly interface: string;
			readonly address: string;
			readonly answers: boolean;
	  }
	/** The link of this interface loses its carrier, or gets it back: the interface stays up. What is sent there is lost. */
	| {
			readonly kind: "carrier";
			readonly atMs: number;
			readonly interface: string;
			readonly isThere: boolean;
	  }
	/** A program of the gateway's own is about to connect: from which address will it send, if routing leads there at all? */
	| {
			readonly kind: "source";
			readonly atMs: number;
			/** To which it is bound; left out: to none. */
			readonly boundTo?: string;
			readonly protocol: "tcp" | "udp";
			readonly destination: string;
			readonly port: number;
	  }
	/**
	 * A program of the gateway's own opens a port, or closes it. What is delivered to an open port is handed to
	 * the program: it comes out on `lo`, as do ICMP errors about what the program sent. What it sends goes in by `lo`.
	 */
	| {
			readonly kind: "port";
			readonly atMs: number;
			readonly protocol: "tcp" | "udp";
			/** One of the gateway's addresses; `0.0.0.0`: all of them. */
			readonly address: string;
			readonly port: number;
			readonly becomes: PortState;
			/** Whose program it is; left out: root's. */
			readonly owner?: SocketOwner;
	  };

/**
 * `open`: a program has it. `refused`: no program has it, so the gateway refuses what comes, which is seen on
 * `lo` as well. `closed`: as all ports that were never opened.
 * @public
 */
export type PortState = "open" | "refused" | "closed";

/** What a gateway answers to an ask. @public */
export interface Answer {
	/** Virtual time afterwards; later than the ask's only for `wait`. */
	readonly nowMs: number;
	/** In the order in which they came out. */
	readonly emissions: readonly Emission[];
	/** For `operation`. */
	readonly outcome: OperationOutcome | null;
	/** For `operation`: it succeeded, and all is as it was before. A kernel does not say. */
	readonly isIdle?: true;
	/** For `observe`. */
	readonly observation: Observation | null;
	/** For `source`: the address; `null`: no route leads there. */
	readonly source?: string | null;
	/** How chance had a part in it, where it had one; a kernel does not say. */
	readonly chance?: readonly ChancePart[];
	/** The model met something that it does not know; the play ends here. */
	readonly unknown: Unknown | null;
}
