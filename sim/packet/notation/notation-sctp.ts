/**
 * SCTP on one line: its ports, its chunks by their names, the verification tag and the tag that INIT and
 * INIT_ACK announce. A packet is written so where these are all that is in it; else as `proto 132`.
 */

import { SCTP } from "../../kernel.ts";
import { formatAddress } from "../address.ts";
import { other } from "../build.ts";
import { wordAt } from "../bytes/bytes-read.ts";
import {
	longAt,
	SCTP_HEADER_LENGTH,
	sctpChunks,
	sctpTag,
	withSctpChecksum,
} from "../bytes/sctp.ts";
import type { OtherPacket } from "../packet.ts";
import { type Cursor, peek, refuse, take } from "./notation-cursor.ts";
import { ipFields, readFields, SCTP_FIELDS } from "./notation-fields.ts";

export const SCTP_EXAMPLE = "sctp 10.0.0.10:40000 > 10.0.0.1:36412 INIT itag 1";

/** By their numbers (RFC 9260, 3.2). */
export const SCTP_CHUNKS: readonly string[] = [
	"DATA",
	"INIT",
	"INIT_ACK",
	"SACK",
	"HEARTBEAT",
	"HEARTBEAT_ACK",
	"ABORT",
	"SHUTDOWN",
	"SHUTDOWN_ACK",
	"ERROR",
	"COOKIE_ECHO",
	"COOKIE_ACK",
	"ECNE",
	"CWR",
	"SHUTDOWN_COMPLETE",
];
/** Octets behind the header of a chunk, by its number; none for all others. */
const BODIES: Readonly<Record<number, number>> = {
	0: 16,
	1: 16,
	2: 16,
	3: 12,
	7: 4,
	10: 4,
};
const ANNOUNCING = [1, 2];

interface SctpWords {
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly chunks: readonly {
		readonly type: number;
		readonly flags: number;
	}[];
	readonly vtag: number;
	readonly itag: number;
	readonly isWrong: boolean;
}

/** @param ports the addresses and ports, which stand in front */
export function readSctp(
	cursor: Cursor,
	ports: {
		readonly source: number;
		readonly destination: number;
		readonly sourcePort: number;
		readonly destinationPort: number;
	},
): OtherPacket {
	const { source, destination, sourcePort, destinationPort } = ports;
	const chunks: { type: number; flags: number }[] = [];
	for (;;) {
		const [name = "", flags] = peek(cursor).text.split("/");
		const type = SCTP_CHUNKS.indexOf(name);
		if (type < 0) break;
		const bits = Number(flags ?? 0);
		if (!Number.isInteger(bits) || bits < 0 || bits > 0xff)
			return refuse(cursor, "expected flags from 0 to 255", "ABORT/1");
		take(cursor);
		chunks.push({ type, flags: bits });
	}
	if (chunks.length === 0)
		return refuse(
			cursor,
			`expected a chunk, one of ${SCTP_CHUNKS.join(", ")}`,
			SCTP_EXAMPLE,
		);
	const fields = readFields(cursor, SCTP_FIELDS, SCTP_EXAMPLE, null);
	if (fields.payload !== undefined)
		return refuse(cursor, "SCTP has chunks in place of data", SCTP_EXAMPLE);
	const { vtag = 0, itag = 0, badsum: isWrong = false } = fields;
	const words = { sourcePort, destinationPort, chunks, vtag, itag, isWrong };
	return other({
		...ipFields(fields),
		source,
		destination,
		protocol: SCTP,
		payload: payloadOf(words),
	});
}

/** What stands behind `sctp`, without the fields of IPv4's header; `null` where there is more in the packet. */
export function sctpWords({
	protocol,
	payload,
	fragment,
	source,
	destination,
}: OtherPacket): readonly string[] | null {
	if (protocol !== SCTP || fragment !== undefined) return null;
	if (payload.length <= SCTP_HEADER_LENGTH) return null;
	const words = wordsOf(payload);
	if (payloadOf(words) !== payload) return null;
	const from = `${formatAddress(source)}:${words.sourcePort}`;
	const to = `${formatAddress(destination)}:${words.destinationPort}`;
	const { chunks, vtag, itag, isWrong } = words;
	return [
		`sctp ${from} > ${to}`,
		...chunks.map(({ type, flags }) =>
			flags === 0 ? `${SCTP_CHUNKS[type]}` : `${SCTP_CHUNKS[type]}/${flags}`,
		),
		...(vtag === 0 ? [] : [`vtag ${vtag >>> 0}`]),
		...(itag === 0 ? [] : [`itag ${itag >>> 0}`]),
		...(isWrong ? ["badsum"] : []),
	];
}

function wordsOf(payload: string): SctpWords {
	const chunks = [...sctpChunks(payload)].filter(
		({ type }) => type in SCTP_CHUNKS,
	);
	const announcing = chunks.find(({ type }) => ANNOUNCING.includes(type));
	return {
		sourcePort: wordAt(payload, 0),
		destinationPort: wordAt(payload, 2),
		chunks,
		vtag: sctpTag(payload),
		itag: announcing === undefined ? 0 : longAt(payload, announcing.at + 4),
		isWrong: withSctpChecksum(payload) !== payload,
	};
}

function payloadOf(words: SctpWords): string {
	const { sourcePort, destinationPort, chunks, vtag, itag, isWrong } = words;
	const body = chunks.map(({ type, flags }) => {
		const length = BODIES[type] ?? 0;
		const octets = ANNOUNCING.includes(type)
			? long(itag) + "\0".repeat(length - 4)
			: "\0".repeat(length);
		return String.fromCharCode(type, flags) + word(4 + length) + octets;
	});
	const payload = withSctpChecksum(
		word(sourcePort) +
			word(destinationPort) +
			long(vtag) +
			long(0) +
			body.join(""),
	);
	return isWrong ? spoiled(payload) : payload;
}

/** With the first octet of its checksum turned over. */
function spoiled(payload: string): string {
	const octet = String.fromCharCode(payload.charCodeAt(8) ^ 0xff);
	return payload.slice(0, 8) + octet + payload.slice(9);
}

const word = (value: number) =>
	String.fromCharCode((value >> 8) & 0xff, value & 0xff);
const long = (value: number) => word(value >>> 16) + word(value & 0xffff);
