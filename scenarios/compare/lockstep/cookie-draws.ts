/** SYN cookies, which a kernel makes with a secret key: its answer to the SYN shows them. */
import type { Emission } from "../../../sim/contract/gateway.ts";
import { ACK, SYN } from "../../../sim/packet/packet.ts";

const SEQUENCE = /^syn cookie above (-?\d+)$/;
const TIMESTAMP = "syn cookie timestamp";

export function isCookieDraw(label: string): boolean {
	return label === TIMESTAMP || SEQUENCE.test(label);
}

/** The number that the answer shows; `null` where there is none. */
export function cookieShown(
	label: string,
	emissions: readonly Emission[],
): number | null {
	for (const { packet } of emissions) {
		if (packet.kind !== "tcp") continue;
		if ((packet.flags & (SYN | ACK)) !== (SYN | ACK)) continue;
		if (label === TIMESTAMP) return packet.options.timestamp?.value ?? null;
		const offset = SEQUENCE.exec(label)?.[1];
		return offset === undefined ? null : (packet.seq - Number(offset)) | 0;
	}
	return null;
}
