/**
 * Neighbours on the link: who answers ARP, who did lately, whose packets wait. A neighbour that was
 * reachable is believed for a while, so packets to a host that just died vanish silently; one that
 * never answers costs three seconds and an ICMP error (net/core/neighbour.c, `neigh_timer_handler`,
 * `__neigh_event_send`, 6.1; times from net/ipv4/arp.c, `arp_tbl`).
 */
import type { Choice } from "../../chance/choice.ts";
import type { Clock, Timer } from "../../clock/clock.ts";
import type { Address } from "../../packet/packet.ts";
import type { Skb } from "../../packet/skb/skb.ts";
import { AddressCache } from "./address-cache.ts";

/** `net.ipv4.neigh.*` defaults. */
const BASE_REACHABLE_MS = 30_000;
const DELAY_FIRST_PROBE_MS = 5_000;
const RETRANSMIT_MS = 1_000;
const UNICAST_PROBES = 3;
const MULTICAST_PROBES = 3;
/** `unres_qlen`: the kernel limits octets of memory; this many full frames fit. */
const QUEUE_LENGTH = 101;

type State =
	| "incomplete"
	| "reachable"
	| "stale"
	| "delay"
	| "probe"
	| "failed";

interface Neighbour {
	readonly interfaceIndex: number;
	readonly address: Address;
	state: State;
	probes: number;
	timer: Timer | null;
	readonly queue: Skb[];
}

export interface NeighbourPorts {
	readonly clock: Clock;
	readonly choice: Choice;
	/** Does this address answer ARP on this interface right now? */
	answers(interfaceIndex: number, address: Address): boolean;
	/** The packet goes on the wire. */
	transmit(skb: Skb): void;
	/** A copy that can wait: the record that came in serves the next packet. */
	keep(skb: Skb): Skb;
	/** Nobody answered: the sender of the packet that waited is to be told. */
	unreachable(skb: Skb): void;
	/** A packet that waited is done with. */
	release(skb: Skb): void;
}

export class Neighbours {
	/** By interface, then by address. */
	private readonly known: Map<Address, Neighbour>[] = [];
	private readonly ports: NeighbourPorts;
	private reachableMs: number | null = null;
	/** How often one that was waited for was given up. */
	givenUp = 0;
	/** By interface: those that were sent to lately, all of which are in `known`. */
	private readonly recent: AddressCache<Neighbour>[] = [];

	constructor(ports: NeighbourPorts) {
		this.ports = ports;
	}

	/**
	 * Sends to a neighbour on `skb.outInterface`, or keeps the packet until it is known.
	 * @returns false when it waits
	 */
	send(skb: Skb, address: Address): boolean {
		const neighbour = this.neighbour(skb.outInterface, address);
		switch (neighbour.state) {
			case "reachable":
			case "delay":
			case "probe":
				break;
			case "stale":
				neighbour.state = "delay";
				this.schedule(neighbour, DELAY_FIRST_PROBE_MS);
				break;
			case "failed":
				neighbour.probes = 0;
				neighbour.state = "incomplete";
				neighbour.queue.push(this.ports.keep(skb));
				this.probe(neighbour);
				// The answer may have come at once.
				return neighbour.queue.length === 0;
			case "incomplete":
				if (neighbour.queue.length >= QUEUE_LENGTH)
					for (const oldest of neighbour.queue.splice(0, 1))
						this.ports.release(oldest);
				neighbour.queue.push(this.ports.keep(skb));
				return false;
		}
		this.ports.transmit(skb);
		return true;
	}

	/** `ip neigh flush`: the senders of what waited are told (`__neigh_update` to NUD_FAILED). */
	forget(address: Address): void {
		for (const neighbours of this.known) {
			const neighbour = neighbours?.get(address);
			if (!neighbour) continue;
			this.fail(neighbour);
			this.stop(neighbour);
			neighbours?.delete(address);
			this.recent[neighbour.interfaceIndex]?.clear();
		}
	}

	/** The link went down. */
	forgetInterface(interfaceIndex: number): void {
		for (const neighbour of this.known[interfaceIndex]?.values() ?? [])
			this.stop(neighbour);
		delete this.known[interfaceIndex];
		this.recent[interfaceIndex]?.clear();
	}

