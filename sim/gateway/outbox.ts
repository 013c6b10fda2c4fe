import type { Clock } from "../clock/clock.ts";
import type { Packet } from "../packet/packet.ts";
import type { Emission } from "./gateway.ts";

/** What came out of the box and was not fetched yet, in order. */
export class Outbox {
	private emissions: Emission[] = [];
	private readonly clock: Clock;
	private readonly interfaces: readonly string[];

	/** @param interfaces names by index */
	constructor(clock: Clock, interfaces: readonly string[]) {
		this.clock = clock;
		this.interfaces = interfaces;
	}

	get isEmpty(): boolean {
		return this.emissions.length === 0;
	}

	put(interfaceIndex: number, packet: Packet): void {
		this.emissions.push({
			atMs: this.clock.nowMs,
			interface: this.interfaces[interfaceIndex] as string,
			packet,
		});
	}

	take(): readonly Emission[] {
		const { emissions } = this;
		if (emissions.length > 0) this.emissions = [];
		return emissions;
	}
}
