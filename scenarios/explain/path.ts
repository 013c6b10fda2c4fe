/** The way of one packet through the gateway: which rules had a part in it, in words. */
import type { TraceEvent } from "../../sim/contract/gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { hex32 } from "../../sim/packet/numbers.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { targets } from "../../sim/targets/index.ts";
import type { RuleBook, RulePlace } from "../result/rule-place.ts";
import type { Passage } from "./follow.ts";
import { cited, foundIn, packetName } from "./words.ts";

const ASKS_MARK = / -m (?:conn)?mark(?= |$)/;
const EXEMPTS = / -j (?:NOTRACK|CT --notrack)(?= |$)/;
/** Of many marks, those that were set last. */
const MOST_MARKS = 4;

/**
 * `SYN → mark 0x2 (line 15) → DNAT 10.20.0.12 (line 20) → out eth1`.
 * @param subject what the packet is called
 */
export function pathWords(
	passage: Passage,
	book: RuleBook,
	subject = packetName(passage.packet),
): string {
	const { fate } = passage;
	const marks = passage.steps.filter(changesMark).slice(-MOST_MARKS);
	const parts = passage.steps.flatMap((step, index) => {
		const where = () => cited(foundIn(book, step));
		if (marks.includes(step))
			return [`mark ${hex32(step.markAfter)} (${where()})`];
		const target = translation(step);
		return target === null
			? []
			: [`${target}${translated(passage, index)} (${where()})`];
	});
	return [
		subject,
		...parts,
		...(fate.kind === "forwarded"
			? [...routeWords(passage), `out ${fate.interface}`]
			: []),
	].join(" → ");
}

/** `table 101 (ip rule 100: fwmark 0x1)`, `next hop 203.0.113.254, one of 2`; none of the ordinary route. */
function routeWords({ route }: Passage): readonly string[] {
	if (route === null) return [];
	const { rule, hop } = route;
	const by =
		rule === null
			? []
			: [
					`table ${rule.table} (ip rule ${rule.priority}${rule.mark === 0 ? "" : `: fwmark ${hex32(rule.mark)}`})`,
				];
	const via = hop?.via == null ? "on the link" : formatAddress(hop.via);
	return hop === null ? by : [...by, `next hop ${via}, one of ${hop.of}`];
}

function changesMark(step: TraceEvent): boolean {
	return step.kind === "rule" && step.markBefore !== step.markAfter;
}

/** `DNAT`, where a rule translates. */
function translation({ table, kind, text }: TraceEvent): string | null {
	if (table !== "nat" || kind !== "rule") return null;
	const target = / -j (\S+)/.exec(text)?.[1] ?? "";
	return targets.get(target)?.translates ? target : null;
}

/** ` 10.20.0.12`, ` 10.20.0.12:625` where the port changed as well; as the rule says it where the packet ended there. */
function translated(
	{ steps, out, fate, waiting }: Passage,
	index: number,
): string {
	const before = steps[index]?.packet;
	const sent = fate.kind === "forwarded" ? out[0] : undefined;
	const after = (steps[index + 1] ?? sent ?? waiting)?.packet;
	if (before === undefined || after === undefined) {
		const said = / --to-(?:destination|source) (\S+)/.exec(
			steps[index]?.text ?? "",
		);
		return said === null ? "" : ` ${said[1]}`;
	}
	for (const side of ["destination", "source"] as const) {
		const port = portOf(after, side);
		const hasPort = port !== portOf(before, side);
		if (before[side] !== after[side] || hasPort)
			// Ports of clients are drawn: they would make no two explanations the same.
			return ` ${formatAddress(after[side])}${hasPort && side === "destination" ? `:${port}` : ""}`;
	}
	return "";
}

function portOf(packet: Packet, side: "source" | "destination"): number | null {
	if (packet.kind !== "tcp" && packet.kind !== "udp") return null;
	return side === "source" ? packet.sourcePort : packet.destinationPort;
}

/** The rule that translated the packet's destination, or its source; `null` when none did. */
export function translator(
	passage: Passage,
	side: "destination" | "source" = "destination",
): TraceEvent | null {
	return (
		passage.steps.findLast((step) => {
			const target = translation(step);
			const isSource =
				target !== null && targets.get(target)?.translates === "source";
			return target !== null && isSource === (side === "source");
		}) ?? null
	);
}

/**
 * The rule that sent the packet where it went: the one that translated it, or, where that one asks
 * for a mark, the one that set the mark. `null` when no rule had a part in it.
 */
export function chooser(passage: Passage, book: RuleBook): RulePlace | null {
	const { steps } = passage;
	const by = translator(passage);
	if (by === null) return null;
	const marked = ASKS_MARK.test(by.text)
		? steps.slice(0, steps.indexOf(by)).findLast(changesMark)
		: undefined;
	return foundIn(book, marked ?? by);
}

/** The rule that exempts the packet from conntrack, so that nothing translates it; `null`: none does. */
export function untracker({ steps }: Passage): TraceEvent | null {
	return (
		steps.findLast(
			({ table, kind, text }) =>
				table === "raw" && kind === "rule" && EXEMPTS.test(text),
		) ?? null
	);
}

/** The rule that set the packet's mark last. */
export function marker({ steps }: Passage): TraceEvent | null {
	return steps.findLast(changesMark) ?? null;
}
