/** TCP segments and their options, from octets. */

import type { OtherPacket, Packet, TcpOptions } from "../packet.ts";
import {
	IP_HEADER_LENGTH,
	NO_TCP_OPTIONS,
	TCP_HEADER_LENGTH,
} from "../packet-length.ts";
import { latin1, malformed, viewOf } from "./bytes-read.ts";

/** What the IPv4 header says of a whole packet. */
export type IpFields = Omit<
	OtherPacket,
	"kind" | "protocol" | "payload" | "fragment"
>;

export function decodeTcp(fields: IpFields, body: Uint8Array): Packet {
	if (body.length < TCP_HEADER_LENGTH)
		return malformed(IP_HEADER_LENGTH, "the TCP header is cut off");
	const view = viewOf(body);
	const headerLength = (view.getUint8(12) >> 4) * 4;
	if (headerLength < TCP_HEADER_LENGTH || headerLength > body.length)
		return malformed(IP_HEADER_LENGTH + 12, "the TCP header length is wrong");
	return {
		kind: "tcp",
		...fields,
		sourcePort: view.getUint16(0),
		destinationPort: view.getUint16(2),
		flags: view.getUint8(13),
		seq: view.getInt32(4),
		ack: view.getInt32(8),
		window: view.getUint16(14),
		options: decodeOptions(body.subarray(TCP_HEADER_LENGTH, headerLength)),
		payload: latin1(body.subarray(headerLength)),
	};
}

/** Unknown options are passed over, as every host has to (RFC 1122, 4.2.2.5). */
function decodeOptions(bytes: Uint8Array): TcpOptions {
	if (bytes.length === 0) return NO_TCP_OPTIONS;
	const view = viewOf(bytes);
	const options: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {
		...NO_TCP_OPTIONS,
	};
	let at = 0;
	while (at < bytes.length) {
		const kind = view.getUint8(at);
		if (kind === 0) break;
		if (kind === 1) {
			at += 1;
			continue;
		}
		const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0;
		if (length < 2 || at + length > bytes.length)
			return malformed(
				IP_HEADER_LENGTH + TCP_HEADER_LENGTH + at,
				"the length of a TCP option is wrong",
			);
		if (kind === 2 && length === 4) options.mss = view.getUint16(at + 2);
		if (kind === 3 && length === 3) options.windowScale = view.getUint8(at + 2);
		if (kind === 4 && length === 2) options.sackPermitted = true;
		if (kind === 8 && length === 10)
			options.timestamp = {
				value: view.getInt32(at + 2),
				echo: view.getInt32(at + 6),
			};
		if (kind === 5 && length % 8 === 2)
			options.sack = decodeSack(view, at + 2, at + length);
		at += length;
	}
	return options;
}

function decodeSack(
	view: DataView,
	from: number,
	end: number,
): TcpOptions["sack"] {
	const blocks: (readonly [number, number])[] = [];
	for (let at = from; at < end; at += 8)
		blocks.push([view.getInt32(at), view.getInt32(at + 4)]);
	return blocks;
}
