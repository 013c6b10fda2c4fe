/**
 * What `xtables-monitor --trace` prints of trace events under iptables-nft: `nft_do_chain`, `nft_trace_notify`
 * (net/netfilter, 6.1), `trace_cb`, `trace_print_packet`, `rule_cb` (iptables/xtables-monitor.c, 1.8.9 and 1.8.11).
 * Link layer addresses are left out. A machine's identifiers of packets and handles of rules depend on what
 * happened there before: here packets are numbered, and a rule has its number in its chain for a handle.
 */
import type { TraceEvent } from "../contract/gateway.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { formatAddress } from "../packet/address.ts";
import { ACK, FIN, type Packet, PSH, RST, SYN, URG } from "../packet/packet.ts";
import { packetLength } from "../packet/packet-length.ts";

/** How the Linux tells of rules. */
type Told = Pick<Behaviour, "trace" | "tracedReturns">;

/** Of one packet, and of those that the gateway answers with. */
export function monitorLines(
	events: readonly TraceEvent[],
	told: Told,
): readonly string[] {
	let packets = 1;
	return walksOf(events).flatMap((walk, index) => {
		const [first] = walk;
		const isAnswer = first?.hook === "OUTPUT" && index > 0;
		// A packet of the gateway's own begins in OUTPUT, and passes each of its tables there.
		const before = walksOf(events)[index - 1]?.[0]?.hook;
		if (isAnswer && before !== "OUTPUT") packets++;
		return linesOf(walk, packets.toString(16).padStart(8, "0"), told);
	});
}

/** Each packet's way through a base chain and the chains that it leads to. */
function walksOf(
	events: readonly TraceEvent[],
): readonly (readonly TraceEvent[])[] {
	const walks: TraceEvent[][] = [];
	for (const event of events) {
		const last = walks.at(-1)?.at(-1);
		const goesOn =
			last !== undefined &&
			last.table === event.table &&
			last.hook === event.hook &&
			!isLast(last);
		if (goesOn) walks.at(-1)?.push(event);
		else walks.push([event]);
	}
	return walks;
}

/** Does the packet leave the base chain with it? */
function isLast({ kind, verdict }: TraceEvent): boolean {
	const goesOn = ["CONTINUE", "JUMP", "GOTO", "RETURN"].includes(verdict);
	return kind === "policy" || !goesOn;
}

function linesOf(
	walk: readonly TraceEvent[],
	id: string,
	{ trace, tracedReturns }: Told,
): readonly string[] {
	const tellsReturns = tracedReturns === "told";
	/** Chains that a return leads back to. */
	let depth = 0;
	let hasReturned = false;
	const lines: string[] = [];
	for (const event of walk) {
		const { table, chain, kind, verdict } = event;
		const place = ` TRACE: 2 ${id} ${table}:${chain}`;
		if (verdict === "JUMP") depth++;
		if (kind === "policy") {
			// It is the end of its chain as well, unless a return led there.
			if (tellsReturns && !hasReturned) lines.push(`${place}:return:`);
			lines.push(`${place}:policy:${verdict} `);
			continue;
		}
		if (verdict === "RETURN" && depth-- === 0) hasReturned = true;
		const isTold = kind === "rule" && !(tellsReturns && verdict === "RETURN");
		if (isTold) lines.push(`${place}:rule:${ruleWords(event, trace)}`);
		else if (tellsReturns) lines.push(`${place}:return:`);
	}
	// The first message has the packet, and is shown with it where it tells of a rule.
	const [first] = walk;
	const isShown =
		first !== undefined &&
		(first.kind === "rule"
			? !(tellsReturns && first.verdict === "RETURN")
			: !tellsReturns);
	return isShown ? [packetLine(first, id), ...lines] : lines;
}

/** `0x2:CONTINUE  -4 -t mangle -A MAILMARK …`; iptables has no name for a return. */
function ruleWords(
	{ table, number, verdict, text }: TraceEvent,
	trace: Behaviour["trace"],
): string {
	const leadsTo = verdict === "JUMP" || verdict === "GOTO";
	const named = verdict === "RETURN" ? "0xfffffffb" : verdict;
	const target = leadsTo ? `:${text.split(" ").at(-1)}` : "";
	const program = trace === "monitor" ? "iptables" : "-4";
	return `0x${number.toString(16)}:${named}${target}  ${program} -t ${table} ${text}`;
}

function packetLine(event: TraceEvent, id: string): string {
	const { packet, inInterface, outInterface, markAfter } = event;
	const way = `${inInterface && `IN=${inInterface} `}${outInterface && `OUT=${outInterface} `}`;
	const mark =
		markAfter === 0 ? "" : `MARK=0x${(markAfter >>> 0).toString(16)} `;
	return `PACKET: 2 ${id} ${way}${headerWords(packet)}${portWords(packet)}${mark}`;
}

function headerWords(packet: Packet): string {
	const { source, destination, tos, ttl, id, dontFragment } = packet;
	return `SRC=${formatAddress(source)} DST=${formatAddress(destination)} LEN=${packetLength(packet)} TOS=0x${tos.toString(16)} TTL=${ttl} ID=${id} ${dontFragment ? "DF " : ""}`;
}

const FLAGS = [
	[SYN, "SYN"],
	[ACK, "ACK"],
	[FIN, "FIN"],
	[RST, "RST"],
	[PSH, "PSH"],
	[URG, "URG"],
] as const;

function portWords(packet: Packet): string {
	if (packet.kind !== "tcp" && packet.kind !== "udp") return "";
	const ports = `SPORT=${packet.sourcePort} DPORT=${packet.destinationPort} `;
	if (packet.kind === "udp") return ports;
	const set = FLAGS.filter(([bit]) => (packet.flags & bit) !== 0);
	return ports + set.map(([, name]) => `${name} `).join("");
}
