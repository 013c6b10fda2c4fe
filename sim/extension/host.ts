/**
 * What the gateway offers to the extensions that run in it. The gateway implements it; tests of a
 * single extension hand in as much of it as they need.
 */
import type { Choice } from "../chance/choice.ts";
import type { AddressRange } from "../contract/countries.ts";
import type { Need } from "../contract/need.ts";
import type { Behaviour } from "../linux/behaviour.ts";
import type { Address } from "../packet/packet.ts";
import { NO_ENTRY, type Skb } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";
import type { MadeUp, ValueAsked } from "./made-up.ts";
import type { Question } from "./traits.ts";

export interface ExtensionHost {
	/** What the gateway's Linux does where Linuxes differ. */
	readonly behaviour: Behaviour;
	readonly choice: Choice;
	/** The same choice for a rule that only counts or logs: its draws do not decide where a packet goes. */
	readonly aside?: Choice;
	/**
	 * For a walk that takes every way: answers the questions of matches (`MatchExtension.question`) in place of
	 * counters, draws, conditions and what no ruleset tells. Left out: they answer themselves.
	 */
	readonly decide?: Decide;
	/**
	 * Does this packet stand for any with its addresses, ports, protocol, interface and marks? What else matches ask of
	 * it is decided then, and not read from it. Left out: none does.
	 */
	readonly standsForAny?: (skb: Skb) => boolean;
	/** Answers for matches that the model does not know. Left out: they stay unknown. */
	readonly assume?: Assume;
	/** A rule writes something of this packet down, by a key of its own, for packets that come later. */
	remembered?(key: string): void;
	/** A rule goes by what was written down of a packet before this one. */
	recalled?(key: string): void;
	/** For a walk that takes every way: a rule asks a list or a set to which packets write. */
	asksWhoCame?(): void;
	/** Virtual time since the gateway was started. */
	nowMs(): number;
	/** The same at which the table that is compiled was loaded: it may be compiled later. */
	readonly loadedMs: number;
	/** Wall-clock time of virtual time 0, in ms since 1970 (UTC), for `-m time`. */
	readonly epochMs: number;
	/** Names by index; 0 is "" (no interface). Known when compiling. */
	readonly interfaces: readonly string[];
	readonly conntrack: ConntrackApi;
	readonly nat: NatApi;
	readonly sets: SetsApi;
	/** The addresses of a country, ascending; `null`: they are not known. */
	rangesOf(country: string): readonly AddressRange[] | null;
	/**
	 * State that is known by a name and outlives the rules that use it as long as one does:
	 * condition variables, recent lists, hashlimit tables. `create` is called when there is none.
	 */
	named<T extends Stateful>(kind: string, name: string, create: () => T): T;
	/** What the routing tables say of an address, seen from `interfaceIndex` (0: from anywhere). */
	addressType(address: Address, interfaceIndex: number): AddressType;
	/** First address of an interface (`ifa_list`); `null` when it has none. */
	firstAddress(interfaceIndex: number): Address | null;
	/** First address of an interface that fits `destination` (`inet_select_addr`), or `null`. */
	interfaceAddress(
		interfaceIndex: number,
		destination: Address,
	): Address | null;
	/**
	 * The smaller of the MTUs of the routes to the packet's destination and back to its source, for
	 * `-j TCPMSS --clamp-mss-to-pmtu` (`tcpmss_mangle_packet`, net/netfilter/xt_TCPMSS.c, 6.1).
	 */
	pathMtu(skb: Skb): number;
	/**
	 * The route to the packet's source (`fib_lookup`), for `-m rpfilter`; `null` when there is none.
	 * @param mark with which it is looked up
	 */
	routeBack(skb: Skb, mark: number): RouteBack | null;
	/**
	 * What a process of the gateway's own that has this port is bound to: the `address`, or `any`; `null`: none has it.
	 */
	portHeldAt(
		protocol: "tcp" | "udp",
		address: Address,
		port: number,
	): "address" | "any" | null;
	/** Sends REJECT's answer to a packet. The target returns NF_DROP afterwards. */
	reject(skb: Skb, answer: RejectAnswer): void;
	/** Answers in a server's place, or connects to it (`synproxy_tg4`). @returns the target's verdict */
	proxySyn(skb: Skb, offer: SynproxyOffer): number;
	/**
	 * Sends a segment to where this one came from, which belongs to its connection; none where this was sent to
	 * many, or where no route leads back. The target returns NF_DROP afterwards.
	 */
	answer(skb: Skb, fields: TcpAnswer): void;
	/** Is the interface up? */
	isUp(interfaceIndex: number): boolean;
	/** `LOG` and `NFLOG`: tells the trace sink; costs nothing without one. */
	log(
		skb: Skb,
		event: { readonly kind: "LOG" | "NFLOG"; readonly prefix: string },
	): void;
	/** A header field was written: the packet is no longer the one that came in. */
	written(skb: Skb): void;
	/**
	 * The model does not know how this goes on: the packet's outcome is unknown.
	 * @param reason what is not modelled
	 */
	unknown(reason: string): never;
}

