/** Who stands around a gateway in a virtual machine, and answers ARP or does not. */

import type { Ask } from "../../sim/contract/ask.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import type { Address } from "../../sim/packet/packet.ts";
import type { GuestBox } from "./guest-box.ts";
import type { ScriptTime } from "./script-time.ts";
import type { TrunkPorts } from "./trunk.ts";

type NeighbourAsk = Ask & { readonly kind: "neighbour" };

/** Everybody answers, until it is said that he does not. */
export class HostsAround implements TrunkPorts {
	private readonly box: GuestBox;
	private readonly time: ScriptTime;
	private readonly silent = new Set<string>();
	/** Of those that have been said to answer: they may have an address that was the gateway's. */
	private readonly said = new Set<string>();
	/** Those that have answered: the gateway looks after them by itself. */
	private readonly known = new Set<string>();

	/** @param time is told for whom the gateway waits */
	constructor(box: GuestBox, time: ScriptTime) {
		this.box = box;
		this.time = time;
	}

	/** Does he do from now on what he has done before? */
	isAsBefore({ interface: name, address, answers }: NeighbourAsk): boolean {
		const who = `${name} ${address}`;
		return answers ? this.said.has(who) : this.silent.has(who);
	}

	set({ interface: name, address, answers }: NeighbourAsk): void {
		const who = `${name} ${address}`;
		if (answers) {
			this.silent.delete(who);
			this.said.add(who);
		} else {
			this.silent.add(who);
			this.said.delete(who);
		}
	}

	get allKnownAnswer(): boolean {
		for (const who of this.silent) if (this.known.has(who)) return false;
		return true;
	}

	answers(vlan: number, address: Address): boolean {
		const isOwn = this.box.interfaces.some(({ addresses }) =>
			addresses.some((own) => own.address === address),
		);
		const who = this.nameOf(vlan, address);
		if (who === null || this.silent.has(who)) return false;
		if (isOwn && !this.said.has(who)) return false;
		this.time.answered(who);
		this.known.add(who);
		return true;
	}

	unanswered(vlan: number, address: Address): void {
		const who = this.nameOf(vlan, address);
		// A box that was left may still ask: nobody waits for it.
		if (who !== null) this.time.unanswered(who);
	}

	private nameOf(vlan: number, address: Address): string | null {
		const asker = this.box.interfaces.find((one) => one.vlan === vlan);
		return asker === undefined
			? null
			: `${asker.name} ${formatAddress(address)}`;
	}
}
