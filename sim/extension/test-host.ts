/**
 * For tests of one match or target: a packet, and as much of a gateway as it asks for.
 */
import type { Choice } from "../chance/choice.ts";
import { invariant } from "../invariant.ts";
import { DEFAULT_BEHAVIOUR } from "../linux/behaviour.ts";
import { ACK, type Address, TCP } from "../packet/packet.ts";
import {
	CTINFO_INVALID,
	CTINFO_NEW,
	HOOK_PREROUTING,
	NF_ACCEPT,
	NO_ENTRY,
	type Skb,
	XT_CONTINUE,
} from "../packet/skb/skb.ts";
import { ROOT } from "../packet/socket-owner.ts";
import type { Stateful } from "../stateful.ts";
import type { Cell, MatchExtension, Test } from "./extension.ts";
import type {
	AddressType,
	ConnectionKey,
	ConntrackApi,
	Direction,
	ExtensionHost,
	NatRange,
	RejectAnswer,
	SetsApi,
	TcpAnswer,
} from "./host.ts";
import { buildOptions } from "./options/test-build-options.ts";

/** `10.0.0.1` as a signed 32-bit number. */
export function ip(dotted: string): Address {
	const octets = dotted.split(".").map(Number);
	invariant(octets.length === 4, `a test's address is odd: ${dotted}`);
	return octets.reduce((sum, octet) => (sum << 8) | octet, 0);
}

/** A TCP packet from 10.0.0.10:40000 to 10.0.0.1:25; without an entry unless the test names one. */
export function testSkb(fields: Partial<Skb> = {}): Skb {
	const tracked = (fields.entry ?? NO_ENTRY) !== NO_ENTRY;
	return {
		protocol: TCP,
		source: ip("10.0.0.10"),
		destination: ip("10.0.0.1"),
		frame: null,
		tos: 0,
		ttl: 64,
		id: 0,
		dontFragment: true,
		length: 40,
		sourcePort: 40000,
		destinationPort: 25,
		tcpFlags: ACK,
		seq: 1000,
		ack: 2000,
		window: 64240,
		tcpOptions: {
			mss: null,
			windowScale: null,
			sackPermitted: false,
			timestamp: null,
			sack: [],
		},
		icmpType: 0,
		icmpCode: 0,
		icmpRest: 0,
		about: null,
		payload: "",
		fragment: null,
		receivedParts: null,
		checksum: "right",
		inInterface: 1,
		outInterface: 0,
		mark: 0,
		priority: 0,
		entry: NO_ENTRY,
		ctinfo: tracked ? CTINFO_NEW : CTINFO_INVALID,
		template: null,
		hook: HOOK_PREROUTING,
		traced: false,
		hotdrop: false,
		route: null,
		pktType: "unicast",
		local: false,
		socket: "none",
		holdsIcmpLock: false,
		original: null,
		owner: ROOT,
		...fields,
	};
}

/** One side of a connection, as conntrack has it. */
export interface TestTuple {
	source: Address;
	destination: Address;
	sourcePort: number;
	destinationPort: number;
	packets: number;
	bytes: number;
	zone: number;
}

/** A conntrack entry that a test writes down, and may change as it goes. */
export interface TestEntry {
	mark: number;
	status: number;
	remainingSeconds: number;
	protocol: number;
	original: TestTuple;
	reply: TestTuple;
	alive: boolean;
	/** `null`: it has none. */
	labels: Set<number> | null;
	tcpState: string;
}

const NO_TUPLE: TestTuple = {
	source: 0,
	destination: 0,
	sourcePort: 0,
	destinationPort: 0,
	packets: 0,
	bytes: 0,
	zone: 0,
};

/** A TCP entry from 10.0.0.10:40000 to 10.0.0.1:25 unless said otherwise. */
export function testEntry(
	fields: Partial<Omit<TestEntry, Direction>> & {
		readonly original?: Partial<TestTuple>;
		readonly reply?: Partial<TestTuple>;
	} = {},
): TestEntry {
	const client = { source: ip("10.0.0.10"), sourcePort: 40000 };
	const service = { destination: ip("10.0.0.1"), destinationPort: 25 };
	const original = { ...NO_TUPLE, ...client, ...service, ...fields.original };
	const reply = {
		...NO_TUPLE,
		source: original.destination,
		sourcePort: original.destinationPort,
		destination: original.source,
		destinationPort: original.sourcePort,
		...fields.reply,
	};
	return {
		mark: 0,
		status: 0,
		remainingSeconds: 120,
		protocol: TCP,
		alive: true,
		labels: null,
		tcpState: "ESTABLISHED",
		...fields,
		original,
		reply,
	};
}

/** A conntrack table of the given entries. */
function testConntrack(entries: readonly TestEntry[]): ConntrackApi {
	const at = (index: number): TestEntry => {
		const entry = entries[index];
		invariant(entry !== undefined, `a test has no conntrack entry ${index}`);
		return entry;
	};
	const find = (connection: ConnectionKey) =>
		entries.findIndex(
			({ alive, protocol, original }) =>
				alive &&
				protocol === connection.protocol &&
				original.source === connection.source &&
				original.destination === connection.destination &&
				original.sourcePort === connection.sourcePort &&
				original.destinationPort === connection.destinationPort,
		);
	return {
		mark: (entry) => at(entry).mark,
		setMark(entry, mark) {
			at(entry).mark = mark;
		},
		status: (entry) => at(entry).status,
		remainingSeconds: (entry) => at(entry).remainingSeconds,
		protocol: (entry) => at(entry).protocol,
		zone: (entry, direction) => at(entry)[direction].zone,
		source: (entry, direction) => at(entry)[direction].source,
		destination: (entry, direction) => at(entry)[direction].destination,
		sourcePort: (entry, direction) => at(entry)[direction].sourcePort,
		destinationPort: (entry, direction) => at(entry)[direction].destinationPort,
		countTraffic() {},
		hasLabel: (entry, label) => at(entry).labels?.has(label) ?? null,
		setLabel: (entry, label) => void at(entry).labels?.add(label),
		packets: (entry, direction) => at(entry)[direction].packets,
		bytes: (entry, direction) => at(entry)[direction].bytes,
		find,
		peek: find,
		tcpState: (entry) => at(entry).tcpState,
	};
}

