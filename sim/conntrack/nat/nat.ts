/**
 * NAT: the mapping that an entry gets with its first packet, and the translation of every packet
 * after it (`nf_nat_setup_info`, `nf_nat_inet_fn`, net/netfilter/nf_nat_core.c; `nf_nat_ipv4_fn`,
 * nf_nat_proto.c; 6.1).
 */
import type { Choice } from "../../chance/choice.ts";
import type { NatRange } from "../../extension/host.ts";
import { invariant } from "../../invariant.ts";
import { ICMP_REDIRECT } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { type Address, ICMP } from "../../packet/packet.ts";
import {
	CTINFO_IS_REPLY,
	CTINFO_NEW,
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	HOOK_INPUT,
	HOOK_POSTROUTING,
	NF_ACCEPT,
	NF_DROP,
	NO_ENTRY,
	type Skb,
} from "../../packet/skb/skb.ts";
import {
	ENTRY_SHIFT,
	PROTOCOL,
	REPLY_TUPLE,
	STATUS,
	TUPLE_DESTINATION,
	TUPLE_SOURCE,
} from "../table/layout.ts";
import {
	IPS_CONFIRMED,
	IPS_DST_NAT,
	IPS_DST_NAT_DONE,
	IPS_SRC_NAT,
	IPS_SRC_NAT_DONE,
} from "../table/status.ts";
import type { EntryTable } from "../table/table.ts";
import {
	invertTuple,
	readTuple,
	sameTuple,
	scratchTuple,
} from "../table/tuple.ts";
import { dropFor } from "../table/verdicts.ts";
import { rewriteFromAnswer, rewriteQuoted, rewriteSkb } from "./nat-manip.ts";
import {
	findUniqueTuple,
	type Manip,
	type TupleSearch,
} from "./nat-unique-tuple.ts";

const NAT_MASK = IPS_SRC_NAT | IPS_DST_NAT;
const NAT_DONE_MASK = IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE;

