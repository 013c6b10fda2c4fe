/** What becomes of a packet, as hosts see it: names of rules are not in it, since an edit moves them. */
import { formatAddress } from "../../../sim/packet/address.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import type { End, RuleRef } from "../walk/decision.ts";
import { portOf } from "../walk/ends-of.ts";

/** What becomes of a packet. */
export interface Effect {
	readonly fate: "forwarded" | "delivered" | "dropped" | "rejected" | "unknown";
	/** `10.20.0.11:80`; `null`: its destination is as it came. */
	readonly to: string | null;
	/** The address that the next host sees as its source; `null`: as it came. */
	readonly from: string | null;
	/** By which it leaves; `null`: it does not. */
	readonly interface: string | null;
	/** That routing reads, where it does. */
	readonly mark: number;
	/** All else in the packet that leaves, and what was answered. */
	readonly rest: string;
	/** What drops it, or what is not known; `null`: it gets through. */
	readonly by: RuleRef | null;
	/** Why it is unknown. */
	readonly why: string | null;
	/** What drops it answers others (REJECT), and of this one no answer leaves. */
	readonly isSilent: boolean;
}

/** How effects are told apart. */
export interface EffectOptions {
	/** The packet as it came. */
	readonly packet: Packet;
	/** It stands for packets to several ports, of which each keeps its own. */
	readonly keepsPort: boolean;
	/** Marks are for routing to read. */
	readonly marksRoute: boolean;
	/** A rule by the kernel's name of it. */
	ruleOf(name: string): RuleRef;
	/** Does that rule tell the sender? Left out: it is not asked. */
	answersItself?(name: string): boolean;
}

export function effectOf(end: End, options: EffectOptions): Effect {
	const { packet, keepsPort, marksRoute, ruleOf } = options;
	const { fate, packet: sent, answered } = end;
	const nothing = {
		to: null,
		from: null,
		interface: null,
		mark: marksRoute ? end.routingMark : 0,
		by: null,
		why: null,
		isSilent: false,
	};
	if (fate.kind === "unknown") {
		const { rule, reason } = fate.unknown;
		const by = ruleOf(rule);
		return { ...nothing, fate: "unknown", rest: "", by, why: reason };
	}
	if (fate.kind === "queued")
		return {
			...nothing,
			fate: "unknown",
			rest: "",
			why: `it waits for its ${fate.waitsFor}`,
		};
	if (fate.kind === "dropped") {
		const is = answered === null ? "dropped" : "rejected";
		const by = ruleOf(fate.by);
		const isSilent =
			answered === null && options.answersItself?.(fate.by) === true;
		const rest = answered ?? "";
		return { ...nothing, mark: 0, fate: is, rest, by, isSilent };
	}
	const { kind } = fate;
	const leaves = kind === "forwarded" ? fate.interface : null;
	if (sent === null)
		return { ...nothing, fate: kind, interface: leaves, rest: "" };
	return {
		...nothing,
		fate: kind,
		to: translatedTo(sent, packet, keepsPort),
		from: sent.source === packet.source ? null : formatAddress(sent.source),
		interface: leaves,
		rest: restOf(sent, packet),
	};
}

function translatedTo(
	sent: Packet,
	packet: Packet,
	keepsPort: boolean,
): string | null {
	const port = portOf(sent);
	const isSamePort = port === portOf(packet);
	if (sent.destination === packet.destination && isSamePort) return null;
	const address = formatAddress(sent.destination);
	const isHidden = port === null || (keepsPort && isSamePort);
	return isHidden ? address : `${address}:${port}`;
}

/** The packet with the addresses and the destination port that it came with. */
function restOf(sent: Packet, packet: Packet): string {
	const { source, destination } = packet;
	if (sent.kind !== "tcp" && sent.kind !== "udp")
		return printPacket({ ...sent, source, destination });
	if (packet.kind !== sent.kind) return printPacket(sent);
	const { destinationPort } = packet;
	return printPacket({ ...sent, source, destination, destinationPort });
}

/** Equal for packets of which hosts see the same. */
export function effectKey(effect: Effect): string {
	const { fate, to, from, interface: name, mark, rest, why } = effect;
	return JSON.stringify([fate, to, from, name, mark, rest, why]);
}

/** `10.20.0.11:80`, `forwarded by eth1 as it came`, `dropped`, with the rest where it is wanted. */
export function effectWords(effect: Effect): string {
	const { fate, to, from, interface: name, mark, why } = effect;
	if (fate === "unknown") return `unknown: ${why}`;
	if (fate === "dropped" && effect.isSilent) return "dropped without an answer";
	if (fate === "dropped" || fate === "rejected") return fate;
	const marked = mark === 0 ? "" : ` with mark 0x${mark.toString(16)}`;
	const source = from === null ? "" : ` from ${from}`;
	if (to !== null)
		return `${fate === "delivered" ? "the gateway's own " : ""}${to}${source}${marked}`;
	if (fate === "delivered")
		return `delivered to the gateway itself${source}${marked}`;
	const as = from === null ? " as it came" : source;
	return `forwarded by ${name}${as}${marked}`;
}

/** Does a connection that comes here get an answer from another host, or from a program? */
export function getsThrough({ fate }: Effect): boolean {
	return fate === "forwarded" || fate === "delivered";
}
