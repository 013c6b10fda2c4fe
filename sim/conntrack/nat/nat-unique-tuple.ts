/**
 * The search for a tuple that no other entry has, within what a NAT rule allows (`get_unique_tuple` and
 * what it calls, net/netfilter/nf_nat_core.c, 6.1).
 */
import type { Choice } from "../../chance/choice.ts";
import type { NatRange } from "../../extension/host.ts";
import { SCTP } from "../../kernel.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { hashAddressWord, scale } from "../../packet/jhash.ts";
import { ICMP, TCP, UDP } from "../../packet/packet.ts";
import { after } from "../../packet/sequence.ts";
import { mayClash } from "../table/confirm.ts";
import {
	BY_SOURCE_NEXT,
	ENTRY_SHIFT,
	ORIGINAL,
	PROTOCOL,
	REPLY,
	REPLY_TUPLE,
	SEEN,
	SEEN_END,
	STATUS,
	TCP_STATE_BYTE,
	TUPLE_NEXT,
	TUPLE_PORTS,
	TUPLE_SOURCE,
	tupleAt,
	ZONES,
} from "../table/layout.ts";
import {
	IPS_DST_NAT,
	IPS_DYING,
	IPS_FIXED_TIMEOUT,
	IPS_SRC_NAT,
} from "../table/status.ts";
import type { EntryTable } from "../table/table.ts";
import {
	copyTuple,
	invertTuple,
	readTuple,
	sameTuple,
	scratchTuple,
	type Tuple,
} from "../table/tuple.ts";
import { SYN_SENT, TIME_WAIT } from "../tcp/tcp-states.ts";

export type Manip = "source" | "destination";

/** What is looked for: a record that is written anew for each search, since the inner loop makes no objects. */
export interface TupleSearch {
	readonly table: EntryTable;
	readonly choice: Choice;
	/** Where the search for a destination's port begins, and whether it ends old connections. */
	readonly behaviour: Behaviour;
	/** The tuple as it is, after what other manips have done. */
	readonly current: Tuple;
	/** Receives the tuple that is found. */
	readonly wanted: Tuple;
	/** What the rule allows. */
	range: NatRange;
	manip: Manip;
	/** The entry that the tuple is for. */
	entry: number;
}

const wantedReply = scratchTuple();
const original = scratchTuple();

/**
 * Would the replies to this tuple be taken for another entry's packets (`nf_nat_used_tuple`,
 * `nf_conntrack_tuple_taken`)? Another entry with the very same original tuple may pass, for confirmation
 * to settle: one is left by a race.
 */
function isTaken(table: EntryTable, tuple: Tuple, entry: number): boolean {
	const zones = table.words[(entry << ENTRY_SHIFT) + ZONES] as number;
	invertTuple(wantedReply, tuple);
	const { index } = table;
	const chain = index.chain(index.hashIn(wantedReply, zones, REPLY));
	let node = index.heads[chain] as number;
	while (node !== 0) {
		const next = table.words[tupleAt(node) + TUPLE_NEXT] as number;
		if (
			table.hasKey(node, wantedReply, zones) &&
			table.living(node) !== 0 &&
			!hasSameOriginal(table, node >> 1, entry)
		)
			return true;
		node = next;
	}
	return false;
}

/**
 * The same for a tuple that no rule has changed. Where only the other side's first packet is in its way, confirmation
 * settles it (`nf_nat_used_tuple_new`, 6.12).
 */
function isTakenUnchanged(search: TupleSearch, tuple: Tuple): boolean {
	const { table, behaviour, entry } = search;
	if (!isTaken(table, tuple, entry)) return false;
	const { words } = table;
	const at = entry << ENTRY_SHIFT;
	const settles =
		behaviour.clashOfOpposites === "resolved" &&
		mayClash(tuple.protocol, behaviour);
	if (!settles || isTranslated(words, at)) return true;
	const zones = words[at + ZONES] as number;
	invertTuple(wantedReply, tuple);
	const node =
		table.findNode(tuple, zones) || table.findNode(wantedReply, zones);
	if (node === 0) return false;
	const other = (node >> 1) << ENTRY_SHIFT;
	if (isTranslated(words, other)) return true;
	readTuple(original, words, other, tuple.protocol);
	readTuple(wantedReply, words, at + REPLY_TUPLE, tuple.protocol);
	return !sameTuple(original, wantedReply);
}

function isTranslated(words: Int32Array, at: number): boolean {
	const status = words[at + STATUS] as number;
	return (status & (IPS_SRC_NAT | IPS_DST_NAT)) !== 0;
}

/**
 * The same, but a connection that is over goes if it is in the way, and the new one's sequence number is
 * beyond its last (`nf_nat_used_tuple_harder`, 6.12).
 */
