/** What rules do that the one packet which is walked does not show. */
import type { Packet } from "../../../sim/packet/packet.ts";
import { targets } from "../../../sim/targets/index.ts";
import type { Decision, End, RuleRef } from "../walk/decision.ts";
import { endsOf } from "../walk/ends-of.ts";
import type { Side, Sides } from "./kinds/sides.ts";

interface Walked {
	readonly sides: Sides;
	readonly before: Decision;
	readonly after: Decision;
	readonly packet: Packet;
}

/** Rules that do something else than before, though the packet that was walked shows the same. */
export function unseenIn({
	sides,
	before,
	after,
	packet,
}: Walked): readonly string[] {
	const acts = differing(
		textsIn(before, (ref) => unseenAct(sides.before, ref)),
		textsIn(after, (ref) => unseenAct(sides.after, ref)),
		"nothing",
	);
	const ports = differing(
		textsIn(before, (ref) => portsToTake(sides.before, ref, packet)),
		textsIn(after, (ref) => portsToTake(sides.after, ref, packet)),
		"none",
	);
	return [
		...(acts === null
			? []
			: [
					`rules do something else, of which one packet shows nothing: ${acts}`,
				]),
		...(ports === null
			? []
			: [
					`another port is taken where a connection has the addresses and ports already that another one would get: destination ports to take from: ${ports}`,
				]),
	];
}

/** What rules of an end do unseen, as a text: equal for equal deeds; "" where they do nothing of the kind. */
export function unseenAt(side: Side, end: End, packet: Packet): string {
	const texts = end.rules.flatMap((ref) => [
		...unseenAct(side, ref),
		...portsToTake(side, ref, packet),
	]);
	return texts.join(", ");
}

function textsIn(
	decision: Decision,
	textsOf: (ref: RuleRef) => readonly string[],
): ReadonlySet<string> {
	return new Set(
		endsOf(decision).flatMap(({ rules }) => rules.flatMap(textsOf)),
	);
}

/** `8080-8083 → none`; `null`: they are the same. */
function differing(
	olds: ReadonlySet<string>,
	news: ReadonlySet<string>,
	nothing: string,
): string | null {
	const gone = [...olds].filter((text) => !news.has(text));
	const fresh = [...news].filter((text) => !olds.has(text));
	if (gone.length + fresh.length === 0) return null;
	const words = (all: readonly string[]) =>
		all.length === 0 ? nothing : all.join(", ");
	return `${words(gone)} → ${words(fresh)}`;
}

/** `-j MASQUERADE --to-ports 1024-2047` */
function unseenAct(
	{ analysis: { walker } }: Side,
	{ rule: name, text }: RuleRef,
): readonly string[] {
	const target = walker.rules.ruleAt(name)?.target;
	if (target?.kind !== "extension") return [];
	const { translates = "destination", actsUnseen = false } =
		targets.get(target.name) ?? {};
	// Each of several destinations is walked; the port of a source is not.
	if (!actsUnseen && translates === "destination") return [];
	return [text.slice(text.lastIndexOf(" -j ")).trim()];
}

/**
 * Ports of a destination that the kernel may give in place of the one that is walked, where another connection
 * has that: those of a range (`nf_nat_l4proto_unique_tuple`). Of one port, or without any, it has none to choose
 * from; an identifier of ICMP is chosen among all of them, unless the rule names some.
 */
function portsToTake(
	{ analysis: { walker } }: Side,
	{ rule: name }: RuleRef,
	packet: Packet,
): readonly string[] {
	const target = walker.rules.ruleAt(name)?.target;
	if (target?.kind !== "extension") return [];
	const { ports = null, basePort = null } =
		targets.get(target.name)?.destinationPorts?.(target.options) ?? {};
	if (ports === null) return [];
	const { min, max } = ports;
	if (min === max) return packet.kind === "icmp" ? [`${min}`] : [];
	return [`${min}-${max}${basePort === null ? "" : `/${basePort}`}`];
}
