/** What readers of octets need. */
import { PacketError } from "../packet-error.ts";

/**
 * Says what is wrong, and where.
 * @throws PacketError always
 */
export function malformed(offset: number, problem: string): never {
	throw new PacketError({
		code: "bytes",
		message: `not a packet that can be read: at octet ${offset}, ${problem}`,
		place: offset,
		remedy:
			"The octets have to begin with the IPv4 header, without the frame's.",
	});
}

export function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** 16 bits in a text of octets. */
export function wordAt(octets: string, at: number): number {
	return (octets.charCodeAt(at) << 8) | octets.charCodeAt(at + 1);
}

/** The octets of a text that has one character for each; `latin1` is the way back. */
export function octetsOf(text: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** One character per octet. */
export function latin1(bytes: Uint8Array): string {
	const chunks: string[] = [];
	// Arguments of one call are limited, so not all octets at once.
	for (let at = 0; at < bytes.length; at += 0x1000)
		chunks.push(String.fromCharCode(...bytes.subarray(at, at + 0x1000)));
	return chunks.join("");
}
