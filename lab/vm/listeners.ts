/**
 * The gateway's own ports on which somebody listens: sockets in the guest, in the gateway's namespace.
 * Nobody reads from them. The kernel answers for them what it answers by itself, and what they were
 * handed is shown on `lo`, as the model shows it.
 */
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import { decodePacket } from "../../sim/packet/bytes/bytes.ts";
import { LabError } from "../lab-error.ts";
import type { Guest } from "./machine/guest.ts";

export class Listeners {
	private readonly guest: Guest;
	private readonly listeners: GatewaySetup["listeners"];
	private readonly ports: ReadonlySet<string>;

	constructor(guest: Guest, listeners: GatewaySetup["listeners"]) {
		const byPort = new Map(listeners.map((one) => [portOf(one), one]));
		this.guest = guest;
		this.listeners = [...byPort.values()];
		this.ports = new Set(byPort.keys());
	}

	get areThere(): boolean {
		return this.listeners.length > 0;
	}

	/** Does the kernel speak TCP for one of them? Then it has timers running that are TCP's. */
	get speakTcp(): boolean {
		return this.listeners.some(({ protocol }) => protocol === "tcp");
	}

	/** Opens them in the namespace in which the gateway stands now. @throws LabError (`unsupported`) */
	async open(): Promise<void> {
		const { guest, listeners } = this;
		if (!this.areThere) return;
		const failed = await guest.listen(listeners);
		if (failed === 0) return;
		throw new LabError({
			code: "unsupported",
			place: "gateway.listeners",
			message: `the guest's kernel refuses them (errno ${failed})`,
			remedy: "Have fewer of them, on ports from 1 to 65535.",
		});
	}

	/** A namespace lives as long as a socket in it. */
	async close(): Promise<void> {
		if (this.areThere) await this.guest.listen([]);
	}

	/** What came for them since the last time, as it arrived behind all rules. */
	async taken(): Promise<readonly Uint8Array[]> {
		if (!this.areThere) return [];
		const delivered = await this.guest.delivered();
		return delivered.filter((bytes) => {
			const packet = decodePacket(bytes);
			if (packet.kind !== "tcp" && packet.kind !== "udp") return false;
			// A raw socket sees what no other would.
			if (packet.checksum === "wrong") return false;
			const { kind, destinationPort } = packet;
			return this.ports.has(portOf({ protocol: kind, port: destinationPort }));
		});
	}
}

function portOf({ protocol, port }: GatewaySetup["listeners"][number]): string {
	return `${protocol} ${port}`;
}
