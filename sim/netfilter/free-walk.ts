/**
 * A walk that takes every way, as a gateway sees it: it answers the questions of matches in place of
 * counters, draws and conditions, knows where in the rules the packet is, and notes what it met.
 */

import type { Decide } from "../extension/host.ts";
import type { MadeUp, ValueAsked } from "../extension/made-up.ts";
import { invariant } from "../invariant.ts";
import type { Packet } from "../packet/packet.ts";
import { CTINFO_UNTRACKED, NO_ENTRY, type Skb } from "../packet/skb/skb.ts";
import { packetOf } from "../packet/skb/skb-packet.ts";
import type { Netfilter } from "./netfilter.ts";
import type { Program } from "./program.ts";
import type { RuleTracer } from "./rule-tracer.ts";

/** What a walk has met so far. Marks are unsigned. */
export interface WalkRecord {
	/** Rules that the packet matched, in order, as the kernel names them: `nat:PREROUTING:rule:2`. */
	readonly rules: readonly string[];
	/** How many of `rules` it met before it was routed: in PREROUTING, or in OUTPUT where the gateway itself sends it. */
	readonly beforeRouting: number;
	/** A list or a set that rules remember clients in was written (`-m recent`, `-j SET`). */
	readonly remembers: boolean;
	/** A list or a set to which packets write was asked. */
	readonly asksWhoCame: boolean;
	/** The packet as it stands; `null`: none came in. */
	readonly packet: Packet | null;
	/** Its mark when it was routed. */
	readonly routingMark: number;
	readonly mark: number;
	readonly connmark: number;
	/** The interface by which routing sends it, whether it came so far or not; `null`: by none. */
	readonly towards: string | null;
	/** A rule has exempted it from conntrack, and so from NAT. */
	readonly isUntracked: boolean;
}

/** A gateway that is walked. */
interface Walked extends Netfilter {
	/** The packet that came in last. */
	received: Skb | undefined;
	/** The one that a program of its own has sent last. */
	sent: Skb | undefined;
}

export class FreeWalk implements RuleTracer {
	isOn = true;
	racer = 0;
	readonly decide: Decide;
	/** Left out: packets stand for themselves. */
	readonly standsForAny?: (skb: Skb) => boolean;
	/** Hears that a rule asks such a list. */
	readonly asksWhoCame = (): void => {
		this.hasAsked = true;
	};
	private net: Walked | null = null;
	private rules: string[] = [];
	private beforeRouting = 0;
	private rememberedBefore = "";
	private hasAsked = false;
	/** The packet that was sent in: what the gateway makes up meanwhile walks as well. */
	private skb: Skb | null = null;
	private made: MadeUp | null = null;
	/** How often packets came to a match that asks for what they were made up with, in all walks. */
	valuesMet = 0;
	private program: Program | null = null;
	/** Nodes of the jumps that the walk returns to. */
	private readonly stack: number[] = [];
	private hook = -1;
	/** Where it is routed behind: PREROUTING, or OUTPUT for a packet of the gateway's own; -1 before it is met. */
	private first = -1;
	private routingMark = 0;
	private mark = 0;
	private connmark = 0;
	/** A socket that takes the packet forgets it (`nf_reset_ct`). */
	private isUntracked = false;

	/**
	 * @param decide is not asked about packets that the gateway makes up: their questions are answered with no
	 * @param decideValue is asked whether a value of the packet, which was made up, is one of those
	 * @param ofAny the packet that comes in stands for any with its addresses, ports and marks
	 */
	constructor(
		decide: Decide,
		decideValue: (value: ValueAsked, rule: string) => boolean,
		ofAny = false,
	) {
		if (ofAny)
			this.standsForAny = (skb) => {
				this.meets(skb);
				return skb === this.skb;
			};
		this.decide = (asked, skb) => {
			this.meets(skb);
			const { value } = asked;
			const isOwn = skb === this.skb;
			if (value === undefined) return isOwn && decide(asked, skb);
			const { made } = this;
			if (!isOwn || made === null) return value.own(skb);
			this.valuesMet++;
			const one = value.asked(skb, made);
			return one === null ? value.own(skb) : decideValue(one, asked.rule);
		};
	}

	/** The gateway whose packets these are. */
	attach(net: Walked): void {
		this.net = net;
	}

	/** Before a packet is sent in. @param made what stands for others; `null`: it is that packet alone */
	begin(made: MadeUp | null = null): void {
		this.made = made;
		this.rules = [];
		this.beforeRouting = 0;
		this.rememberedBefore = this.remembered();
		this.hasAsked = false;
		this.skb = null;
		if (this.net !== null) {
			this.net.received = undefined;
			this.net.sent = undefined;
		}
		this.program = null;
		this.stack.length = 0;
		this.hook = -1;
		this.first = -1;
		this.routingMark = 0;
		this.mark = 0;
		this.connmark = 0;
		this.isUntracked = false;
	}