/** A route to where a packet came from. */
interface RouteBack {
	readonly type: "local" | "broadcast" | "unicast";
	/** Indices of the interfaces by which it leads. */
	readonly interfaces: readonly number[];
}

/** @returns what answers for the match each time, its inversion included; `null`: it stays unknown */
export type Assume = (match: UnknownMatch) => ((skb: Skb) => boolean) | null;

/** A match that the model may not know. */
interface UnknownMatch {
	/** The kernel's name of the rule, `mangle:PREROUTING:rule:1`. */
	readonly rule: string;
	/** The match among those of its rule, from 0. */
	readonly place: number;
	/** `null`: the rule is kept as it is written, since only the machine knows its names. */
	readonly match: string | null;
	readonly needs: readonly Need[];
	/** It holds where the sets and other things that it needs say no. */
	readonly inverted: boolean;
}

/** @returns does the match hold, its inversion included? */
export type Decide = (asked: AskedQuestion, skb: Skb) => boolean;

/**
 * Asks for a fact of a packet that stands for any.
 * @param fact in words that go on from "packets": `have the flag RST`
 * @param version of what the packet has, where rules and routing may change it: facts of another one are others
 */
export type AskFact = (fact: string, skb: Skb, version?: string) => boolean;

/** What a match may go by of a packet that stands for any. */
export interface AnyPacket {
	readonly ask: AskFact;
	readonly ports: ExtensionHost;
	/** Of the rule: first packets of connections alone come to nat. */
	readonly table: string;
}

/** A question, and the match that asks it. */
export interface AskedQuestion {
	readonly question: Question;
	/** The kernel's name of the rule, `mangle:PREROUTING:rule:1`. */
	readonly rule: string;
	/** The match among those of its rule, from 0. */
	readonly place: number;
	/** What is asked of the packet: who asks for the same fact has the same answer. */
	readonly fact?: string;
	/** By what its answer is assumed, either way: the same for all matches that go by it. */
	readonly assumed?: { readonly key: string; readonly inverted: boolean };
	/** What it asks for is a value of the packet, which a walk has made up (`made-up.ts`). */
	readonly value?: {
		/** What the packet at hand says. */
		readonly own: (skb: Skb) => boolean;
		/** `null`: the packet tells it. */
		asked(skb: Skb, made: MadeUp): ValueAsked | null;
	};
}

/** `RTN_*` of include/uapi/linux/rtnetlink.h, as `-m addrtype` spells them. */
export type AddressType =
	| "UNSPEC"
	| "UNICAST"
	| "LOCAL"
	| "BROADCAST"
	| "ANYCAST"
	| "MULTICAST"
	| "BLACKHOLE"
	| "UNREACHABLE"
	| "PROHIBIT";

