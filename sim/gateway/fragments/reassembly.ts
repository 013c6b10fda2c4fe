/**
 * Fragments wait for the rest of their packet (`ip_defrag`, `ip_expire`, net/ipv4/ip_fragment.c, 6.1):
 * before any table while connections are tracked (`ipv4_conntrack_defrag`,
 * net/ipv4/netfilter/nf_defrag_ipv4.c), else before INPUT (`ip_local_deliver`).
 */
import type { Clock, Timer } from "../../clock/clock.ts";
import { UnknownSignal } from "../../netfilter/unknown-signal.ts";
import type { Address } from "../../packet/packet.ts";
import { PacketError } from "../../packet/packet-error.ts";
import type { Parts, Skb } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { FragmentQueue } from "./fragment-queue.ts";

/** Who puts together: nobody takes another's fragments (`enum ip_defrag_users`). */
export type Defragmenter = "track-in" | "track-out" | "deliver";

export interface ReassemblyPorts {
	readonly clock: Clock;
	/** How long fragments wait, ms. */
	timeoutMs(): number;
	/** `ipfrag_max_dist` */
	maxDistance(): number;
	/** The rest did not come in time; the first fragment is there. */
	expired(first: Skb, by: Defragmenter): void;
}

interface Waiting {
	queue: FragmentQueue;
	timer: Timer;
	/** How many fragments its sender had sent when the last one of these came. */
	sentBefore: number;
}

export class Reassembly {
	private readonly ports: ReassemblyPorts;
	private readonly waiting = new Map<string, Waiting>();
	private readonly sentBy = new Map<Address, number>();

	constructor(ports: ReassemblyPorts) {
		this.ports = ports;
	}

	/**
	 * Takes a fragment.
	 * @returns the whole packet, unless parts are missing, or it is dropped
	 */
	add(skb: Skb, by: Defragmenter): Skb | "waits" | "dropped" {
		const { source, destination, protocol, id } = skb;
		const key = `${by} ${source} ${destination} ${protocol} ${id}`;
		const waiting = this.waiting.get(key) ?? this.begin(key, by);
		this.countSender(waiting, source, key, by);
		const added = waiting.queue.add({ ...skb });
		if (added === "waits" || added === "dropped") return added;
		this.end(key, waiting);
		const whole = added === "whole" ? joined(waiting.queue, skb) : null;
		return whole ?? "dropped";
	}

	private begin(key: string, by: Defragmenter): Waiting {
		const waiting = {
			queue: new FragmentQueue(),
			timer: this.schedule(key, by),
			sentBefore: 0,
		};
		this.waiting.set(key, waiting);
		return waiting;
	}

	private end(key: string, waiting: Waiting): void {
		this.ports.clock.cancel(waiting.timer);
		this.waiting.delete(key);
	}

	/** Too many others in between: what there is cannot be of the same packet (`ip_frag_too_far`). */
	private countSender(
		waiting: Waiting,
		sender: Address,
		key: string,
		by: Defragmenter,
	): void {
		const most = this.ports.maxDistance();
		if (most === 0) return;
		const sent = (this.sentBy.get(sender) ?? 0) + 1;
		this.sentBy.set(sender, sent);
		const distance = sent - waiting.sentBefore;
		waiting.sentBefore = sent;
		if (waiting.queue.isEmpty || distance <= most) return;
		this.ports.clock.cancel(waiting.timer);
		waiting.queue = new FragmentQueue();
		waiting.timer = this.schedule(key, by);
	}

	private schedule(key: string, by: Defragmenter): Timer {
		const { clock, timeoutMs, expired } = this.ports;
		return clock.after(timeoutMs(), () => {
			const { queue } = this.waiting.get(key) as Waiting;
			this.waiting.delete(key);
			if (queue.first === null) return;
			expired({ ...queue.first, inInterface: queue.inInterface }, by);
		});
	}
}

/** The record of the packet: what is known besides its octets is the first fragment's. */
function joined(queue: FragmentQueue, last: Skb): Skb | null {
	const { first } = queue;
	const parts = join(queue);
	if (parts === null || first === null) return null;
	const skb = skbOf(parts.whole);
	skb.cameAs = parts;
	skb.inInterface = last.inInterface;
	skb.outInterface = last.outInterface;
	skb.local = last.local;
	skb.mark = first.mark;
	skb.priority = first.priority;
	skb.traced = first.traced;
	skb.pktType = first.pktType;
	skb.ctinfo = first.ctinfo;
	return skb;
}

function join(queue: FragmentQueue): Parts | null {
	try {
		return queue.join();
	} catch (error) {
		if (!(error instanceof PacketError)) throw error;
		throw new UnknownSignal(`what fragments make is ${error.message}`);
	}
}
