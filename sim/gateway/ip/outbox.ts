import type { Clock } from "../../clock/clock.ts";
import type { Emission } from "../../contract/gateway.ts";
import type { Packet } from "../../packet/packet.ts";

/** Shared by all that have nothing; never written to. */
const NOTHING: Emission[] = [];

/** What came out of the box and was not fetched yet, in order. */
export class Outbox {
	private emissions: Emission[] = NOTHING;
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
		const emission = {
			atMs: this.clock.nowMs,
			interface: this.interfaces[interfaceIndex] as string,
			packet,
		};
		// One packet is what comes out nearly always: a list of one takes less room than one that grew.
		if (this.emissions === NOTHING) this.emissions = [emission];
		else this.emissions.push(emission);
	}

	take(): readonly Emission[] {
		const { emissions } = this;
		this.emissions = NOTHING;
		return emissions;
	}
}
