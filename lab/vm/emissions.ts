/** What came out of the gateway, as packets. */
import type { Emission, Unknown } from "../../sim/contract/gateway.ts";
import { decodePacket, hasRightHeader } from "../../sim/packet/bytes/bytes.ts";
import type { Address } from "../../sim/packet/packet.ts";
import { PacketError } from "../../sim/packet/packet-error.ts";

export interface Emissions {
	readonly emissions: readonly Emission[];
	/** Something among them is no packet that could be compared. */
	readonly unknown: Unknown | null;
}

/** An IPv4 packet, and the interface by which it came out. */
export interface Seen {
	readonly interface: string;
	readonly bytes: Uint8Array;
	/** The host that its frame was for; left out: for all of them, or it was in no frame. */
	readonly nextHop?: Address;
}

/** @param atMs when they came out */
export function readEmissions(seen: readonly Seen[], atMs: number): Emissions {
	const emissions: Emission[] = [];
	for (const { interface: name, bytes, ...frame } of seen) {
		try {
			const packet = decodePacket(bytes);
			if (!hasRightHeader(bytes))
				return {
					emissions,
					unknown: incomparable("its header is summed wrong"),
				};
			const { nextHop = packet.destination } = frame;
			emissions.push({ atMs, interface: name, packet, nextHop });
		} catch (error) {
			if (!(error instanceof PacketError)) throw error;
			return { emissions, unknown: incomparable(error.message) };
		}
	}
	return { emissions, unknown: null };
}

function incomparable(why: string): Unknown {
	return {
		rule: "",
		text: "",
		line: 0,
		reason: `the kernel sent a packet that cannot be compared: ${why}`,
	};
}
