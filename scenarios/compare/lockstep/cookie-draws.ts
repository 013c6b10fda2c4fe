/** SYN cookies, which a kernel makes with a secret key: its answer to the SYN shows them. */
import type { Emission } from "../../../sim/contract/gateway.ts";
import {
	ACK,
	type Packet,
	SYN,
	type TcpPacket,
} from "../../../sim/packet/packet.ts";

const COOKIE = /^syn cookie (-?\d+):(\d+) (?:timestamp|above (-?\d+))$/;

/** What a cookie can hold of the MSS: so far its offset may lie above the client's sequence number. */
const SEGMENT_SIZES = 4;

export function isCookieDraw(label: string): boolean {
	return COOKIE.test(label);
}

/**
 * The number that the client's answer shows, or an error that quotes it; `null` where there is none.
 * @param place how many draws of this label came before: SYNs of a race have an answer each
 */
export function cookieShown(
	label: string,
	emissions: readonly Emission[],
	place = 0,
): number | null {
	const shown = cookiesShown(label, emissions);
	return shown[place] ?? shown.at(-1) ?? null;
}

function cookiesShown(label: string, emissions: readonly Emission[]): number[] {
	const [, client, port, offset] = COOKIE.exec(label) ?? [];
	const shown: number[] = [];
	for (const emission of emissions) {
		const packet = quotedBy(emission.packet) ?? emission.packet;
		if (packet.kind !== "tcp") continue;
		// On its own loopback interface the gateway may have translated the client, and translates the answer back.
		const isTheirs =
			emission.interface === "lo" ||
			(packet.destination === Number(client) &&
				packet.destinationPort === Number(port));
		if (!isSynproxyAnswer(packet) || !isTheirs) continue;
		if (offset === undefined) {
			const { timestamp } = packet.options;
			if (timestamp !== null) shown.push(timestamp.value);
			continue;
		}
		// Of another SYN of the same client.
		if ((Number(offset) - packet.ack + 1) >>> 0 >= SEGMENT_SIZES) continue;
		shown.push((packet.seq - Number(offset)) | 0);
	}
	return shown;
}

/** A program behind SYNPROXY answers as well, and never with a window of 0 (`synproxy_send_client_synack`). */
function isSynproxyAnswer({ flags, window }: TcpPacket): boolean {
	return (flags & (SYN | ACK)) === (SYN | ACK) && window === 0;
}

function quotedBy(packet: Packet): Packet | null {
	return packet.kind === "icmp" ? packet.about : null;
}
