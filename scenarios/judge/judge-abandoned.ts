/** Whether packets of connections go on to a backend after it has failed: what stale conntrack entries do. */
import { ICMP_DEST_UNREACH, ICMP_HOST_UNREACH } from "../../sim/kernel.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import type {
	Account,
	ConnectionRecord,
	PacketRecord,
} from "../../sim/world/account/account.ts";
import { ANY_ADDRESS, LOOPBACK } from "../../sim/world/setup/services.ts";
import type { BackendSetup, ClientSetup } from "../../sim/world/setup/setup.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import {
	counted,
	type Finding,
	filterWords,
	finding,
	NONE_FITS,
	nounOf,
	selected,
	showsNothing,
} from "../result/finding.ts";
import { type Failure, failuresOf, serving } from "./failover-gaps.ts";

type Given = Extract<ExpectationKind, { readonly kind: "abandoned" }>;

/** A backend that drains serves the connections that stand. */
const SERVING: ReadonlySet<string> = new Set(["up", "slow", "lossy", "drain"]);

/** A packet that the gateway sent towards the backend, or gave up on the way to it. */
interface Sent {
	readonly atMs: number;
	readonly connection: number;
}

export function judgeAbandoned(
	given: Given,
	account: Account,
	hosts: Hosts,
): Finding {
	const { backend, withinMs } = given;
	const connections = selected(account.connections, given.of);
	const noun = nounOf(connections);
	const expected = `no packet of the ${noun}s${filterWords(given.of)} goes to ${backend} later than ${withinMs} ms after it failed`;
	const failures = failuresFromStart(backend, account, hosts);
	if (failures.length === 0)
		return finding(false, { expected, seen: `${backend} never failed` });
	if (connections.length === 0)
		return finding(false, { expected, seen: NONE_FITS });
	const ids = new Set(connections.map(({ id }) => id));
	const ofThem = account.packets.filter(
		({ connection }) => connection !== null && ids.has(connection),
	);
	const sent = sentTo(backend, ofThem, hosts.backends);
	const late = sent.filter(({ atMs }) =>
		failures.some((one) => atMs > one.fromMs + withinMs && atMs < one.toMs),
	);
	const concerned = new Set(late.map(({ connection }) => connection));
	const found = finding(late.length === 0, {
		expected,
		seen: seenWords(backend, { sent, late, failures, noun }),
		concerned: connections.filter(({ id }) => concerned.has(id)),
	});
	const asked = askedOf(ofThem, hosts, connections);
	const lastMs = new Map(sent.map((one) => [one.connection, one.atMs]));
	const mayGo = notBoundElsewhere(asked, { connections, sent, account });
	const isShown = failures.some((failure) =>
		mayGo(failure).some((one) => tells(one, { lastMs, failure, withinMs })),
	);
	return late.length > 0 || isShown
		? found
		: showsNothing(
				found,
				`none of them sent anything that might have gone to ${backend} later`,
			);
}

/** A backend that serves nothing at the beginning has failed then. */
function failuresFromStart(
	name: string,
	account: Account,
	{ backends }: Hosts,
): readonly Failure[] {
	const found = backends.find((one) => one.name === name);
	return failuresOf(found ?? serving(name), account, SERVING);
}

interface Hosts {
	readonly clients: readonly ClientSetup[];
	readonly backends: readonly BackendSetup[];
}

/** What clients sent. */
function askedOf(
	packets: readonly PacketRecord[],
	{ clients }: Hosts,
	connections: readonly ConnectionRecord[],
): readonly Sent[] {
	const addresses = new Set(clients.map(({ address }) => address));
	// Of programs that are bound to no address, ports tell.
	const unbound = new Set(
		clients
			.filter(({ address }) => address === ANY_ADDRESS)
			.map(({ name }) => name),
	);
	const ports = new Map(
		connections
			.filter(({ client }) => unbound.has(client))
			.map(({ id, sourcePort }) => [id, sourcePort]),
	);
	return packets.flatMap(
		({ atMs, connection, direction, interface: name, packet }) =>
			direction === "in" &&
			connection !== null &&
			(addresses.has(formatAddress(packet.source)) ||
				(name === LOOPBACK &&
					"sourcePort" in packet &&
					packet.sourcePort === ports.get(connection)))
				? [{ atMs, connection }]
				: [],
	);
}

/** An entry of UDP that no answer came for is forgotten after so long (`udp_timeouts`, net/netfilter/nf_conntrack_proto_udp.c, 6.1). */
const SHORTEST_MEMORY_MS = 30_000;
/** What takes entries away, as `describeOperation` says it. */
const FORGETS = /^conntrack -D|^a second router takes over/;

/**
 * What a connection sends that stood when the backend failed, and of which no packet had gone there, goes by its
 * entry to another one, whatever the rules are: it shows nothing, unless the entry may have been forgotten.
 */