export type RejectAnswer =
	| "icmp-net-unreachable"
	| "icmp-host-unreachable"
	| "icmp-proto-unreachable"
	| "icmp-port-unreachable"
	| "icmp-net-prohibited"
	| "icmp-host-prohibited"
	| "icmp-admin-prohibited"
	| "tcp-reset";

/** What SYNPROXY says of the server in its place (`struct xt_synproxy_info`). */
export interface SynproxyOffer {
	readonly sackPermitted: boolean;
	readonly timestamp: boolean;
	/** `null`: it offers none. */
	readonly windowScale: number | null;
	readonly mss: number | null;
	/** Congestion may be notified of. */
	readonly ecn: boolean;
}

/** What a target answers a segment with; the rest is the segment's own, turned round. */
export interface TcpAnswer {
	readonly flags: number;
	readonly seq: number;
	readonly ack: number;
	readonly window: number;
	readonly tos: number;
	/** `null`: the gateway's own. */
	readonly ttl: number | null;
	/** It is written over a copy of the segment, which keeps what fragments that came in (`skb_copy_expand`); otherwise it is a new packet (`alloc_skb`). */
	readonly isCopy: boolean;
}

export type Direction = "original" | "reply";

/** Conntrack as matches and targets see it. `entry` is `Skb.entry` and never NO_ENTRY. */
export interface ConntrackApi {
	mark(entry: number): number;
	setMark(entry: number, mark: number): void;
	/** IPS_* bits, see `conntrack/table/status.ts`. */
	status(entry: number): number;
	/** Until it times out; 0 for an entry that is not confirmed yet. */
	remainingSeconds(entry: number): number;
	protocol(entry: number): number;
	zone(entry: number, direction: Direction): number;
	source(entry: number, direction: Direction): Address;
	destination(entry: number, direction: Direction): Address;
	/** ICMP: the identifier in the source port, type << 8 | code in the destination port. */
	sourcePort(entry: number, direction: Direction): number;
	destinationPort(entry: number, direction: Direction): number;
	/** Counting starts when somebody first asks for it (`nf_ct_set_acct`). */
	countTraffic(): void;
	/** Is this label set, 0 to 127? `null`: the connection began while no rule asked for labels, and has none. */
	hasLabel(entry: number, label: number): boolean | null;
	setLabel(entry: number, label: number): void;
	packets(entry: number, direction: Direction): number;
	bytes(entry: number, direction: Direction): number;
	/** The connection to which packets like its first one belong now, or NO_ENTRY (for connlimit). */
	find(connection: ConnectionKey): number;
	/** The same, where no kernel looks: an entry whose time is over stays. */
	peek(connection: ConnectionKey): number;
	/** TCP conntrack state by its name without TCP_CONNTRACK_ (SYN_SENT …), or "NONE". */
	tcpState(entry: number): string;
}

/** What a connection is known by: its tuple in the original direction, and its zones. */
export interface ConnectionKey {
	readonly protocol: number;
	readonly source: Address;
	readonly destination: Address;
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly originalZone: number;
	readonly replyZone: number;
}

/** `struct nf_nat_range2`, include/uapi/linux/netfilter/nf_nat.h (6.1). */
export interface NatRange {
	/** `null`: addresses stay as they are. */
	readonly addresses: { readonly min: Address; readonly max: Address } | null;
	/** `null`: ports change only if they have to. ICMP: identifiers. */
	readonly ports: { readonly min: number; readonly max: number } | null;
	/** `--to-destination A:P-Q/BASE`. */
	readonly basePort: number | null;
	/** `--random`. */
	readonly random: boolean;
	/** `--random-fully`. */
	readonly randomFully: boolean;
	/** `--persistent`. */
	readonly persistent: boolean;
	/** NETMAP: the host part is kept. */
	readonly netmap: boolean;
	/**
	 * MASQUERADE: index of the interface whose going down ends the connection
	 * (`nf_conn_nat.masq_index`).
	 */
	readonly masqueradeInterface?: number;
}

