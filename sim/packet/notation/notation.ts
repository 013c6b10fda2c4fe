/**
 * Packets on one line, the same in scenarios, traces, errors and reports:
 *
 *     tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000 win 64240 <mss 1460,wscale 7,sackOK>
 *     udp 10.0.0.10:5353 > 10.0.0.1:53 len 12
 *     icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1
 *     icmp 10.0.0.1 > 10.0.0.10 host-unreachable (tcp 10.0.0.10:40000 > 10.0.0.1:25 S)
 *     sctp 10.0.0.10:40000 > 10.0.0.1:36412 INIT itag 1
 *     proto 47 10.0.0.10 > 10.0.0.1 len 8
 *     proto 17 10.0.0.10 > 10.0.0.1 ipid 7 frag 512 MF len 512
 *
 * TCP flags are letters: S syn, F fin, R rst, P psh, A ack, U urg, E ece, W cwr, or `none`.
 * Behind them, in any order, stands what differs from the defaults of `build.ts`: `seq`, `ack`,
 * `win`, `ttl`, `tos 0x..`, `ipid` (identification of the IP header; `id` is ICMP's own), `DF`,
 * `badsum` (the checksum of the TCP, UDP, ICMP or SCTP part is wrong), `nosum` (UDP has none), and either `len N` (that many zero octets) or `data "…"`. Reading is in `notation-parse.ts`.
 *
 * SCTP has its chunks, `NAME` or `NAME/FLAGS`, then `vtag` (its verification tag) and `itag` (the tag that INIT and
 * INIT_ACK announce); what else is in its chunks is zero.
 *
 * The last one is a fragment: so many octets of its packet come before it (`frag`), and there are
 * more behind it (`MF`). It may also be written as the packet that it is `part 512-1024` of.
 */

import { unreachable } from "../../invariant.ts";
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from "../../kernel.ts";
import { formatAddress } from "../address.ts";
import { DEFAULT_TTL, DEFAULT_WINDOW } from "../build.ts";
import { octetsOf } from "../bytes/bytes-read.ts";
import { internetChecksum } from "../bytes/checksum.ts";
import { icmpName, isIcmpQuery } from "../icmp-names.ts";
import { hex32 } from "../numbers.ts";
import type {
	IcmpPacket,
	OtherPacket,
	Packet,
	TcpOptions,
	TcpPacket,
	UdpPacket,
} from "../packet.ts";
import { quoteText } from "./notation-lexer.ts";
import { sctpWords } from "./notation-sctp.ts";
import { printFlags } from "./tcp-flags.ts";

export { parsePacket } from "./notation-parse.ts";

/** Options of `printPacket`. @public */
export interface PrintOptions {
	/** `"length"` prints `len N` whatever the payload is; reading that back gives other octets. */
	readonly payload?: "full" | "length";
}

/** The one-line form; `parsePacket` reads it back to an equal packet. @public */
export function printPacket(
	packet: Packet,
	options: PrintOptions = {},
): string {
	const inSctp = packet.kind === "other" ? sctpWords(packet) : null;
	const words = inSctp === null ? [head(packet)] : [...inSctp];
	switch (packet.kind) {
		case "tcp":
			words.push(...tcpWords(packet));
			break;
		case "icmp":
			words.push(...icmpWords(packet));
			break;
		case "udp":
		case "other":
			break;
		default:
			return unreachable(packet);
	}
	if (packet.ttl !== DEFAULT_TTL) words.push(`ttl ${packet.ttl}`);
	if (packet.tos !== 0) words.push(`tos ${hex32(packet.tos)}`);
	if (packet.id !== 0) words.push(`ipid ${packet.id}`);
	if (packet.dontFragment) words.push("DF");
	if (packet.kind === "other") words.push(...fragmentWords(packet, options));
	if (packet.kind !== "other" && packet.checksum !== undefined)
		words.push(packet.checksum === "none" ? "nosum" : "badsum");
	if (packet.payload !== "" && inSctp === null)
		words.push(payloadWords(packet.payload, options));
	if (packet.kind === "tcp") words.push(...optionWords(packet.options));
	if (packet.kind === "icmp" && packet.about)
		words.push(`(${printPacket(packet.about, options)})`);
	return words.join(" ");
}

function head(packet: Packet): string {
	const source = formatAddress(packet.source);
	const destination = formatAddress(packet.destination);
	switch (packet.kind) {
		case "tcp":
		case "udp":
			return `${packet.kind} ${endpoints(packet)}`;
		case "icmp":
			return `icmp ${source} > ${destination}`;
		case "other":
			return `proto ${packet.protocol} ${source} > ${destination}`;
		default:
			return unreachable(packet);
	}
}

function endpoints(packet: TcpPacket | UdpPacket): string {
	const source = `${formatAddress(packet.source)}:${packet.sourcePort}`;
	return `${source} > ${formatAddress(packet.destination)}:${packet.destinationPort}`;
}

function tcpWords(packet: TcpPacket): string[] {
	const words = [printFlags(packet.flags)];
	if (packet.seq !== 0) words.push(`seq ${packet.seq >>> 0}`);
	if (packet.ack !== 0) words.push(`ack ${packet.ack >>> 0}`);
	if (packet.window !== DEFAULT_WINDOW) words.push(`win ${packet.window}`);
	return words;
}

function optionWords(options: TcpOptions): string[] {
	const words: string[] = [];
	if (options.mss !== null) words.push(`mss ${options.mss}`);
	if (options.windowScale !== null) words.push(`wscale ${options.windowScale}`);
	if (options.sackPermitted) words.push("sackOK");
	if (options.timestamp !== null)
		words.push(
			`ts ${options.timestamp.value >>> 0} ${options.timestamp.echo >>> 0}`,
		);
	for (const [left, right] of options.sack)
		words.push(`sack ${left >>> 0}:${right >>> 0}`);
	return words.length === 0 ? [] : [`<${words.join(",")}>`];
}

function icmpWords(packet: IcmpPacket): string[] {
	const { type, code, rest } = packet;
	const words = [icmpName(type, code) ?? `type ${type} code ${code}`];
	if (rest === 0) return words;
	if (isIcmpQuery(type)) {
		if (rest >>> 16) words.push(`id ${rest >>> 16}`);
		if (rest & 0xffff) words.push(`seq ${rest & 0xffff}`);
	} else if (
		type === ICMP_DEST_UNREACH &&
		code === ICMP_FRAG_NEEDED &&
		rest >>> 16 === 0
	)
		words.push(`mtu ${rest}`);
	else words.push(`rest ${hex32(rest)}`);
	return words;
}

/** A fragment's octets may be a header, so they are summed up where they are not shown. */
function fragmentWords(
	{ fragment, payload }: OtherPacket,
	options: PrintOptions,
): string[] {
	if (fragment === undefined) return [];
	const words: string[] = [];
	if (fragment.offset > 0) words.push(`frag ${fragment.offset}`);
	if (fragment.more) words.push("MF");
	if (options.payload === "length" && !ZEROS.test(payload)) {
		const octets = octetsOf(payload);
		words.push(`sum ${hex32(internetChecksum(octets))}`);
	}
	return words;
}

const ZEROS = /^\0*$/;

function payloadWords(payload: string, options: PrintOptions): string {
	return options.payload === "length" || ZEROS.test(payload)
		? `len ${payload.length}`
		: `data ${quoteText(payload)}`;
}
