/** A packet's way → lines for a person. */
import { number } from "../../reports/wording.ts";
import { dropWords, WAITS_FOR } from "../../sim/contract/drop-reason.ts";
import type {
	ConntrackLine,
	Fate,
	TraceEvent,
} from "../../sim/contract/gateway.ts";
import { unreachable } from "../../sim/invariant.ts";
import { printPacket } from "../../sim/packet/notation/notation.ts";
import { hex32 } from "../../sim/packet/numbers.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import type { Paint } from "../screen/terminal.ts";

/** One packet, played. */
export interface Played {
	readonly interface: string;
	readonly packet: Packet;
	/** The first of them, where they are very many … */
	readonly events: readonly TraceEvent[];
	/** … and the number of the others. */
	readonly unshown: number;
	readonly fate: Fate;
	/** What came out at once: the packet itself, or an answer to it. */
	readonly emissions: readonly {
		readonly interface: string;
		readonly packet: Packet;
	}[];
}

/**
 * ```
 * bond0.204 ← tcp 10.0.0.10:40000 > 10.0.0.1:25 S
 *   mangle:MAILMARK:rule:2    -A MAILMARK … -j MARK --set-xmark 0x1/0xffffffff   mark 0x0 → 0x1
 *   …
 * bond0.205 → tcp 10.0.0.10:40000 > 192.168.0.1:25 S ttl 63
 * ```
 */
export function printPlayed(played: Played, paint: Paint): readonly string[] {
	const { events, packet } = played;
	const width = events.reduce(
		(most, event) => Math.max(most, placeOf(event).length),
		0,
	);
	const lines = [
		`${paint("bold", played.interface)} ← ${paint("bold", printPacket(packet))}`,
	];
	let before = printPacket(packet);
	let connmark = 0;
	for (const event of events) {
		const now = printPacket(event.packet);
		// Translated since the rule before; or it is another packet: the box's own answer.
		if (now !== before)
			lines.push(
				paint("dim", event.hook === "OUTPUT" ? `  answer: ${now}` : `  ${now}`),
			);
		before = now;
		const text = event.text || `(end of ${event.chain})`;
		lines.push(`  ${placeOf(event).padEnd(width)}  ${paint("dim", text)}`);
		const marks = marksAt(event, connmark);
		connmark = event.connmark ?? 0;
		if (marks !== "")
			lines.push(`  ${" ".repeat(width)}  ${paint("yellow", marks)}`);
	}
	return [...lines, ...printUnshown(played), ...printFate(played, paint)];
}

/** A line for the rules that are not shown, if there are any. */
export function printUnshown({ unshown }: Played): readonly string[] {
	return unshown === 0 ? [] : [`  … and ${number(unshown)} more rules`];
}

/** As TRACE spells it. */
function placeOf({ table, chain, kind, number }: TraceEvent): string {
	return `${table}:${chain}:${kind}:${number}`;
}

/** What became of the marks; an event does not know the connection's mark before it. */
function marksAt(event: TraceEvent, connmarkBefore: number): string {
	const { markBefore, markAfter, connmark } = event;
	const marks: string[] = [];
	if (markBefore !== markAfter)
		marks.push(`mark ${hex32(markBefore)} → ${hex32(markAfter)}`);
	if (event.log !== null)
		marks.push(`${event.log.kind} ${JSON.stringify(event.log.prefix)}`);
	if ((connmark ?? 0) !== connmarkBefore)
		marks.push(`connmark ${hex32(connmark ?? 0)}`);
	return marks.join(", ");
}

function printFate(played: Played, paint: Paint): readonly string[] {
	const { fate, events, emissions } = played;
	const out = emissions.map(
		(one) =>
			`${paint("bold", one.interface)} → ${paint("green", printPacket(one.packet))}`,
	);
	switch (fate.kind) {
		case "forwarded":
			return out;
		case "delivered":
			return [paint("yellow", "delivered to the gateway itself"), ...out];
		case "queued":
			return [`waits for ${WAITS_FOR[fate.waitsFor]}`, ...out];
		case "dropped": {
			const rule = events.find((event) => placeOf(event) === fate.by);
			const stack = dropWords(fate.by);
			const said = stack
				? `${stack.words}  (${stack.symbol})`
				: `${fate.by}${rule ? `  ${rule.text}` : ""}`;
			return [paint("red", `dropped: ${said}`), ...out];
		}
		case "unknown": {
			const { reason, rule, text, line } = fate.unknown;
			const place = rule === "" ? "" : ` (${rule}, line ${line}: ${text})`;
			return [paint("yellow", `unknown: ${reason}${place}`), ...out];
		}
		default:
			return unreachable(fate);
	}
}

/** The entries, as /proc/net/nf_conntrack shows them. */
export function printConntrack(
	entries: readonly ConntrackLine[],
	paint: Paint,
): readonly string[] {
	const heading =
		entries.length === 0 ? "conntrack: no entry" : "conntrack afterwards:";
	return [paint("dim", heading), ...entries.map(({ text }) => `  ${text}`)];
}