	reached(program: Program, at: number, skb: Skb): void {
		this.meets(skb);
		if (skb !== this.skb) return;
		if (program !== this.program || skb.hook !== this.hook) {
			this.program = program;
			this.hook = skb.hook;
			this.stack.length = 0;
		}
		const { kind } = program.nodes[at] as Program["nodes"][number];
		if (kind === "jump") this.stack.push(at);
		else if (kind === "return") this.stack.pop();
		const chain = program.chains[at] as Program["chains"][number];
		const number = program.numbers[at] as number;
		if (number <= chain.rules.length) {
			this.rules.push(`${program.table.name}:${chain.name}:rule:${number}`);
			if (skb.hook === this.first) this.beforeRouting = this.rules.length;
		}
		this.note(skb);
	}

	log(): void {}

	left(skb: Skb): void {
		if (skb === this.skb) this.note(skb);
	}

	get record(): WalkRecord {
		const { rules, beforeRouting, routingMark, mark, connmark } = this;
		// A packet of a connection that is known may meet no rule at all.
		const skb = this.skb ?? this.net?.sent ?? this.net?.received ?? null;
		return {
			rules,
			beforeRouting,
			remembers: this.remembered() !== this.rememberedBefore,
			asksWhoCame: this.hasAsked,
			packet: skb === null ? null : packetOf(skb),
			routingMark: routingMark >>> 0,
			mark: mark >>> 0,
			connmark: connmark >>> 0,
			towards: this.net?.routes.interfaces[skb?.outInterface || -1] ?? null,
			isUntracked: this.isUntracked || (skb !== null && isExempt(skb)),
		};
	}

	/**
	 * All on which the rest of the walk depends, as text: equal texts, equal ends.
	 * @param table that is walked, whose question is to be answered
	 */
	momentIn(table: string): string {
		const { skb, net, stack, program } = this;
		invariant(skb !== null && net !== null, "a question outside of a walk");
		const { hook, mark, tos, ttl, priority, ctinfo, entry, outInterface } = skb;
		const { view } = net.conntrack;
		const connection =
			entry === NO_ENTRY
				? []
				: [
						view.mark(entry),
						view.labelsText(entry),
						view.status(entry),
						view.source(entry, "reply"),
						view.destination(entry, "reply"),
						view.sourcePort(entry, "reply"),
						view.destinationPort(entry, "reply"),
					];
		const isHere = hook === this.hook && program?.table.name === table;
		const jumps = isHere ? stack : [];
		return [
			hook,
			jumps.join("."),
			headersOf(skb),
			[mark, tos, ttl, priority, ctinfo, outInterface].join("."),
			connection.join("."),
			skb.template === null ? "" : JSON.stringify(skb.template),
			this.remembered(),
			this.hasAsked,
		].join("|");
	}

	/** What its packet asks the machine for by addresses and ports, as text. */
	packetText(): string {
		const { skb } = this;
		invariant(skb !== null, "a question outside of a walk");
		return `${headersOf(skb)}|${this.remembered()}`;
	}

	/** What decides about packets that come later, besides rules: connections with what is left of their time, and what is in sets. */
	flows(): unknown {
		const { net } = this;
		invariant(net !== null, "flows of no gateway");
		return [net.conntrack.seenFlows(), net.sets.seenFlows()];
	}

	/** The rules that are loaded, as text. */
	rulesText(): string {
		return this.net?.tables.rulesText() ?? "";
	}

	/** What is kept of connections, a text each. */
	connections(): readonly string[] {
		return this.net?.conntrack.kept() ?? [];
	}

	/** Does a rule add packets to a set, or delete them from it? */
	packetsWriteTo(set: string): boolean {
		return this.net?.sets.isWritten(set) === true;
	}

	/** What is in lists and sets that packets write to, as text; "" where nothing is. */
	remembered(): string {
		const { net } = this;
		if (net === null) return "";
		return net.tables.names.textWithout("condition") + net.sets.writtenText();
	}

	private meets(skb: Skb): void {
		if (this.skb !== null) return;
		this.skb = skb;
		this.first = skb.hook;
	}

	private note(skb: Skb): void {
		this.mark = skb.mark;
		if (isExempt(skb)) this.isUntracked = true;
		if (skb.hook === this.first) this.routingMark = skb.mark;
		if (skb.entry !== NO_ENTRY)
			this.connmark = this.net?.conntrack.view.mark(skb.entry) ?? 0;
	}
}

function isExempt({ entry, ctinfo }: Skb): boolean {
	return entry === NO_ENTRY && ctinfo === CTINFO_UNTRACKED;
}

function headersOf(skb: Skb): string {
	const { protocol, source, destination, sourcePort, destinationPort } = skb;
	return [protocol, source, destination, sourcePort, destinationPort].join(".");
}
