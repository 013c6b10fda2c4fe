/** Cables that are pulled out of the gateway in the guest: a link loses its carrier, and its interface stays up. */
import { setTimeout as pause } from "node:timers/promises";
import { LabError } from "../lab-error.ts";
import type { GuestBox } from "./guest-box.ts";
import type { Trunk } from "./trunk.ts";
import { guestMessage } from "./wire/guest-time.ts";

const RETRY_MS = 10;
const RETRIES = 500;

export class Cables {
	private readonly box: GuestBox;
	private readonly trunk: Trunk;
	/** Names of interfaces. */
	private readonly pulled = new Set<string>();

	constructor(box: GuestBox, trunk: Trunk) {
		this.box = box;
		this.trunk = trunk;
	}

	isPulled(interfaceName: string): boolean {
		return this.pulled.has(interfaceName);
	}

	get areWhole(): boolean {
		return this.pulled.size === 0;
	}

	/** @throws LabError where the kernel does not notice */
	async set(interfaceName: string, isThere: boolean): Promise<void> {
		if (isThere) this.pulled.delete(interfaceName);
		else this.pulled.add(interfaceName);
		await this.tell(interfaceName, isThere);
	}

	/** An operation may have set a link up, which gives its VLAN the carrier of the trunk (`vlan_dev_open`). @throws LabError */
	async keep(): Promise<void> {
		for (const name of this.pulled) await this.tell(name, false);
	}

	/** Another box has cables of its own. */
	forget(): void {
		this.pulled.clear();
	}

	/**
	 * The kernel carries out what follows in a work of its own, under the lock that it needs to tell of an interface
	 * as well (`linkwatch_event`, net/core/link_watch.c, 6.1): where that shows, all is done. What the gateway has
	 * sent meanwhile is for whoever waits next.
	 */
	private async tell(interfaceName: string, isThere: boolean): Promise<void> {
		const { box, trunk } = this;
		const { vlan } = box.interfaceNamed(interfaceName);
		const message = isThere ? "carrier-on" : "carrier-off";
		trunk.send([guestMessage(message, { number: vlan })]);
		let shown = "";
		for (let tries = 0; tries < RETRIES; tries++) {
			const words = ["ip", "-o", "link", "show", "dev", interfaceName];
			shown = await box.linux.must(words);
			const isDown = !/[<,]UP[,>]/.test(shown);
			// UNKNOWN is a link that has never lost its carrier since it is there.
			const isSeen = isThere
				? /,LOWER_UP.* state (UP|UNKNOWN) /.test(shown)
				: /[<,]NO-CARRIER[,>]/.test(shown);
			if (isDown || isSeen) return;
			await pause(RETRY_MS);
		}
		throw new LabError({
			code: "hangs",
			place: interfaceName,
			message: `the guest's kernel does not notice that the link ${isThere ? "has" : "has lost"} its carrier: ${shown.trim()}`,
			remedy: "",
		});
	}
}
