/**
 * Connection tracking as the kernel does it: every packet is looked up by its tuple, a packet that
 * belongs to nothing known begins an entry, and the entry enters the table when its first packet
 * has come through the gateway (`nf_conntrack_in`, `__nf_conntrack_confirm`,
 * net/netfilter/nf_conntrack_core.c, 6.1).
 *
 * One packet is on its way at a time, but for races, in which several have come as far as to be confirmed.
 */
import type { Choice } from "../chance/choice.ts";
import type { ConntrackFilter, ConntrackLine } from "../contract/gateway.ts";
import type { NatApi, NatRange } from "../extension/host.ts";
import { LOOPBACK_IFINDEX, SCTP } from "../kernel.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import { type Address, ICMP, TCP, UDP } from "../packet/packet.ts";
import {
	CTINFO_ESTABLISHED,
	CTINFO_ESTABLISHED_REPLY,
	CTINFO_INVALID,
	CTINFO_IS_REPLY,
	CTINFO_NEW,
	CTINFO_RELATED,
	CTINFO_RELATED_REPLY,
	CTINFO_UNTRACKED,
	NF_ACCEPT,
	NO_ENTRY,
	type Skb,
} from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";
import {
	Collector,
	dropsByChance,
	isFull,
	purgeExpired,
} from "./early-drop.ts";
import { EntryView } from "./entry-view.ts";
import { evict, linesOf } from "./lines.ts";
import { Nat } from "./nat/nat.ts";
import { type ConntrackConfig, conntrackConfigOf } from "./settings/config.ts";
import type { Sysctls } from "./settings/sysctls.ts";
import { confirmEntry, hasClash } from "./table/confirm.ts";
import { ENTRY_SHIFT, ORIGINAL, REPLY, STATUS } from "./table/layout.ts";
import type { ProxiedConnection } from "./table/proxied.ts";
import { IPS_CONFIRMED, IPS_SEEN_REPLY } from "./table/status.ts";
import { EntryTable, type SavedTable } from "./table/table.ts";
import { invertTuple, scratchTuple, tupleOfSkb } from "./table/tuple.ts";
import { dropFor, TRACK_INVALID, TRACK_REPEAT } from "./table/verdicts.ts";
import { adjustSequence, adjustTimestamp } from "./tcp/sequence-offset.ts";
import { TcpTracker } from "./tcp/tcp.ts";
import {
	checkModelled,
	hasBadChecksum,
	throwUnhandledUnknown,
	trackIcmpError,
	trackOther,
} from "./trackers.ts";

export interface ConntrackOptions {
	/** Virtual time, ms; never goes back. */
	readonly clock: { readonly nowMs: number };
	readonly choice: Choice;
	/** Changes take effect with the next packet. */
	readonly sysctls: Sysctls;
	/** What its kernel does. */
	readonly behaviour: Behaviour;
	/** Does a rule ask for labels, so that new entries have them? None does, when left out. */
	labels?(): boolean;
	/** Called for what is not modelled: some protocols' trackers. */
	unknown?(reason: string): never;
}

const MAX_HASHED_ZONE = 0xffff;

interface SavedConntrack {
	readonly table: SavedTable;
	readonly collector: ReturnType<Collector["save"]>;
	readonly countsTraffic: boolean;
}

/** Its settings are not its own: they are to be put back before it is. */
export class Conntrack implements NatApi, Stateful<SavedConntrack> {
	/** Its entries as matches and targets see them. */
	readonly view: EntryView;
	readonly #options: ConntrackOptions;
	readonly #table: EntryTable;
	readonly #tcp: TcpTracker;
	readonly #nat: Nat;
	readonly #unknown: (reason: string) => never;
	readonly #collector: Collector;
	#config: ConntrackConfig;
	// Scratch: no objects per packet.
	readonly #tuple = scratchTuple();
	readonly #reply = scratchTuple();