function staysTaken(table: EntryTable, tuple: Tuple, entry: number): boolean {
	const { words } = table;
	const zones = words[(entry << ENTRY_SHIFT) + ZONES] as number;
	invertTuple(wantedReply, tuple);
	const node = table.findNode(wantedReply, zones);
	if (node === 0) return false;
	const other = node >> 1;
	const status = words[(other << ENTRY_SHIFT) + STATUS] as number;
	const isOver =
		(node & 1) === REPLY &&
		tcpStateOf(table, other) >= TIME_WAIT &&
		(status & (IPS_FIXED_TIMEOUT | IPS_DYING)) === 0 &&
		(status & IPS_SRC_NAT) !== 0 &&
		after(endOfCaller(words, entry), endOfCaller(words, other));
	if (isOver) table.kill(other);
	return !isOver;
}

function tcpStateOf({ bytes }: EntryTable, entry: number): number {
	return bytes[(entry << ENTRY_SHIFT) * 4 + TCP_STATE_BYTE] as number;
}

/** How far the side that called has sent. */
function endOfCaller(words: Int32Array, entry: number): number {
	return words[(entry << ENTRY_SHIFT) + SEEN + SEEN_END] as number;
}

function hasSameOriginal(table: EntryTable, one: number, other: number) {
	const { words } = table;
	const at = other << ENTRY_SHIFT;
	readTuple(original, words, at, (words[at + PROTOCOL] as number) & 0xff);
	return table.hasKey(
		one * 2 + ORIGINAL,
		original,
		words[at + ZONES] as number,
	);
}

/** Does the part that may be changed lie in the range's ports (`l4proto_in_range`)? */
function hasPortInRange(
	tuple: Tuple,
	manip: Manip,
	ports: { readonly min: number; readonly max: number },
): boolean {
	if (tuple.protocol !== ICMP && !hasPorts(tuple.protocol)) return true;
	// An ICMP identifier is the same both ways, and stands in the source's place.
	const port =
		manip === "source" || tuple.protocol === ICMP
			? tuple.ports >>> 16
			: tuple.ports & 0xffff;
	return port >= ports.min && port <= ports.max;
}

function hasPorts(protocol: number): boolean {
	return protocol === TCP || protocol === UDP || protocol === SCTP;
}

/** Does the tuple's source meet the range (`nf_in_range`)? */
function hasSourceInRange(tuple: Tuple, range: NatRange): boolean {
	const { addresses, ports } = range;
	if (addresses !== null) {
		const source = tuple.source >>> 0;
		if (source < addresses.min >>> 0 || source > addresses.max >>> 0)
			return false;
	}
	return ports === null || hasPortInRange(tuple, "source", ports);
}

/** A mapping that the same source has already, if the range allows it (`find_appropriate_src`). */
function findMappingOfSource(search: TupleSearch, zones: number): boolean {
	const { wanted, range } = search;
	const { source, ports, protocol } = search.current;
	const { words, bySource } = search.table;
	const port = ports >>> 16;
	let entry = bySource?.head(source, port, protocol, zones) ?? 0;
	while (entry !== 0) {
		const at = entry << ENTRY_SHIFT;
		if (
			words[at + TUPLE_SOURCE] === source &&
			(words[at + TUPLE_PORTS] as number) >>> 16 === port &&
			((words[at + PROTOCOL] as number) & 0xff) === protocol &&
			(words[at + ZONES] as number) >>> 16 === zones >>> 16
		) {
			readTuple(wanted, words, at + REPLY_TUPLE, protocol);
			invertTuple(wanted, wanted);
			wanted.destination = search.current.destination;
			wanted.ports = (wanted.ports & 0xffff0000) | (ports & 0xffff);
			if (hasSourceInRange(wanted, range)) return true;
		}
		entry = words[at + BY_SOURCE_NEXT] as number;
	}
	return false;
}

/** An address as a little-endian machine reads it from the wire. */
function wireWord(address: number): number {
	return (
		((address & 0xff) << 24) |
		((address & 0xff00) << 8) |
		((address >>> 8) & 0xff00) |
		(address >>> 24)
	);
}

/**
 * Writes the address of the range that this connection gets. With several to choose from, source
 * and destination decide, so that one client always comes from the same address; with `--persistent`
 * the source alone. Computed as on a little-endian machine.
 * @param zones a ZONES word; the id counts, whichever direction it is for
 */
export function pickAddress(
	tuple: Tuple,
	{ range, manip, choice }: Pick<TupleSearch, "range" | "manip" | "choice">,
	zones: number,
): void {
	const { addresses } = range;
	if (addresses === null) return;
	const { min, max } = addresses;
	let picked = min;
	if (range.netmap) {
		const hostBits = min ^ max;
		const own = manip === "source" ? tuple.source : tuple.destination;
		picked = (own & hostBits) | (min & ~hostBits);
	} else if (min !== max) {
		const zone = zones >>> 16 || zones & 0xffff;
		const seed = range.persistent ? 0 : wireWord(tuple.destination) ^ zone;
		const hash = hashAddressWord(wireWord(tuple.source), seed);
		const count = ((max - min) >>> 0) + 1;
		const of = range.persistent ? "client" : "pair";
		const at = choice.spread?.(count, `nat ${manip} address`, hash, of) ?? null;
		picked = (min + (at ?? scale(hash, count))) | 0;
	}
	if (manip === "source") tuple.source = picked;
	else tuple.destination = picked;
}

