/**
 * Neighbours on the link: who answers ARP, who did lately, whose packets wait. A neighbour that was
 * reachable is believed for a while, so packets to a host that just died vanish silently; one that
 * never answers costs three seconds and an ICMP error (net/core/neighbour.c, `neigh_timer_handler`,
 * `__neigh_event_send`, 6.1; times from net/ipv4/arp.c, `arp_tbl`).
 */
import type { Choice } from "../chance/choice.ts";
import type { Clock, Timer } from "../clock/clock.ts";
import type { Address } from "../packet/packet.ts";
import type { Skb } from "../packet/skb.ts";

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
	state: State;
	probes: number;
	timer: Timer | null;
	queue: Skb[];
}

export interface NeighbourPorts {
	readonly clock: Clock;
	readonly choice: Choice;
	/** Does this address answer ARP on this interface right now? */
	answers(interfaceIndex: number, address: Address): boolean;
	/** The packet goes on the wire. */
	transmit(skb: Skb): void;
	/** Nobody answered: the packet's sender is to be told. */
	unreachable(skb: Skb): void;
}

export class Neighbours {
	private readonly byKey = new Map<number, Neighbour>();
	private readonly ports: NeighbourPorts;
	private reachableMs: number | null = null;

	constructor(ports: NeighbourPorts) {
		this.ports = ports;
	}

	/**
	 * Sends to a neighbour on `skb.outInterface`, or keeps the packet until it is known.
	 * @returns false when it waits
	 */
	send(skb: Skb, address: Address): boolean {
		const key = keyOf(skb.outInterface, address);
		const neighbour = this.byKey.get(key) ?? this.add(key);
		switch (neighbour.state) {
			case "stale":
				neighbour.state = "delay";
				this.schedule(
					neighbour,
					DELAY_FIRST_PROBE_MS,
					skb.outInterface,
					address,
				);
				break;
			case "failed":
				neighbour.probes = 0;
				neighbour.state = "incomplete";
				neighbour.queue.push({ ...skb });
				this.probe(neighbour, skb.outInterface, address);
				// The answer may have come at once.
				return neighbour.queue.length === 0;
			case "incomplete":
				if (neighbour.queue.length >= QUEUE_LENGTH) neighbour.queue.shift();
				neighbour.queue.push({ ...skb });
				return false;
			case "reachable":
			case "delay":
			case "probe":
				break;
		}
		this.ports.transmit(skb);
		return true;
	}

	/** `ip neigh flush`: whatever waited is lost. */
	forget(address: Address): void {
		for (const [key, neighbour] of this.byKey) {
			if ((key | 0) !== address) continue;
			this.stop(neighbour);
			this.byKey.delete(key);
		}
	}

	/** The link went down. */
	forgetInterface(interfaceIndex: number): void {
		for (const [key, neighbour] of this.byKey) {
			if (Math.floor(key / 0x100000000) !== interfaceIndex) continue;
			this.stop(neighbour);
			this.byKey.delete(key);
		}
	}

	private add(key: number): Neighbour {
		const neighbour: Neighbour = {
			state: "failed",
			probes: 0,
			timer: null,
			queue: [],
		};
		this.byKey.set(key, neighbour);
		return neighbour;
	}

	private stop(neighbour: Neighbour): void {
		if (neighbour.timer !== null) this.ports.clock.cancel(neighbour.timer);
		neighbour.timer = null;
	}

	private schedule(
		neighbour: Neighbour,
		afterMs: number,
		interfaceIndex: number,
		address: Address,
	): void {
		const { clock } = this.ports;
		this.stop(neighbour);
		neighbour.timer = clock.at(clock.nowMs + afterMs, () => {
			neighbour.timer = null;
			this.expired(neighbour, interfaceIndex, address);
		});
	}

	private expired(
		neighbour: Neighbour,
		interfaceIndex: number,
		address: Address,
	): void {
		switch (neighbour.state) {
			case "reachable":
				neighbour.state = "stale";
				break;
			case "delay":
				neighbour.state = "probe";
				neighbour.probes = 0;
				this.probe(neighbour, interfaceIndex, address);
				break;
			case "probe":
			case "incomplete":
				if (
					neighbour.probes <
					(neighbour.state === "probe" ? UNICAST_PROBES : MULTICAST_PROBES)
				)
					this.probe(neighbour, interfaceIndex, address);
				else this.fail(neighbour);
				break;
			case "stale":
			case "failed":
				break;
		}
	}

	/** Asks who has the address; an answer comes at once or not at all. */
	private probe(
		neighbour: Neighbour,
		interfaceIndex: number,
		address: Address,
	): void {
		neighbour.probes++;
		if (!this.ports.answers(interfaceIndex, address)) {
			this.schedule(neighbour, RETRANSMIT_MS, interfaceIndex, address);
			return;
		}
		neighbour.state = "reachable";
		this.schedule(neighbour, this.reachableTimeMs(), interfaceIndex, address);
		for (const skb of neighbour.queue.splice(0)) this.ports.transmit(skb);
	}

	private fail(neighbour: Neighbour): void {
		neighbour.state = "failed";
		for (const skb of neighbour.queue.splice(0)) this.ports.unreachable(skb);
	}

	/** `neigh_rand_reach_time`: between half and one and a half of the base, drawn once. */
	private reachableTimeMs(): number {
		this.reachableMs ??=
			BASE_REACHABLE_MS / 2 +
			this.ports.choice.pick(BASE_REACHABLE_MS, "neighbour reachable time");
		return this.reachableMs;
	}
}

/** Interface and address in one number: the address in its lower 32 bits. */
function keyOf(interfaceIndex: number, address: Address): number {
	return interfaceIndex * 0x100000000 + (address >>> 0);
}