	private neighbour(interfaceIndex: number, address: Address): Neighbour {
		const recent = this.recent[interfaceIndex]?.get(address);
		if (recent !== undefined) return recent;
		const found = this.findNeighbour(interfaceIndex, address);
		this.recent[interfaceIndex] ??= new AddressCache();
		this.recent[interfaceIndex].set(address, found);
		return found;
	}

	private findNeighbour(interfaceIndex: number, address: Address): Neighbour {
		let neighbours = this.known[interfaceIndex];
		if (!neighbours) {
			neighbours = new Map();
			this.known[interfaceIndex] = neighbours;
		}
		let neighbour = neighbours.get(address);
		if (!neighbour) {
			neighbour = {
				interfaceIndex,
				address,
				state: "failed",
				probes: 0,
				timer: null,
				queue: [],
			};
			neighbours.set(address, neighbour);
		}
		return neighbour;
	}

	private stop(neighbour: Neighbour): void {
		this.ports.clock.cancel(neighbour.timer);
		neighbour.timer = null;
		this.discard(neighbour);
	}

	/** What waits is lost, and nobody is told. */
	private discard({ queue }: Neighbour): void {
		for (const skb of queue.splice(0)) this.ports.release(skb);
	}

	private schedule(neighbour: Neighbour, delayMs: number): void {
		const { clock } = this.ports;
		clock.cancel(neighbour.timer);
		neighbour.timer = clock.after(delayMs, () => {
			neighbour.timer = null;
			this.expired(neighbour);
		});
	}

	private expired(neighbour: Neighbour): void {
		switch (neighbour.state) {
			case "reachable":
				neighbour.state = "stale";
				break;
			case "delay":
				neighbour.state = "probe";
				neighbour.probes = 0;
				this.probe(neighbour);
				break;
			case "probe":
			case "incomplete": {
				const most =
					neighbour.state === "probe" ? UNICAST_PROBES : MULTICAST_PROBES;
				if (neighbour.probes < most) this.probe(neighbour);
				else this.fail(neighbour);
				break;
			}
			case "stale":
			case "failed":
				break;
		}
	}

	/** Asks who has the address; an answer comes at once or not at all. */
	private probe(neighbour: Neighbour): void {
		neighbour.probes++;
		const { interfaceIndex, address } = neighbour;
		if (isDeaf(neighbour) || !this.ports.answers(interfaceIndex, address)) {
			this.schedule(neighbour, RETRANSMIT_MS);
			return;
		}
		neighbour.state = "reachable";
		this.schedule(neighbour, this.reachableTimeMs());
		for (const skb of neighbour.queue.splice(0)) {
			this.ports.transmit(skb);
			this.ports.release(skb);
		}
	}

	/**
	 * `neigh_invalidate`. An error may be for the very neighbour that nobody answers for: then it is asked
	 * for once more, and the error is lost with all that waits.
	 */
	private fail(neighbour: Neighbour): void {
		if (neighbour.state === "probe") this.ports.choice.unseen?.("neighbour");
		neighbour.state = "failed";
		this.givenUp++;
		while (neighbour.state === "failed") {
			const skb = neighbour.queue.shift();
			if (skb === undefined) return;
			this.ports.unreachable(skb);
			this.ports.release(skb);
		}
		this.discard(neighbour);
	}

	/** `neigh_rand_reach_time`: between half and one and a half of the base, drawn once. */
	private reachableTimeMs(): number {
		this.reachableMs ??=
			BASE_REACHABLE_MS / 2 +
			this.ports.choice.pick(BASE_REACHABLE_MS, "neighbour reachable time");
		return this.reachableMs;
	}
}

/**
 * It asks in the name of the last packet that waits (`arp_solicit`), and what is answered to an
 * address of the loopback's is not heard (`arp_process`, net/ipv4/arp.c, 6.1).
 */
function isDeaf({ queue }: Neighbour): boolean {
	const last = queue[queue.length - 1];
	return last !== undefined && last.source >>> 24 === 127;
}
