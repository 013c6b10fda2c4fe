/**
 * Ethernet frames on the socket that QEMU's `-netdev stream` speaks to: each behind its length, four
 * octets, big endian.
 */

const LENGTH_OCTETS = 4;
/** The longest that can come from a 64 kB packet; anything else is no frame of QEMU's. */
const LONGEST = 70_000;

/** Frames with their lengths in front, as they go on the socket. */
export function framed(frames: readonly Uint8Array[]): Buffer {
	let length = 0;
	for (const frame of frames) length += LENGTH_OCTETS + frame.length;
	const bytes = Buffer.allocUnsafe(length);
	let at = 0;
	for (const frame of frames) {
		at = bytes.writeUInt32BE(frame.length, at);
		bytes.set(frame, at);
		at += frame.length;
	}
	return bytes;
}

/** Takes frames out of a stream that comes in pieces of any size. */
export class FrameReader {
	private rest: Buffer = Buffer.alloc(0);

	/** @throws RangeError when the stream cannot be frames */
	push(chunk: Buffer, take: (frame: Buffer) => void): void {
		const bytes =
			this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
		let at = 0;
		while (bytes.length - at >= LENGTH_OCTETS) {
			const length = bytes.readUInt32BE(at);
			if (length > LONGEST) throw new RangeError(`a frame of ${length} octets`);
			const end = at + LENGTH_OCTETS + length;
			if (end > bytes.length) break;
			take(bytes.subarray(at + LENGTH_OCTETS, end));
			at = end;
		}
		this.rest = bytes.subarray(at);
	}
}