export interface NatApi {
	/**
	 * Gives the packet's connection its mapping (`nf_nat_setup_info`).
	 * @returns NF_ACCEPT, or NF_DROP when no mapping is to be had
	 */
	setup(skb: Skb, range: NatRange, manip: "source" | "destination"): number;
}

/** How a rule names a set of ipset, and which of a packet's addresses it looks up there. */
export interface SetUse {
	readonly name: string;
	readonly sides: readonly ("src" | "dst")[];
}

/** What rules write down of a packet in a set, and recall of it. */
export function keyInSet({ name, sides }: SetUse, skb: Skb): string {
	const addresses = sides.map((side) =>
		side === "src" ? skb.source : skb.destination,
	);
	return `set ${name} ${addresses.join()}`;
}

/** How a rule compares a counter of an element. */
export interface SetCounterTest {
	readonly is: "eq" | "ne" | "lt" | "gt";
	/** 64 bits. */
	readonly value: bigint;
}

/** What a rule asks of an element besides being there (`struct ip_set_adt_opt`). */
export interface SetQuestion {
	/** `--return-nomatch`: an element with `nomatch` is what is looked for. */
	readonly returnNomatch: boolean;
	/** `! --update-counters`, `! --update-subcounters`. */
	readonly keepCounters: boolean;
	readonly keepSubcounters: boolean;
	readonly packets: SetCounterTest | null;
	readonly bytes: SetCounterTest | null;
}

/** What an element has for `-j SET --map-set` (`struct ip_set_skbinfo`). Signed. */
export interface SkbInfo {
	readonly mark: number;
	readonly markMask: number;
	readonly priority: number;
	readonly queue: number;
}

/** Sets of ipset, as rules use them (`ip_set_test`, `ip_set_add` and `ip_set_del` of ip_set_core.c, 6.1). */
export interface SetsApi {
	/** Is all known that is in the set? */
	knows(name: string): boolean;
	/** Is no packet in it, whatever comes? It has no element that a packet could be, and no rule adds any. */
	staysEmpty(use: SetUse): boolean;
	/**
	 * Do addresses, protocol and the port that is asked for tell whether a packet is in it, whatever comes? Where rules write
	 * to it: whether one of a client is that comes for the first time.
	 */
	isToldByHeaders(use: SetUse): boolean;
	/** Does a rule add to it, or delete from it, by its name, that of a list that it is in, or of a set in it? */
	isWritten(name: string): boolean;
	test(skb: Skb, use: SetUse, question: SetQuestion): boolean;
	/** What the element that fits has; `null` where none does. */
	map(skb: Skb, use: SetUse): SkbInfo | null;
	/** @param how.timeout seconds; `null`: the set's own */
	add(
		skb: Skb,
		use: SetUse,
		how: { readonly exist: boolean; readonly timeout: number | null },
	): void;
	remove(skb: Skb, use: SetUse): void;
	/**
	 * Has a rule put this packet into a set whose members are not known (`true`), or taken it out (`false`)? `null`:
	 * neither, or nothing is assumed of any set.
	 */
	writtenUnseen(skb: Skb, use: SetUse): boolean | null;
}

/**
 * The packet's entry, or NO_ENTRY. Between `-j CT` and the beginning of tracking a packet has the
 * rule's template for a connection (`nf_ct_get` returns it), and rules that ask or mark it ask and mark
 * that: this is not modelled.
 */
export function connectionOf(
	skb: Skb,
	{ unknown }: Pick<ExtensionHost, "unknown">,
): number {
	if (skb.entry === NO_ENTRY && skb.template !== null)
		return unknown(
			"a connection is asked for behind -j CT, before there is one",
		);
	return skb.entry;
}