function notBoundElsewhere(
	asked: readonly Sent[],
	{
		connections,
		sent,
		account,
	}: {
		readonly connections: readonly ConnectionRecord[];
		readonly sent: readonly Sent[];
		readonly account: Account;
	},
): (failure: Failure) => readonly Sent[] {
	const firstMs = new Map<number, number>();
	for (const { connection, atMs } of sent)
		if (!firstMs.has(connection)) firstMs.set(connection, atMs);
	const records = new Map(connections.map((one) => [one.id, one]));
	const forgottenMs = account.operations
		.filter(({ text }) => FORGETS.test(text))
		.map(({ atMs }) => atMs);
	const isForgotten = (from: number, to: number, isFlow: boolean) =>
		(isFlow && to - from >= SHORTEST_MEMORY_MS) ||
		forgottenMs.some((atMs) => atMs >= from && atMs <= to);
	return ({ fromMs }) => {
		const beforeMs = new Map<number, number>();
		const free = new Set<number>();
		return asked.filter(({ connection, atMs }) => {
			const record = records.get(connection);
			if (record === undefined || record.startedMs >= fromMs) return true;
			const isFlow = record.protocol === "udp";
			const lastMs = beforeMs.get(connection);
			beforeMs.set(connection, atMs);
			if (lastMs !== undefined && isForgotten(lastMs, atMs, isFlow))
				free.add(connection);
			return free.has(connection) || (firstMs.get(connection) ?? atMs) < atMs;
		});
	};
}

/** Was it sent late enough, or in the failure by a connection whose last packet to the backend was before? */
function tells(
	{ atMs, connection }: Sent,
	{
		lastMs,
		failure,
		withinMs,
	}: {
		/** By connection: when its last packet went to the backend. */
		readonly lastMs: ReadonlyMap<number, number>;
		readonly failure: Failure;
		readonly withinMs: number;
	},
): boolean {
	if (atMs <= failure.fromMs || atMs >= failure.toMs) return false;
	if (atMs > failure.fromMs + withinMs) return true;
	return (lastMs.get(connection) ?? atMs) < atMs;
}

function seenWords(
	backend: string,
	{
		sent,
		late,
		failures,
		noun,
	}: {
		readonly sent: readonly Sent[];
		readonly late: readonly Sent[];
		readonly failures: readonly Failure[];
		readonly noun: string;
	},
): string {
	const last = sent.findLast(({ atMs }) =>
		failures.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs),
	);
	if (last === undefined) return `no packet went to ${backend} after it failed`;
	const failure = failures.findLast(({ fromMs }) => fromMs <= last.atMs);
	const afterMs = last.atMs - (failure?.fromMs ?? 0);
	const words = `the last packet to ${backend} went ${Number(afterMs.toFixed(3))} ms after it failed`;
	if (late.length === 0) return words;
	const concerned = new Set(late.map(({ connection }) => connection)).size;
	return `${words}; ${counted(late.length, "packet")} of ${counted(concerned, noun)} went too late`;
}

/**
 * The packets that the gateway sends to a backend. Those that it cannot get there, since the host does not answer
 * ARP, count as well: it says host-unreachable of them to the client, and the entry is as stale.
 */
function sentTo(
	name: string,
	packets: readonly PacketRecord[],
	backends: readonly BackendSetup[],
): readonly Sent[] {
	/** By connection: the backend that its last packet went to. */
	const bound = new Map<number, string>();
	const sent: Sent[] = [];
	for (const record of packets) {
		const { atMs, connection, direction } = record;
		if (direction !== "out" || connection === null) continue;
		const to = backendOf(record, backends);
		if (to !== null) bound.set(connection, to);
		const isToIt = to === name;
		const isGivenUp =
			isHostUnreachable(record) && bound.get(connection) === name;
		if (isToIt || isGivenUp) sent.push({ atMs, connection });
	}
	return sent;
}

function isHostUnreachable({ packet }: PacketRecord): boolean {
	return (
		packet.kind === "icmp" &&
		packet.type === ICMP_DEST_UNREACH &&
		packet.code === ICMP_HOST_UNREACH
	);
}

/**
 * By which link a packet goes to a host that is far is for routes to say. Programs of the gateway's own share
 * addresses: the port tells them apart.
 */
function backendOf(
	{ packet, interface: name }: PacketRecord,
	backends: readonly BackendSetup[],
): string | null {
	const address = formatAddress(packet.destination);
	const there = backends.filter(
		(one) =>
			(one.interface === LOOPBACK) === (name === LOOPBACK) &&
			one.address === address,
	);
	if (there.length < 2) return there[0]?.name ?? null;
	if (packet.kind !== "tcp" && packet.kind !== "udp") return null;
	const { destinationPort } = packet;
	return there.find(({ port }) => port === destinationPort)?.name ?? null;
}