/** Answers draws from a list; who draws more often hits an invariant. */
function testChoice(draws: readonly number[] = []): Choice {
	let next = 0;
	const draw = (label: string): number => {
		const value = draws[next++];
		invariant(value !== undefined, `a test has no draw left for ${label}`);
		return value;
	};
	return {
		pick: (_count, label) => draw(label),
		happens: (numerator, _denominator, label) => draw(label) < numerator,
	};
}

/** The model said that it does not know. */
export class UnknownOutcome extends Error {}

export interface TestPorts extends ExtensionHost {
	/** Turned forward by hand. */
	readonly clock: { nowMs: number };
	readonly rejected: RejectAnswer[];
	readonly answered: TcpAnswer[];
	readonly logged: { readonly kind: string; readonly prefix: string }[];
	readonly translated: {
		readonly range: NatRange;
		readonly manip: "source" | "destination";
	}[];
	/** How often `written` was called. */
	readonly writes: { count: number };
}

/** None is known. */
const NO_SETS: SetsApi = {
	knows: () => false,
	staysEmpty: () => false,
	isToldByHeaders: () => false,
	isWritten: () => false,
	test: (_skb, { name }) => {
		throw new UnknownOutcome(`the members of the set ${name} are not known`);
	},
	map: (_skb, { name }) => {
		throw new UnknownOutcome(`the members of the set ${name} are not known`);
	},
	add() {},
	remove() {},
	writtenUnseen: () => null,
};

/** A gateway that knows nothing but what the test hands in. */
export function testPorts(
	given: Partial<Omit<ExtensionHost, "loadedMs">> & {
		/** The conntrack table. */
		readonly entries?: readonly TestEntry[];
		/** What `choice` draws, in this order. */
		readonly draws?: readonly number[];
		/** By dotted address; UNICAST for all others. */
		readonly addressTypes?: Readonly<Record<string, AddressType>>;
		/** Of the interfaces, from index 1 on. */
		readonly interfaceAddresses?: readonly string[];
	} = {},
): TestPorts {
	const clock = { nowMs: 0 };
	const rejected: TestPorts["rejected"] = [];
	const answered: TestPorts["answered"] = [];
	const logged: TestPorts["logged"] = [];
	const translated: TestPorts["translated"] = [];
	const writes = { count: 0 };
	const named = new Map<string, object>();
	const types = new Map(
		Object.entries(given.addressTypes ?? {}).map(([a, type]) => [ip(a), type]),
	);
	return {
		behaviour: DEFAULT_BEHAVIOUR,
		clock,
		rejected,
		answered,
		logged,
		translated,
		writes,
		choice: testChoice(given.draws),
		nowMs: () => clock.nowMs,
		get loadedMs() {
			return clock.nowMs;
		},
		epochMs: 0,
		interfaces: ["", "bond0.204", "eth1"],
		conntrack: testConntrack(given.entries ?? []),
		nat: {
			setup(_skb, range, manip) {
				translated.push({ range, manip });
				return NF_ACCEPT;
			},
		},
		sets: NO_SETS,
		named<T extends Stateful>(kind: string, name: string, create: () => T): T {
			const key = `${kind} ${name}`;
			const known = named.get(key) ?? create();
			named.set(key, known);
			return known as T;
		},
		addressType: (address) => types.get(address) ?? "UNICAST",
		firstAddress(index) {
			return this.interfaceAddress(index, 0);
		},
		interfaceAddress(index) {
			const address = given.interfaceAddresses?.[index - 1];
			return address === undefined ? null : ip(address);
		},
		pathMtu: () => 1500,
		routeBack: () => null,
		portHeldAt: () => null,
		reject(_skb, answer) {
			rejected.push(answer);
		},
		proxySyn: () => XT_CONTINUE,
		answer(_skb, fields) {
			answered.push(fields);
		},
		isUp: () => true,
		rangesOf: () => null,
		log(_skb, event) {
			logged.push(event);
		},
		written(skb) {
			skb.original = null;
			writes.count++;
		},
		unknown(reason) {
			throw new UnknownOutcome(reason);
		},
		...given,
	};
}

/**
 * Compiles one use of a match.
 * @param text its options, as behind `-m NAME`
 * @param about protocol that the rule asks for
 * @example testMatch(mark, "--mark 0x1")(testSkb({ mark: 1 })) // true
 */
export function testMatch(
	extension: MatchExtension,
	text: string,
	ports: ExtensionHost = testPorts(),
	about: { readonly protocol?: string } = {},
): Test {
	const test = compileMatch(
		extension,
		buildOptions(extension, text, about),
		ports,
	);
	invariant(test !== null, `a test asks what -m ${extension.name} does`);
	return test;
}

/** Compiles a match with a cell of its own; `null` when it is not modelled. */
export function compileMatch(
	extension: MatchExtension,
	options: object,
	ports: ExtensionHost,
): Test | null {
	const declared = extension.cell?.(options, ports) ?? null;
	const cell = Array.isArray(declared) ? Float64Array.from(declared) : declared;
	const use = { name: "", cell: cell as Cell };
	return extension.compile?.(options, ports, use) ?? null;
}
