import type { Stateful } from "../stateful.ts";

/** Of what a hash is: of the client's address; of that and the other side's (`pair`); of ports as well (`connection`). @public */
export type HashOf = "client" | "pair" | "connection";

/**
 * Every random draw and every race of the model goes through a Choice, so that a simulation
 * (`seeded.ts`) and a proof that visits every path (`exhaustive.ts`) are the same code.
 * @public
 */
export interface Choice {
	/**
	 * One of `count` equally likely outcomes. A proof visits each of them, so what is only compared with a
	 * threshold asks `happens` instead, which has two.
	 * @param count at least 1
	 * @param label what is drawn, for traces and counterexamples
	 * @returns an integer from 0 to `count - 1`
	 */
	pick(count: number, label: string): number;

	/**
	 * True with the probability `numerator / denominator`, exactly.
	 * @param label what is drawn
	 */
	happens(numerator: number, denominator: number, label: string): boolean;

	/**
	 * The connection table is full: which of those that may go make room for a new one? Which share a
	 * bucket with it follows in a kernel from a secret hash key.
	 * @returns their indices, none when there is no room to be had; `null`, or left out: the model's own
	 * hash decides
	 */
	evict?(candidates: readonly TrackedConnection[]): readonly number[] | null;

	/**
	 * A hash of addresses picks one of `count`: each has an equal part of all clients, and one client always
	 * gets the same, unless the hash is of more.
	 * @param key the hash, before it is scaled to `count`
	 * @param of of what it is; left out: of the client's address alone
	 * @returns from 0 to `count - 1`; `null`, or left out: the hash is computed
	 */
	spread?(
		count: number,
		label: string,
		key: number,
		of?: HashOf,
	): number | null;

	/**
	 * As which packet, counted from 0, all rules that take turns see the one that has come: packets of others may have
	 * come before. Left out: each rule counts what came to it.
	 */
	turn?(): number;

	/**
	 * A number that a kernel makes with a secret key, so that only who was told it knows it: which one it is
	 * makes no difference. Left out: the model's own.
	 * @param own the model's
	 */
	secret?(label: string, own: number): number;

	/** Told of what a kernel's chance may have decided otherwise, where nobody can see what it was. */
	unseen?(chance: UnseenChance): void;

	/** What the next draws follow from; left out where it is not in the choice's hands. */
	readonly state?: Stateful;
}

/** A connection, as the table shows it. @public */
export interface TrackedConnection {
	readonly protocol: string;
	readonly original: ConnectionEnds;
	readonly reply: ConnectionEnds;
}

/** Addresses and ports of one direction of a connection. @public */
export interface ConnectionEnds {
	readonly source: string;
	readonly destination: string;
	readonly sourcePort: number;
	readonly destinationPort: number;
}

/**
 * `collector`: entries that the garbage collector removes from a full table when it comes to it.
 * `icmp-limit`: each ICMP error costs 0 to 2 tokens of the limit for all. `neighbour`: how long a
 * neighbour counts as reachable, before a silent one is asked for, and how late it is given up. `neighbour-queue`: how many packets may wait for one.
 * `hash`: a chain of the connection table is too long. `peer`: what is known of a host that was idle for
 * ten minutes is freed, or it is not. `tick`: two packets come within a tick of the kernel's clock, or it goes on between
 * them.
 * @public
 */
export type UnseenChance =
	| "collector"
	| "icmp-limit"
	| "neighbour"
	| "neighbour-queue"
	| "hash"
	| "peer"
	| "tick";
