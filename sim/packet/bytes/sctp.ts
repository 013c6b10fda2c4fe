/**
 * SCTP's header and chunks in the octets of a packet (RFC 9260, 3). To the model an SCTP packet is one of the
 * kind `other`; these functions are all that know its inside.
 */
import { octetsOf, viewOf, wordAt } from "./bytes-read.ts";

/** Of the common header: ports, verification tag, checksum. */
export const SCTP_HEADER_LENGTH = 12;
const TAG = 4;
const CHECKSUM = 8;
/** Of a chunk: type, flags, length. */
const CHUNK_HEADER_LENGTH = 4;

/** A chunk, as far as its header and what follows are there. */
export interface SctpChunk {
	readonly type: number;
	readonly flags: number;
	/** With its header, without padding. */
	readonly length: number;
	/** Of its header, in the payload. */
	readonly at: number;
}

/** The verification tag, signed. */
export function sctpTag(payload: string): number {
	return longAt(payload, TAG);
}

/** 32 bits, signed. */
export function longAt(payload: string, at: number): number {
	return (wordAt(payload, at) << 16) | wordAt(payload, at + 2);
}

/** All chunks whose header is there (`for_each_sctp_chunk`, nf_conntrack_proto_sctp.c, 6.1). */
export function* sctpChunks(payload: string): Generator<SctpChunk, void> {
	let at = SCTP_HEADER_LENGTH;
	while (at + CHUNK_HEADER_LENGTH <= payload.length) {
		const length = wordAt(payload, at + 2);
		const [type, flags] = [payload.charCodeAt(at), payload.charCodeAt(at + 1)];
		yield { type, flags, length, at };
		// One of no length would be followed by itself.
		if (length === 0) return;
		at += (length + 3) & ~3;
	}
}

/** Is the checksum the one that the packet should have? */
export function hasRightSctpChecksum(payload: string): boolean {
	return withSctpChecksum(payload) === payload;
}

/** The same packet with its right checksum, which covers the header and all chunks. */
export function withSctpChecksum(payload: string): string {
	const octets = octetsOf(payload);
	const view = viewOf(octets);
	view.setUint32(CHECKSUM, 0);
	view.setUint32(CHECKSUM, crc32c(octets), true);
	const sum = String.fromCharCode(...octets.subarray(CHECKSUM, CHECKSUM + 4));
	return payload.slice(0, CHECKSUM) + sum + payload.slice(CHECKSUM + 4);
}

/**
 * The same packet from or to another port; its checksum is made anew where the whole header is there
 * (`sctp_manip_pkt`, net/netfilter/nf_nat_proto.c, 6.1).
 * @param at of the port: 0 for the source, 2 for the destination
 */
export function withSctpPort(payload: string, at: 0 | 2, port: number): string {
	const written =
		payload.slice(0, at) +
		String.fromCharCode(port >> 8, port & 0xff) +
		payload.slice(at + 2);
	return payload.length < SCTP_HEADER_LENGTH
		? written
		: withSctpChecksum(written);
}

const CASTAGNOLI = 0x82f63b78;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
	let value = octet;
	for (let bit = 0; bit < 8; bit++)
		value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
	return value;
});

function crc32c(octets: Uint8Array): number {
	let value = -1;
	for (const octet of octets)
		value = (value >>> 8) ^ (CRC_TABLE[(value ^ octet) & 0xff] as number);
	return ~value >>> 0;
}
