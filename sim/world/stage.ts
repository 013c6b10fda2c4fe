/**
 * Puts everybody in place around the gateway.
 */
import type { Choice } from "../chance/choice.ts";
import { type Clock, createClock } from "../clock/clock.ts";
import type { Ask } from "../contract/ask.ts";
import type { Unknown } from "../contract/gateway.ts";
import { Backend } from "../endpoint/backend.ts";
import type { ProgramOwner } from "../endpoint/program.ts";
import { requestOf } from "../endpoint/udp/datagram.ts";
import { invariant } from "../invariant.ts";
import { formatAddress, parseAddress } from "../packet/address.ts";
import type { SocketOwner } from "../packet/socket-owner.ts";
import type { Account, WorldEvent } from "./account/account.ts";
import {
	type Connections,
	connectionOf,
	createConnections,
} from "./connections.ts";
import { Network } from "./network.ts";
import { type OwnRoute, ownRouteOf } from "./own-route.ts";
import { startProber } from "./prober.ts";
import { ArpAnswers } from "./setup/arp-answers.ts";
import { networksOf } from "./setup/networks.ts";
import { ownerOf } from "./setup/program-owner.ts";
import {
	type Listening,
	LOOPBACK,
	listeningOf,
	servicesOf,
} from "./setup/services.ts";
import type { BackendSetup, ClientSetup, WorldSetup } from "./setup/setup.ts";
import type { Station, Towards } from "./station.ts";
import type { LinkWatch } from "./watch.ts";
import { WorldError } from "./world-error.ts";

/** Everything that a play is made of, while it is played. */
export interface Stage {
	readonly setup: WorldSetup;
	readonly clock: Clock;
	readonly choice: Choice;
	readonly network: Network;
	readonly connections: Connections;
	readonly clients: ReadonlyMap<string, Station>;
	readonly backends: ReadonlyMap<string, Backend>;
	readonly stationOf: ReadonlyMap<Backend, Station>;
	readonly events: WorldEvent[];
	/** What was done, and how it went. */
	readonly operations: Account["operations"][number][];
	/** Interfaces of the gateway whose link has lost it. */
	readonly withoutCarrier: Set<string>;
	readonly watch: LinkWatch | null;
	/** What a host does that the model does not know: the play ends there. */
	unknown: Unknown | null;
	/** Tells the gateway something, once it has dealt with what it was told before. */
	readonly ask: (ask: Ask, label: string) => void;
}

/**
 * Puts everybody in place, tells the gateway who answers ARP, and starts the health checker.
 * @throws WorldError when two have the same name or address
 */
export function createStage(
	setup: WorldSetup,
	choice: Choice,
	watch: LinkWatch | null = null,
): Stage {
	const clock = createClock();
	const connections = createConnections();
	const network = new Network(
		clock,
		(from, packet) => connectionOf(connections, from, packet),
		{ watch, networks: networksOf(setup), arp: new ArpAnswers(setup) },
	);
	const placed = (host: ClientSetup | BackendSetup) => ({
		...host,
		ownRoute: ownRouteOf(host, setup),
		via: host.defaultVia === undefined ? null : parseAddress(host.defaultVia),
		owner: ownerIn(host, host.name),
	});
	const clients = new Map<string, Station>();
	for (const client of setup.clients)
		clients.set(client.name, settle(network, "client", placed(client)));
	const backends = new Map<string, Backend>();
	const stationOf = new Map<Backend, Station>();
	for (const one of setup.backends) {
		const station = settle(network, "backend", placed(one));
		const listening = listeningOf(setup, one);
		const backend = new Backend(
			one.name,
			station.host,
			listening.filter(({ protocol }) => protocol === "tcp"),
			one.behaviour,
		);
		station.carries = () => !isLost(backend, choice);
		backends.set(one.name, backend);
		serveDatagrams(backend, listening, setup);
		stationOf.set(backend, station);
		if (station.interface === LOOPBACK)
			for (const { protocol, port } of listening)
				network.programs.reserve(station, protocol, port);
	}
	const stage: Stage = {
		setup,
		clock,
		choice,
		network,
		connections,
		clients,
		backends,
		stationOf,
		events: [],
		operations: [],
		withoutCarrier: new Set(),
		unknown: null,
		watch,
		ask: (ask, label) =>
			network.requests.put({ ask, label, from: null, connection: null }),
	};
	for (const { host } of stationOf.values())
		host.readDatagram = (packet) => {
			const name = requestOf(packet.payload);
			if (name !== null)
				connections.ofDatagram(packet)?.datagrams?.read.add(name.request);
		};
	for (const { host } of network.stations)
		host.doesNotKnow = (reason) => {
			stage.unknown ??= { rule: "", text: "", line: 0, reason };
		};
	for (const station of clients.values()) tellNeighbour(stage, station, true);
	for (const [backend, station] of stationOf)
		tellNeighbour(stage, station, backend.answersArp);
	for (const neighbour of setup.neighbours ?? []) {
		const address = checkedAddress(neighbour.address, "a neighbour");
		network.routers.set(neighbour.interface, address, "up");
		stage.ask({ kind: "neighbour", atMs: 0, ...neighbour, answers: true }, "");
	}
	if (setup.healthCheck !== null) addHealthChecker(stage, setup.healthCheck);
	return stage;
}

/**
 * Which ports of a backend take datagrams. Where a setup has no service of UDP, it does not say: then the ports of
 * its other services are open for them, and nothing is answered; those of the gateway itself are closed.
 */
