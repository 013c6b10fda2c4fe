import type { Packet } from "../../../sim/packet/packet.ts";
import type { ChecksumPlan } from "./plan.ts";

/** The packet with a checksum that is as the plan wants it. */
export function summed(packet: Packet, plan: ChecksumPlan): Packet {
	if (plan === "right" || packet.kind === "other") return packet;
	if (packet.kind === "udp") return { ...packet, checksum: plan };
	return plan === "wrong" ? { ...packet, checksum: "wrong" } : packet;
}