export class Nat {
	readonly #table: EntryTable;
	// Scratch.
	readonly #current = scratchTuple();
	readonly #wanted = scratchTuple();
	readonly #nullAddresses = { min: 0, max: 0 };
	/** Keeps the address, and the port unless another entry has it. */
	readonly #nullRange: NatRange = {
		addresses: this.#nullAddresses,
		ports: null,
		basePort: null,
		random: false,
		randomFully: false,
		persistent: false,
		netmap: false,
	};
	readonly #search: TupleSearch;

	constructor(table: EntryTable, choice: Choice, behaviour: Behaviour) {
		this.#table = table;
		this.#search = {
			table,
			choice,
			behaviour,
			current: this.#current,
			wanted: this.#wanted,
			range: this.#nullRange,
			manip: "source",
			entry: NO_ENTRY,
		};
	}

	/** See `Conntrack.isUnmapped`. */
	isUnmapped(skb: Skb): boolean {
		const { entry, ctinfo } = skb;
		if (entry === NO_ENTRY) return false;
		if (ctinfo !== CTINFO_NEW && (!isRelated(ctinfo) || skb.protocol === ICMP))
			return false;
		return !this.#isDone(skb, mapsSource(skb));
	}

	/** See `Conntrack.map`. */
	map(skb: Skb): number {
		const isSource = mapsSource(skb);
		if (!this.#isDone(skb, isSource))
			this.#bindNull(skb, isSource ? "source" : "destination");
		return this.#translatePacket(skb, isSource);
	}

	/** See `Conntrack.translate`. */
	translate(skb: Skb): number {
		const { entry, ctinfo } = skb;
		if (entry === NO_ENTRY) return NF_ACCEPT;
		const isSource = mapsSource(skb);
		if (isRelated(ctinfo) && skb.protocol === ICMP)
			return this.#translateError(skb, isSource);
		if (skb.hook === HOOK_POSTROUTING && this.#leavesElsewhere(skb)) {
			this.#table.account(skb);
			this.#table.kill(entry);
			return dropFor("masqueraded elsewhere");
		}
		return this.#translatePacket(skb, isSource);
	}

	/** See `Conntrack.isForAnother`. */
	isForAnother({ entry, ctinfo }: Skb): boolean {
		if (entry === NO_ENTRY) return false;
		const { words } = this.#table;
		const at = entry << ENTRY_SHIFT;
		const isReply = ctinfo >= CTINFO_IS_REPLY;
		const [own, other] = isReply ? [REPLY_TUPLE, 0] : [0, REPLY_TUPLE];
		return (
			words[at + own + TUPLE_DESTINATION] !== words[at + other + TUPLE_SOURCE]
		);
	}

	#isDone({ entry }: Skb, isSource: boolean): boolean {
		const status = this.#table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		const done = isSource ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE;
		return (status & done) !== 0;
	}

	/** See `NatApi.setup`. */
	setup(skb: Skb, range: NatRange, manip: Manip): number {
		const table = this.#table;
		const { entry } = skb;
		invariant(entry !== NO_ENTRY, "NAT for a packet that has no entry");
		const at = entry << ENTRY_SHIFT;
		const { words } = table;
		const status = words[at + STATUS] as number;
		if ((status & IPS_CONFIRMED) !== 0) return NF_ACCEPT;
		const done = manip === "source" ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE;
		if ((status & done) !== 0) return NF_DROP;
		if (range.masqueradeInterface !== undefined)
			words[at + PROTOCOL] =
				((words[at + PROTOCOL] as number) & 0xff) |
				(range.masqueradeInterface << 8);

		const current = this.#current;
		const wanted = this.#wanted;
		if (manip === "source" && range !== this.#nullRange) table.indexBySource();
		readTuple(
			current,
			words,
			at + REPLY_TUPLE,
			(words[at + PROTOCOL] as number) & 0xff,
		);
		invertTuple(current, current);
		const search = this.#search;
		search.range = range;
		search.manip = manip;
		search.entry = entry;
		findUniqueTuple(search);
		let mapped = 0;
		if (!sameTuple(wanted, current)) {
			invertTuple(wanted, wanted);
			table.writeTuple(at + REPLY_TUPLE, wanted);
			mapped = manip === "source" ? IPS_SRC_NAT : IPS_DST_NAT;
		}
		if (manip === "source") table.bySource?.link(words, entry);
		words[at + STATUS] = status | done | mapped;
		return NF_ACCEPT;
	}

	/** An interface went down, or an address of it: its masqueraded entries are worthless (`masq_device_event`, `masq_inet_event`). */
	masqueradeDown(interfaceIndex: number, address: Address | null): void {
		const table = this.#table;
		table.forEach((entry) => {
			const at = entry << ENTRY_SHIFT;
			const word = table.words[at + PROTOCOL] as number;
			if (interfaceIndex === 0 || word >>> 8 !== interfaceIndex) return;
			const own = table.words[at + REPLY_TUPLE + TUPLE_DESTINATION] as number;
			if (address === null || own === address) table.kill(entry);
		});
	}

	/** No rule wants anything: the mapping is what the packet has (`__nf_nat_alloc_null_binding`). */
	#bindNull(skb: Skb, manip: Manip): void {
		const { words } = this.#table;
		const reply = (skb.entry << ENTRY_SHIFT) + REPLY_TUPLE;
		const address = words[
			reply + (manip === "source" ? TUPLE_DESTINATION : TUPLE_SOURCE)
		] as number;
		this.#nullAddresses.min = address;
		this.#nullAddresses.max = address;
		this.setup(skb, this.#nullRange, manip);
	}

	/** A masqueraded packet that is routed over another interface now (`nf_nat_oif_changed`). */
	#leavesElsewhere(skb: Skb): boolean {
		const word = this.#table.words[
			(skb.entry << ENTRY_SHIFT) + PROTOCOL
		] as number;
		const masqueraded = word >>> 8;
		return (
			masqueraded !== 0 &&
			skb.ctinfo < CTINFO_IS_REPLY &&
			masqueraded !== skb.outInterface
		);
	}

	/** `nf_nat_packet`: makes it look like the inverse of the other direction's tuple. */
	#translatePacket(skb: Skb, isSource: boolean): number {
		const { words } = this.#table;
		const at = skb.entry << ENTRY_SHIFT;
		const isReply = skb.ctinfo >= CTINFO_IS_REPLY;
		const mapping = isSource !== isReply ? IPS_SRC_NAT : IPS_DST_NAT;
		if (((words[at + STATUS] as number) & mapping) === 0) return NF_ACCEPT;
		const other = isReply ? at : at + REPLY_TUPLE;
		if (skb.protocol !== ICMP) {
			rewriteFromAnswer(skb, words, other, isSource);
			return NF_ACCEPT;
		}
		const target = this.#wanted;
		readTuple(target, words, other, ICMP);
		invertTuple(target, target);
		rewriteSkb(skb, target, isSource ? "source" : "destination");
		return NF_ACCEPT;
	}

	/** An ICMP error: what it quotes is translated back, and then the message itself. */
	#translateError(skb: Skb, isSource: boolean): number {
		// Its checksum is made anew, so it has to be right before.
		if (skb.checksum === "wrong") return dropFor("wrong checksum");
		const { words } = this.#table;
		const at = skb.entry << ENTRY_SHIFT;
		const status = words[at + STATUS] as number;
		const isReply = skb.ctinfo >= CTINFO_IS_REPLY;
		// A redirect is about routes on this side only, and lies about those of a translated packet.
		if (
			skb.icmpType === ICMP_REDIRECT &&
			((status & NAT_DONE_MASK) !== NAT_DONE_MASK || (status & NAT_MASK) !== 0)
		)
			return dropFor("redirect about a translated packet");
		const mapping = isSource !== isReply ? IPS_SRC_NAT : IPS_DST_NAT;
		if ((status & mapping) === 0) return NF_ACCEPT;
		const target = this.#wanted;
		const protocol = (words[at + PROTOCOL] as number) & 0xff;
		readTuple(target, words, isReply ? at : at + REPLY_TUPLE, protocol);
		if (skb.about !== null) {
			const half = isSource ? "destination" : "source";
			skb.about = rewriteQuoted(skb.about, target, half);
			if (skb.about === null) return dropFor("untranslatable error");
		}
		invertTuple(target, target);
		target.protocol = ICMP;
		rewriteSkb(skb, target, isSource ? "source" : "destination");
		return NF_ACCEPT;
	}
}

/** The hooks at which connections get their source (`HOOK2MANIP`). */
function mapsSource({ hook }: Skb): boolean {
	return hook === HOOK_POSTROUTING || hook === HOOK_INPUT;
}

function isRelated(ctinfo: number): boolean {
	return ctinfo === CTINFO_RELATED || ctinfo === CTINFO_RELATED_REPLY;
}
