/** What came out of the trunk, as packets. */
import type { Emission, Unknown } from "../../sim/gateway/gateway.ts";
import { checksumStates, decodePacket } from "../../sim/packet/bytes.ts";
import { PacketError } from "../../sim/packet/packet-error.ts";
import type { Sent } from "./trunk.ts";
import type { WiredInterface } from "./wiring.ts";

export interface Emissions {
	readonly emissions: readonly Emission[];
	/** Something among them is no packet that could be compared. */
	readonly unknown: Unknown | null;
}

/** @param atMs when they came out */
export function readEmissions(
	sent: readonly Sent[],
	interfaces: readonly WiredInterface[],
	atMs: number,
): Emissions {
	const emissions: Emission[] = [];
	for (const { vlan, bytes } of sent) {
		const from = interfaces.find((one) => one.vlan === vlan);
		if (from === undefined) continue;
		try {
			const packet = decodePacket(bytes);
			const { ip, transport } = checksumStates(bytes);
			if (ip === "wrong" || transport === "wrong")
				return { emissions, unknown: incomparable("its checksum is wrong") };
			emissions.push({ atMs, interface: from.name, packet });
		} catch (error) {
			if (!(error instanceof PacketError)) throw error;
			return { emissions, unknown: incomparable(error.message) };
		}
	}
	return { emissions, unknown: null };
}

function incomparable(why: string): Unknown {
	return {
		...{ rule: "", text: "", line: 0 },
		reason: `the kernel sent a packet that cannot be compared: ${why}`,
	};
}