	constructor(options: ConntrackOptions) {
		const { sysctls, behaviour } = options;
		const config = conntrackConfigOf(sysctls, behaviour);
		this.#options = options;
		this.#config = config;
		this.#table = new EntryTable(
			config.buckets,
			behaviour.zonesInHashes === "hashed",
		);
		this.view = new EntryView(this.#table, options.clock);
		this.#tcp = new TcpTracker(this.#table, config);
		this.#unknown = options.unknown ?? throwUnhandledUnknown;
		this.#nat = new Nat(this.#table, options.choice, behaviour);
		this.#collector = new Collector(this.#table, this.#tcp, options);
		sysctls.watch(() => this.#tune(conntrackConfigOf(sysctls, behaviour)));
		this.#tune(this.#config);
	}

	save(): SavedConntrack {
		return {
			table: this.#table.save(),
			collector: this.#collector.save(),
			countsTraffic: this.view.countsTraffic,
		};
	}

	restore({ table, collector, countsTraffic }: SavedConntrack): void {
		this.#table.restore(table);
		this.#collector.restore(collector);
		this.view.countsTraffic = countsTraffic;
	}

	seen(): unknown {
		return [this.#table, this.#collector, this.view.countsTraffic];
	}

	/** Its entries alone, each with what is left of its time, and how many there may be. */
	seenFlows(): unknown {
		this.view.setNow();
		const table = this.#table;
		const { tcpMaxRetransmissions: mostRetransmissions } = this.#config;
		const view = { now: table.now, mostRetransmissions };
		const entries = new Set<unknown>();
		table.forEach((entry) => {
			entries.add(table.seenEntry(entry, view));
		});
		return { entries, mostEntries: this.#config.maxEntries };
	}

	/** What it keeps of each connection, as text without times: equal texts, equal to all rules. */
	kept(): readonly string[] {
		this.view.setNow();
		const { view } = this;
		const table = this.#table;
		const found: string[] = [];
		table.forEach((entry) => {
			const sides = (["original", "reply"] as const).map((side) => [
				view.zone(entry, side),
				view.source(entry, side),
				view.sourcePort(entry, side),
				view.destination(entry, side),
				view.destinationPort(entry, side),
			]);
			const told = [view.mark(entry), view.labelsText(entry)];
			const status = [view.protocol(entry), view.status(entry)];
			const proxied = table.proxied.get(entry) !== undefined;
			found.push([...status, ...sides, ...told, proxied].join(" "));
		});
		return found;
	}

	/** An entry that a packet carries, as `seen` has it; `null` for none. */
	seenEntry(entry: number): unknown {
		return entry === NO_ENTRY ? null : this.#table.seenEntry(entry);
	}

	/**
	 * `nf_conntrack_in`, at PREROUTING and OUTPUT: gives the packet its entry and what it is to it
	 * (`skb.entry`, `skb.ctinfo`).
	 * @returns NF_ACCEPT, or NF_DROP when the table is full
	 */
	incoming(skb: Skb): number {
		this.view.setNow();
		// Seen before (round by the loopback interface, or an answer that was attached), or not to be tracked.
		if (skb.entry !== NO_ENTRY || skb.ctinfo === CTINFO_UNTRACKED)
			return NF_ACCEPT;
		const { template } = skb;
		const zones =
			template === null
				? 0
				: ((template.zoneOriginal & MAX_HASHED_ZONE) << 16) |
					(template.zoneReply & MAX_HASHED_ZONE);
		const isProxied = template?.isProxied === true;
		skb.template = null;
		if (skb.protocol === ICMP) {
			if (hasBadChecksum(skb, this.#config)) return NF_ACCEPT;
			if (trackIcmpError(this.#table, zones, skb) === TRACK_INVALID)
				return NF_ACCEPT;
			if (skb.entry !== NO_ENTRY) return NF_ACCEPT;
		} else if (skb.protocol !== TCP && skb.protocol !== UDP)
			checkModelled(skb.protocol, this.#unknown);
		// Too short for ports: it is no part of any connection.
		if (skb.protocol === SCTP && skb.payload.length < 4) return NF_ACCEPT;
		tupleOfSkb(this.#tuple, skb);
		for (;;) {
			const verdict = this.#track(skb, zones, isProxied);
			if (verdict !== TRACK_REPEAT)
				return verdict === TRACK_INVALID ? NF_ACCEPT : verdict;
		}
	}

	/**
	 * `nf_conntrack_confirm`, at the end of INPUT and POSTROUTING: the packet has come through, so
	 * its entry enters the table.
	 * @returns NF_DROP when another entry has one of its tuples meanwhile
	 */
	confirm(skb: Skb): number {
		if (skb.entry !== NO_ENTRY) this.#adjust(skb);
		return this.isFirst(skb)
			? confirmEntry(this.#table, this.#options, skb)
			: NF_ACCEPT;
	}

	/**
	 * Does the packet begin a connection that is not confirmed yet? An answer of the gateway's own to a packet
	 * that was not let through begins none.
	 */
	isFirst({ entry, ctinfo }: Skb): boolean {
		if (entry === NO_ENTRY || ctinfo >= CTINFO_IS_REPLY) return false;
		const status = this.#table.words[(entry << ENTRY_SHIFT) + STATUS] as number;
		return (status & IPS_CONFIRMED) === 0;
	}

	/** What is kept of the packet's connection, if SYNPROXY opens it; `undefined` of all others. */
	proxied({ entry }: Skb): ProxiedConnection | undefined {
		return this.#table.proxied.get(entry);
	}

	/** Has the packet an entry? */
	isTracked({ entry }: Skb): boolean {
		return entry !== NO_ENTRY;
	}

	/** The greatest window that the client of the packet's connection has announced (`td_maxwin`). */
	originalWindow({ entry }: Skb): number {
		return this.#tcp.originalWindow(entry);
	}

	/** The client and the server of a connection that SYNPROXY has opened count time differently. */
	adjustTimestamp(skb: Skb): void {
		adjustTimestamp(skb, this.proxied(skb)?.timestampOffset ?? 0);
	}

	/** Would a first packet be dropped, or given another entry, were it confirmed now? */
	hasClash({ entry }: Skb): boolean {
		return hasClash(this.#table, entry);
	}

	/** The packet was copied: the copy carries the entry too, and is to be released as well. */
	hold(skb: Skb): void {
		if (skb.entry !== NO_ENTRY) this.#table.get(skb.entry);
	}

	/** The packet is gone. To be called once for each, whatever became of it. */
	release(skb: Skb): void {
		if (skb.entry === NO_ENTRY) return;
		this.#table.put(skb.entry);
		skb.entry = NO_ENTRY;
		skb.ctinfo = CTINFO_INVALID;
	}

	/**
	 * The nat table's hook (`nf_nat_ipv4_fn`). PREROUTING and OUTPUT translate the destination,
	 * INPUT and POSTROUTING the source, both the other way round for packets in reply direction.
	 */
	translate(skb: Skb): number {
		return this.#nat.translate(skb);
	}

	/**
	 * Does the packet's connection get its mapping at this hook? Then the rules of the nat table are
	 * asked first, and `map` takes the place of `translate` (`nf_nat_inet_fn`).
	 */
	isUnmapped(skb: Skb): boolean {
		return this.#nat.isUnmapped(skb);
	}

	/** Has the packet a connection whose time runs out within so many jiffies? */
	endsWithin({ entry }: Skb, jiffies: number): boolean {
		this.view.setNow();
		return entry !== NO_ENTRY && this.#table.endsWithin(entry, jiffies);
	}

	/**
	 * Does what the packet's connection sends in this direction come to another than it is addressed to? An error
	 * that the gateway sends may be addressed to that other one already (`nf_nat_ipv4_local_fn`).
	 */
	isForAnother(skb: Skb): boolean {
		return this.#nat.isForAnother(skb);
	}

	/** Behind the rules: binds the connection to what it has, if no rule mapped it, and translates the packet. */
	map(skb: Skb): number {
		return this.#nat.map(skb);
	}

	/** `nf_nat_setup_info`; see `NatApi`. */
	setup(skb: Skb, range: NatRange, manip: "source" | "destination"): number {
		return this.#nat.setup(skb, range, manip);
	}

	/**
	 * A reply that the gateway makes up belongs to the packet's connection (`nf_conntrack_attach`). A
	 * reply to an untracked packet gets no entry, but is looked up even if CT --notrack matches at OUTPUT.
	 */
	attach(reply: Skb, to: Skb): void {
		if (to.entry === NO_ENTRY) {
			if (to.ctinfo === CTINFO_UNTRACKED) reply.ctinfo = CTINFO_RELATED;
			return;
		}
		this.#table.get(to.entry);
		reply.entry = to.entry;
		reply.ctinfo =
			to.ctinfo >= CTINFO_IS_REPLY ? CTINFO_RELATED : CTINFO_RELATED_REPLY;
	}

	/** REJECT has reset the packet's connection (`nf_ct_set_closing`, nf_reject_ipv4.c). */
	setClosing(skb: Skb): void {
		if (skb.entry === NO_ENTRY || this.view.protocol(skb.entry) !== TCP) return;
		this.view.setNow();
		this.#tcp.setClosing(skb.entry);
	}

	/**
	 * `/proc/net/nf_conntrack`. The kernel lists by bucket, in an order that its secret hash decides;
	 * here older slots come first.
	 */
	lines(): readonly ConntrackLine[] {
		this.view.setNow();
		return linesOf(this.#table, this.view);
	}

	/** `conntrack -D`. @returns how many entries went */
	evict(filter: ConntrackFilter): number {
		this.#purge();
		return evict(this.#table, filter, this.view, this.#config.behaviour);
	}

	/** `nf_conntrack_count`, with what has expired already gone. Looks at every entry. */
	get count(): number {
		this.#purge();
		return this.#table.count;
	}

	get dropsByChance(): boolean {
		return dropsByChance(this.#table, this.#config.maxEntries);
	}

	/** Removes what has expired, as the kernel does when it comes to it (`gc_worker`). @returns how many */
	removeExpired(): number {
		const before = this.#table.count;
		return before - this.count;
	}

	/** A rule asks for tracking where none did for a while (`nf_ct_netns_do_get`). */
	resume(): void {
		this.view.setNow();
		this.#tcp.forgetWindows();
	}

	/**
	 * An interface went down, or an address of it is gone: entries that were masqueraded over it go.
	 * @param address `null`: whatever address they have
	 */
	masqueradeDown(interfaceIndex: number, address: Address | null = null): void {
		this.view.setNow();
		this.#nat.masqueradeDown(interfaceIndex, address);
	}

	/** Octets that the table takes, counters included. */
	get memoryBytes(): number {
		return this.#table.memoryBytes;
	}

	/** One round of `nf_conntrack_in`: entry, what the packet is to it, what it does to it. */
	#track(skb: Skb, zones: number, isProxied: boolean): number {
		const table = this.#table;
		let node = table.findNode(this.#tuple, zones);
		if (node === 0) {
			const verdict = this.#newEntry(zones);
			if (verdict <= NF_ACCEPT) return verdict;
			node = verdict;
			if (isProxied) table.beginProxied(node >> 1);
		} else table.get(node >> 1);
		const entry = node >> 1;
		const at = entry << ENTRY_SHIFT;
		const seenReply =
			((table.words[at + STATUS] as number) & IPS_SEEN_REPLY) !== 0;
		skb.entry = entry;
		skb.ctinfo =
			(node & 1) === REPLY
				? CTINFO_ESTABLISHED_REPLY
				: seenReply
					? CTINFO_ESTABLISHED
					: CTINFO_NEW;
		const verdict = this.#dispatch(skb);
		if (verdict !== NF_ACCEPT) {
			this.release(skb);
			return verdict;
		}
		if ((node & 1) === REPLY && !seenReply)
			table.words[at + STATUS] =
				(table.words[at + STATUS] as number) | IPS_SEEN_REPLY;
		return NF_ACCEPT;
	}

	/**
	 * `init_conntrack`. Expectations come from helpers, and there are none.
	 * @returns the new entry's node in original direction, or a verdict
	 */
	#newEntry(zones: number): number {
		if (!invertTuple(this.#reply, this.#tuple)) return TRACK_INVALID;
		const table = this.#table;
		const { maxEntries } = this.#config;
		this.#collector.runIfDue(maxEntries);
		const isLeft =
			!isFull(table, maxEntries) ||
			this.#collector.makeRoom(
				table.index.hashIn(this.#tuple, zones, ORIGINAL),
			);
		if (!isLeft) return dropFor("table full");
		const counted = this.view.countsTraffic || this.#config.counting;
		const entry = table.allocate(this.#tuple, this.#reply, zones, counted);
		if (this.#options.labels?.() === true) table.giveLabels(entry);
		return entry * 2;
	}

	/** `nf_conntrack_handle_packet` */
	#dispatch(skb: Skb): number {
		if (hasBadChecksum(skb, this.#config)) return TRACK_INVALID;
		return skb.protocol === TCP
			? this.#tcp.packet(skb)
			: trackOther(this.#table, this.#config, skb);
	}

	/** A connection that SYNPROXY has opened counts otherwise on both sides (`nf_confirm`). */
	#adjust(skb: Skb): void {
		const offset = this.#table.sequenceOffset(skb.entry);
		if (offset === 0 || skb.ctinfo === CTINFO_RELATED_REPLY) return;
		// It has come in by the loopback interface (nf_is_loopback_packet).
		if (skb.inInterface === LOOPBACK_IFINDEX) return;
		if (skb.protocol !== TCP)
			this.#unknown(
				"ICMP errors about connections that SYNPROXY has opened are not modelled",
			);
		adjustSequence(skb, offset);
	}

	#tune(config: ConntrackConfig): void {
		this.#config = config;
		this.#tcp.tune(config);
		this.#table.resize(config.buckets);
		if (config.counting) this.#table.allocateCounters();
	}

	#purge(): void {
		this.view.setNow();
		purgeExpired(this.#table);
	}
}