/**
 * Finds a tuple within the range, unique if possible; if not, the last one tried, and confirmation
 * will drop the packet.
 */
export function findUniqueTuple(search: TupleSearch): void {
	const { table, current, wanted, range, manip, entry } = search;
	const zones = table.words[(entry << ENTRY_SHIFT) + ZONES] as number;
	const isRandom = range.random || range.randomFully;
	if (manip === "source" && !isRandom) {
		if (hasSourceInRange(current, range)) {
			copyTuple(wanted, current);
			if (!isTakenUnchanged(search, current)) return;
		} else if (
			findMappingOfSource(search, zones) &&
			!isTaken(table, wanted, entry)
		)
			return;
	}
	copyTuple(wanted, current);
	pickAddress(wanted, search, zones);
	if (!isRandom) {
		const { ports } = range;
		if (ports === null) {
			if (!isTaken(table, wanted, entry)) return;
		} else if (
			range.basePort === null &&
			hasPortInRange(wanted, manip, ports) &&
			(ports.min === ports.max || !isTaken(table, wanted, entry))
		)
			return;
	}
	findUniquePort(search);
}

const MAX_ATTEMPTS = 128;
/** With fewer attempts than this in a round, the search is given up. */
const LEAST_ATTEMPTS = 16;
/** `NF_NAT_HARDER_THRESH`: so many at the end of a round may end old connections. */
const LATE_ATTEMPTS = MAX_ATTEMPTS / 4;
const PRIVILEGED = 1024;
/** Ports below may carry credentials (rlogin and the like), so they stay below. */
const CREDENTIALS = 512;

/** Lowest port and number of ports that may be tried, or `null` when the port must stay. */
function portsToTry(
	tuple: Tuple,
	range: NatRange,
	manip: Manip,
): readonly [number, number] | null {
	if (tuple.protocol !== ICMP && !hasPorts(tuple.protocol)) return null;
	if (range.ports !== null) {
		const { min, max } = range.ports;
		return [Math.min(min, max), Math.abs(max - min) + 1];
	}
	if (tuple.protocol === ICMP) return [0, 65536];
	// A service listens on no other port than the one that was called.
	if (manip === "destination") return null;
	const port = tuple.ports >>> 16;
	if (port < CREDENTIALS) return [1, 511];
	if (port < PRIVILEGED) return [600, 424];
	return [1024, 64512];
}

/**
 * Tries ports from a random one on, in rounds that grow shorter (`nf_nat_l4proto_unique_tuple`); for a
 * destination, kernels from 6.12 on begin with the first port, so that it is the same for all clients. The
 * kernel draws 16 bits and takes the remainder, which favours the lower ports by up to 1024 in
 * 65536; here all are equally likely, so that a proof has no more to visit than there are ports.
 */
function findUniquePort(search: TupleSearch): void {
	const { table, choice, wanted: tuple, range, manip, entry } = search;
	const isRandom = range.random || range.randomFully;
	const tried = portsToTry(tuple, range, manip);
	if (tried === null) return;
	const [min, count] = tried;
	const inSource = manip === "source" || tuple.protocol === ICMP;
	const port = inSource ? tuple.ports >>> 16 : tuple.ports & 0xffff;
	const what = tuple.protocol === ICMP ? "identifier" : "port";
	const label = `nat ${manip} ${what} from ${min}`;
	const draw = () => (count === 1 ? 0 : choice.pick(count, label));
	const begin = () =>
		search.behaviour.portOfRange === "first" &&
		manip === "destination" &&
		!isRandom
			? 0
			: draw();
	// The first packet of the connection is a SYN, if it is TCP.
	const ends =
		search.behaviour.portOfClosing === "is taken over" &&
		tuple.protocol === TCP &&
		tcpStateOf(table, entry) === SYN_SENT;
	let offset =
		range.basePort === null ? begin() : (port - range.basePort) & 0xffff;
	let attempts = Math.min(count, MAX_ATTEMPTS);
	for (;;) {
		for (let attempt = 0; attempt < attempts; attempt++) {
			const next = min + (((offset + attempt) & 0xffff) % count);
			tuple.ports = inSource
				? (next << 16) | (tuple.ports & 0xffff)
				: (tuple.ports & 0xffff0000) | next;
			const isLate = attempts - attempt <= LATE_ATTEMPTS;
			if (!(isLate && ends ? staysTaken : isTaken)(table, tuple, entry)) return;
		}
		if (attempts >= count || attempts < LEAST_ATTEMPTS) return;
		attempts >>= 1;
		offset = draw();
	}
}
