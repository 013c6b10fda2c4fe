/**
 * For tests: conntrack with a hand-driven clock and nothing around it but the order of the hooks. A
 * packet goes in as one line and comes out as one, with the connection's state in front.
 */

import type { Choice } from "../chance/choice.ts";
import { seededChoice } from "../chance/seeded.ts";
import type { NatRange } from "../extension/host.ts";
import { invariant } from "../invariant.ts";
import { behaviourOf } from "../linux/behaviour.ts";
import { DEFAULT_LINUX, type Linux } from "../linux/linux.ts";
import { parseAddress } from "../packet/address.ts";
import { parsePacket, printPacket } from "../packet/notation/notation.ts";
import {
	CTINFO_UNTRACKED,
	HOOK_INPUT,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_PREROUTING,
	NF_ACCEPT,
	NF_DROP,
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import { packetOf, skbOf } from "../packet/skb/skb-packet.ts";
import { Conntrack } from "./conntrack.ts";
import { Sysctls } from "./settings/sysctls.ts";
import { type ConntrackDropReason, dropReasonOf } from "./table/verdicts.ts";

const CTSTATES = ["ESTABLISHED", "RELATED", "NEW", "ESTABLISHED", "RELATED"];

/** `--ctstate` of a packet. */
export function ctstateOf(skb: Skb): string {
	if (skb.entry === NO_ENTRY)
		return skb.ctinfo === CTINFO_UNTRACKED ? "UNTRACKED" : "INVALID";
	return CTSTATES[skb.ctinfo] ?? "?";
}

export function address(dotted: string): number {
	const parsed = parseAddress(dotted);
	invariant(parsed !== null, `${dotted} is not an address`);
	return parsed;
}

/** A range of one or more addresses and of ports, with nothing else asked for. */
export function range(
	addresses: string | null,
	more: Partial<NatRange> = {},
): NatRange {
	const [min, max = min] = (addresses ?? "").split("-");
	return {
		addresses:
			addresses === null
				? null
				: { min: address(min ?? ""), max: address(max ?? "") },
		ports: null,
		basePort: null,
		random: false,
		randomFully: false,
		persistent: false,
		netmap: false,
		...more,
	};
}

export interface Rules {
	/** What nat PREROUTING (OUTPUT for the gateway's own packets) maps the destination to. */
	dnat?: (skb: Skb) => NatRange | null;
	/** What nat POSTROUTING (INPUT for delivered packets) maps the source to. */
	snat?: (skb: Skb) => NatRange | null;
	/** After the lookup, before anything else. */
	onTracked?: (skb: Skb) => void;
	/** Dropped by a rule on the way. */
	drop?: boolean;
}

export class TestHooks {
	nowMs = 0;
	readonly sysctls = new Sysctls();
	readonly conntrack: Conntrack;
	rules: Rules = {};
	/** Whether the nat table is loaded: without it not even null bindings are made. */
	nat = true;
	/** Zones of `-j CT --zone`. */
	zones: readonly [number, number] | null = null;
	/** Why conntrack or NAT dropped the last packet; `null` when they did not. */
	droppedFor: ConntrackDropReason | null = null;

	constructor(
		sysctls: Readonly<Record<string, number>> = {},
		choice: Choice = seededChoice(1),
		linux: Linux = DEFAULT_LINUX,
	) {
		for (const [name, value] of Object.entries(sysctls))
			this.set(`netfilter.nf_conntrack_${name}`, value);
		this.conntrack = new Conntrack({
			behaviour: behaviourOf(linux),
			clock: this,
			choice,
			sysctls: this.sysctls,
		});
	}

	set(name: string, value: number): void {
		const outcome = this.sysctls.set(name, value);
		invariant(outcome.kind === "written", JSON.stringify(outcome));
	}

	wait(seconds: number): void {
		this.nowMs += seconds * 1000;
	}

	/** A packet that comes in and goes out elsewhere. @returns `CTSTATE packet`, or `dropped` */
	forward(line: string): string {
		return this.#pass(line, HOOK_PREROUTING, HOOK_POSTROUTING);
	}

	/** A packet for the gateway itself. */
	deliver(line: string): string {
		return this.#pass(line, HOOK_PREROUTING, HOOK_INPUT);
	}

	/** A packet of the gateway's own. */
	send(line: string): string {
		return this.#pass(line, HOOK_OUTPUT, HOOK_POSTROUTING);
	}

	/** `/proc/net/nf_conntrack` */
	table(): readonly string[] {
		return this.conntrack.lines().map(({ text }) => text);
	}

	/** The only entry, or "". */
	entry(): string {
		const lines = this.table();
		invariant(lines.length < 2, `more than one entry: ${lines.join(" | ")}`);
		return lines[0] ?? "";
	}

	#pass(line: string, first: number, last: number): string {
		const skb = skbOf(parsePacket(line));
		if (this.zones !== null)
			skb.template = { zoneOriginal: this.zones[0], zoneReply: this.zones[1] };
		this.droppedFor = null;
		const answer = this.#walk(skb, first, last);
		this.conntrack.release(skb);
		return answer;
	}

	#walk(skb: Skb, first: number, last: number): string {
		const { conntrack, rules } = this;
		skb.hook = first;
		if (this.#isDropped(conntrack.incoming(skb))) return "dropped";
		const ctstate = ctstateOf(skb);
		rules.onTracked?.(skb);
		if (this.#isDropped(this.#translate(skb, "destination", rules.dnat)))
			return "dropped";
		if (rules.drop === true) return "dropped";
		skb.hook = last;
		if (this.#isDropped(this.#translate(skb, "source", rules.snat)))
			return "dropped";
		if (this.#isDropped(conntrack.confirm(skb))) return "dropped";
		return `${ctstate} ${printPacket(packetOf(skb), { payload: "length" })}`;
	}

	#isDropped(verdict: number): boolean {
		if (verdict === NF_ACCEPT) return false;
		// A rule's drop has no reason.
		if (verdict !== NF_DROP) this.droppedFor = dropReasonOf(verdict);
		return true;
	}

	/** As the nat table's hooks do, with one rule. */
	#translate(
		skb: Skb,
		manip: "source" | "destination",
		rule: ((skb: Skb) => NatRange | null) | undefined,
	): number {
		const { conntrack } = this;
		if (!this.nat) return NF_ACCEPT;
		if (!conntrack.isUnmapped(skb)) return conntrack.translate(skb);
		const wanted = rule?.(skb) ?? null;
		const verdict =
			wanted === null ? NF_ACCEPT : conntrack.setup(skb, wanted, manip);
		return verdict === NF_ACCEPT ? conntrack.map(skb) : verdict;
	}
}