function serveDatagrams(
	backend: Backend,
	listening: readonly Listening[],
	setup: WorldSetup,
): void {
	const { host } = backend;
	host.takesDatagram = (packet) => backend.takesDatagram(packet);
	const hasUdp = servicesOf(setup).some(({ protocol }) => protocol === "udp");
	for (const { protocol, port, program } of listening)
		if (!hasUdp && host.held === null) backend.serveDatagrams(port, "silent");
		else if (protocol === "udp")
			backend.serveDatagrams(port, program.kind === "echo" ? "echo" : "silent");
}

/** Losses are drawn in millionths. */
const MILLION = 1_000_000;

function isLost({ loss }: Backend, choice: Choice): boolean {
	if (loss === 0) return false;
	const millionths = Math.round(loss * MILLION);
	return choice.happens(millionths, MILLION, "a packet is lost");
}

/** Another gateway has taken over: its programs begin anew, and the connections of those before are gone. */
export function restartPrograms({ network, stationOf }: Stage): void {
	for (const [backend, { interface: name }] of stationOf)
		if (name === LOOPBACK) backend.restart();
	for (const { interface: name, kind, host } of network.stations)
		if (name === LOOPBACK && kind !== "backend") host.loseEverything();
}

/** From now on the station answers ARP, or does not; a program of the gateway's own is on no link. */
export function tellNeighbour(
	stage: Stage,
	station: Station,
	answers: boolean,
): void {
	const { clock } = stage;
	const { interface: interfaceName } = station;
	if (interfaceName === LOOPBACK) return;
	const address = formatAddress(station.address);
	stage.ask(
		{
			kind: "neighbour",
			atMs: clock.nowMs,
			interface: interfaceName,
			address,
			answers,
		},
		"",
	);
}

function addHealthChecker(
	stage: Stage,
	settings: NonNullable<WorldSetup["healthCheck"]>,
): void {
	const { network, choice, clock } = stage;
	const station = settle(network, "checker", {
		name: "health checker",
		interface: settings.interface,
		address: settings.address,
		latencyMs: 0,
		ownRoute: null,
		via: null,
		owner: ownerIn(settings, "health checker"),
	});
	tellNeighbour(stage, station, true);
	startProber(settings, {
		host: station.host,
		whenPlaced: (to, act) =>
			whenPlaced(stage, station, to, (at) => act(at?.host ?? null)),
		choice,
		record: (event) => stage.events.push(event),
		operate: (operation, label) =>
			stage.ask({ kind: "operation", atMs: clock.nowMs, operation }, label),
	});
}

/**
 * A client is about to connect. A program of the gateway's own that is bound to no address stands at the one that
 * routing gives it by then.
 * @param act is done at once of a host, of such a program when the gateway has said that it can send; `null`: no
 * route leads there, and the kernel refuses to connect (`ENETUNREACH`)
 */
export function whenPlaced(
	stage: Stage,
	client: Station,
	to: Towards,
	act: (at: Station | null) => void,
): void {
	const { boundTo } = client;
	if (client.interface !== LOOPBACK) {
		act(client);
		return;
	}
	const { network, clock } = stage;
	const destination = formatAddress(to.address);
	const { protocol, port } = to;
	const bound = boundTo === 0 ? {} : { boundTo: formatAddress(boundTo) };
	const about = { protocol, destination, port, ...bound };
	network.requests.put({
		ask: { kind: "source", atMs: clock.nowMs, ...about },
		label: "",
		from: null,
		connection: null,
		onAnswer({ source }) {
			invariant(source !== undefined, "the gateway names no source address");
			if (source === null) act(null);
			else act(boundTo === 0 ? stationAt(network, client, source) : client);
		},
	});
}

function stationAt(network: Network, client: Station, text: string): Station {
	const address = checkedAddress(text, client.name);
	const known = network.stations.find(
		(one) => one.name === client.name && one.address === address,
	);
	return known ?? network.add({ ...client, address });
}

/** Gives a host its place behind the gateway. */
function settle(
	network: Network,
	kind: Station["kind"],
	who: Whereabouts,
): Station {
	const { name, interface: interfaceName } = who;
	const isProgram = interfaceName === LOOPBACK;
	const address = checkedAddress(who.address, name);
	for (const other of network.stations) {
		const isNameTaken = other.name === name;
		const isAddressTaken = !isProgram && other.address === address;
		if (!isNameTaken && !isAddressTaken) continue;
		throw new WorldError({
			code: "setup",
			step: "",
			message: isNameTaken
				? `two hosts are called ${name}`
				: `${name} and ${other.name} have the same address, ${who.address}`,
			remedy: "Give each of them a name and an address of its own.",
		});
	}
	return network.add({
		kind,
		name,
		interface: interfaceName,
		address,
		boundTo: address,
		latencyMs: isProgram ? 0 : who.latencyMs,
		ownRoute: who.ownRoute,
		via: who.via,
		owner: who.owner,
	});
}

/** @throws WorldError for a name that is not on every machine */
function ownerIn(given: ProgramOwner, whose: string): SocketOwner {
	const owner = ownerOf(given);
	if (owner !== null) return owner;
	throw new WorldError({
		code: "setup",
		step: "",
		message: `${whose} is of a user or group that not every machine has: ${given.user ?? 0}:${given.group ?? given.user ?? 0}`,
		remedy: "Write its number.",
	});
}

interface Whereabouts {
	readonly name: string;
	readonly interface: string;
	readonly address: string;
	readonly latencyMs: number;
	readonly ownRoute: OwnRoute | null;
	readonly via: number | null;
	readonly owner: SocketOwner;
}

/** @throws WorldError for what is no dotted address */
export function checkedAddress(text: string, whose: string): number {
	const address = parseAddress(text);
	if (address !== null) return address;
	throw new WorldError({
		code: "setup",
		step: "",
		message: `"${text}" is not the address of ${whose}`,
		remedy: "Write a dotted IPv4 address: `192.168.0.1`.",
	});
}
