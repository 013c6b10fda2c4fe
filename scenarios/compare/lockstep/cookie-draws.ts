/** SYN cookies, which a kernel makes with a secret key: its answer to the SYN shows them. */
import type { Emission } from "../../../sim/contract/gateway.ts";
import { ACK, type Packet, SYN } from "../../../sim/packet/packet.ts";

const COOKIE = /^syn cookie (-?\d+):(\d+) (?:timestamp|above (-?\d+))$/;

export function isCookieDraw(label: string): boolean {
	return COOKIE.test(label);
}

/** The number that the client's answer shows, or an error that quotes it; `null` where there is none. */
export function cookieShown(
	label: string,
	emissions: readonly Emission[],
): number | null {
	const [, client, port, offset] = COOKIE.exec(label) ?? [];
	for (const emission of emissions) {
		const packet = quotedBy(emission.packet) ?? emission.packet;
		if (packet.kind !== "tcp") continue;
		const isAnswer = (packet.flags & (SYN | ACK)) === (SYN | ACK);
		const isTheirs =
			packet.destination === Number(client) &&
			packet.destinationPort === Number(port);
		if (!isAnswer || !isTheirs) continue;
		return offset === undefined
			? (packet.options.timestamp?.value ?? null)
			: (packet.seq - Number(offset)) | 0;
	}
	return null;
}

function quotedBy(packet: Packet): Packet | null {
	return packet.kind === "icmp" ? packet.about : null;
}
