/**
 * Turns the steps of a scenario into things that happen at their times.
 */
import type { Backend } from "../endpoint/backend.ts";
import { ClientConnection } from "../endpoint/client.ts";
import { prepareDialogue } from "../endpoint/prepare-dialogue.ts";
import { UdpFlow } from "../endpoint/udp/udp-flow.ts";
import { unreachable } from "../invariant.ts";
import { formatAddress, isInNetwork } from "../packet/address.ts";
import { parsePacket } from "../packet/notation/notation.ts";
import { ReadRequests } from "./account/read-requests.ts";
import {
	createPortSource,
	datagramPorts,
	portsTowards,
	startArrivals,
} from "./arrivals.ts";
import {
	type Connection,
	type Datagrams,
	noRouteCourse,
	noRouteFlow,
	retire,
	retireFlow,
} from "./connections.ts";
import { networksOf } from "./setup/networks.ts";
import {
	dialogueOf,
	LOOPBACK,
	programOf,
	serviceOf,
	servicesOf,
} from "./setup/services.ts";
import type { Step, WorldSetup } from "./setup/setup.ts";
import {
	checkedAddress,
	restartPrograms,
	type Stage,
	tellNeighbour,
	whenPlaced,
} from "./stage.ts";
import type { Station } from "./station.ts";
import { WorldError } from "./world-error.ts";

type StepOf<Kind extends Step["kind"]> = Step & { readonly kind: Kind };

/** The steps of a play, which may name the connections of each other. */
export class Steps {
	private readonly stage: Stage;
	private readonly opened = new Map<string, Connection[]>();

	constructor(stage: Stage) {
		this.stage = stage;
	}

	/** Sets a timer for each step. @throws WorldError for a step that names what does not exist */
	schedule(steps: readonly Step[]): void {
		for (const step of steps) this.open(step);
		for (const step of steps)
			this.stage.clock.at(step.atMs, prepare(this.stage, step, this.opened));
	}

	/** Carries a step out now. @throws WorldError for a step that names what does not exist */
	act(step: Step): void {
		this.open(step);
		prepare(this.stage, step, this.opened)();
	}

	private open({ kind, label }: Step): void {
		if (kind === "connect" && !this.opened.has(label))
			this.opened.set(label, []);
	}
}

/** Checks a step now, and says what is to be done when its time has come. */
function prepare(
	stage: Stage,
	step: Step,
	opened: ReadonlyMap<string, Connection[]>,
): () => void {
	const { clock } = stage;
	switch (step.kind) {
		case "connect":
			return prepareConnect(stage, step, opened.get(step.label) ?? []);
		case "send":
			return prepareSend(stage, step);
		case "speak":
		case "close": {
			const connections = opened.get(step.connections);
			if (connections === undefined)
				throw missing(step, "connect step", step.connections, opened);
			return () => actOn(stage, connections, step);
		}
		case "packet":
		case "race":
			return prepareByHand(stage, step);
		case "backend": {
			const backend = stage.backends.get(step.backend);
			if (backend === undefined)
				throw missing(step, "backend", step.backend, stage.backends);
			return () => changeBackend(stage, backend, step);
		}
		case "neighbour":
			return prepareNeighbour(stage, step);
		case "announce":
			return prepareAnnounce(stage, step);
		case "carrier":
			return () => changeCarrier(stage, step);
		case "operation": {
			const { operation, label } = step;
			stage.network.arp?.learn(operation);
			return () => {
				stage.ask({ kind: "operation", atMs: clock.nowMs, operation }, label);
				if (operation.kind === "take-over") restartPrograms(stage);
			};
		}
		case "observe":
			return () =>
				stage.ask({ kind: "observe", atMs: clock.nowMs }, step.label);
		default:
			return unreachable(step);
	}
}

/** Opens one connection after the other. */
function prepareConnect(
	stage: Stage,
	step: StepOf<"connect">,
	opened: Connection[],
): () => void {
	const { clock, choice, connections, setup } = stage;
	const { client, service, speaks, to } = destinationOf(stage, step);
	const from = { host: client.host };
	const plan = prepareDialogue(dialogueOf(setup, step), speaks);
	const nextPort = createPortSource(step.ports, portsTowards(from, to), choice);
	const open = (at: Station | null) => {
		from.host = (at ?? client).host;
		const asked = at === null ? null : nextPort();
		const isOpened = asked !== null && !asked.isTaken;
		const connection = connections.add(
			{
				step: step.label,
				client: at ?? client,
				service,
				sourcePort: asked?.port ?? 0,
				startedMs: clock.nowMs,
				datagrams: null,
			},
			isOpened,
		);
		opened.push(connection);
		if (at === null) connection.course = noRouteCourse(clock.nowMs);
		else if (isOpened)
			connection.dialogue = new ClientConnection(from.host, to, asked.port, {
				plan,
				onOver: () => retire(connection),
			});
	};
	return () =>
		startArrivals(stage, step, () => whenPlaced(stage, client, to, open));
}

/** Sends one request after the other, all from one socket or each from a new one. */
function prepareSend(stage: Stage, step: StepOf<"send">): () => void {
	const { clock, choice, connections } = stage;
	const { client, service, to } = destinationOf(stage, step);
	const from = { host: client.host };
	const nextPort = createPortSource(step.ports, datagramPorts(from), choice);
	const { octets, reply, sockets, count } = step;
	const open = (at: Station | null, requests: number): Datagrams => {
		from.host = (at ?? client).host;
		const asked = at === null ? null : nextPort();
		const datagrams: Datagrams = {
			flow: null,
			course: null,
			read: new ReadRequests(),
			servedBy: null,
			failure: null,
		};
		const isOpened = asked !== null && !asked.isTaken;
		const { id } = connections.add(
			{
				step: step.label,
				client: at ?? client,
				service,
				sourcePort: asked?.port ?? 0,
				startedMs: clock.nowMs,
				datagrams,
			},
			isOpened,
		);
		if (at === null) datagrams.course = noRouteFlow(clock.nowMs, requests);
		else if (isOpened)
			datagrams.flow = new UdpFlow(from.host, to, asked.port, {
				flow: id,
				requests,
				octets,
				reply,
				closes: sockets === "each",
				onOver: () => retireFlow(datagrams),
			});
		return datagrams;
	};
	let one: Datagrams | null = null;
	const request = (at: Station | null) => {
		if (sockets === "one") one ??= open(at, count);
		const { flow } = one ?? open(at, 1);
		flow?.request();
	};
	return () =>
		startArrivals(stage, step, () => {
			if (one === null) whenPlaced(stage, client, to, request);
			else one.flow?.request();
		});
}

/** Who asks which service, where. */
function destinationOf(stage: Stage, step: StepOf<"connect" | "send">) {
	const { setup, clients } = stage;
	const client = clients.get(step.client);
	if (client === undefined) throw missing(step, "client", step.client, clients);
	const service = serviceOf(setup, step);
	if (service === undefined) {
		const protocol = step.kind === "connect" ? "tcp" : "udp";
		const name = step.service ?? protocol;
		throw missing(step, "service", name, namesOf(setup));
	}
	const address = checkedAddress(service.address, "the service");
	const port = step.port ?? (service.ports[0] as number);
	const { kind: speaks } = programOf(service);
	const { name, protocol } = service;
	return { client, service: name, speaks, to: { protocol, address, port } };
}

/** The end of the connection that lies on the backend that met it last. */
function backendEnd(stage: Stage, { contact }: Connection) {
	if (contact === null) return null;
	const backend = stage.backends.get(contact.backend.name);
	const socket = backend?.host.find(
		contact.localPort,
		contact.remoteAddress,
		contact.remotePort,
		contact.localAddress,
	);
	if (backend === undefined || socket === undefined) return null;
	return { backend, socket };
}

/** A step that finds no connection to act on has failed; one with a label is written down in any case. */
function actOn(
	stage: Stage,
	connections: readonly Connection[],
	{ kind, who, connections: of, label }: StepOf<"speak" | "close">,
): void {
	const act = kind === "speak" ? speak : close;
	let acted = 0;
	for (const connection of connections)
		if (act(stage, connection, who)) acted++;
	if (acted > 0 && label === "") return;
	const text = `the ${who}'s side of ${of === "" ? "the connections" : of} ${kind}s`;
	const message = `no connection of step "${of}" was open`;
	const outcome =
		acted > 0 ? { ok: true as const } : { ok: false as const, message };
	const atMs = stage.clock.nowMs;
	stage.operations.push({ label, atMs, text, outcome });
}

/** @returns whether it has anything to say it on */
function speak(
	stage: Stage,
	connection: Connection,
	who: "client" | "backend",
): boolean {
	if (who === "client") return connection.dialogue?.speak() ?? false;
	const end = backendEnd(stage, connection);
	end?.backend.speak(end.socket);
	return end !== null;
}

/** @returns whether there is anything to close */
function close(
	stage: Stage,
	connection: Connection,
	who: "client" | "backend",
): boolean {
	if (who === "client") return connection.dialogue?.leave() ?? false;
	connection.dialogue?.expectClose();
	const end = backendEnd(stage, connection);
	end?.socket.close();
	return end !== null;
}

/**
 * Whoever the packet claims to be from answers ARP, and does not speak for itself on that port. By
 * `lo` the gateway itself sends it, and whoever it claims to be from has nothing to do with it.
 */
function prepareByHand(
	stage: Stage,
	step: StepOf<"packet" | "race">,
): () => void {
	const { clock, network, setup } = stage;
	const given = step.kind === "race" ? step.packets : [step];
	const packets = given.map((one) => {
		return { interface: one.interface, packet: parsePacket(one.packet) };
	});
	for (const { packet } of packets) network.arp?.learnAddress(packet.source);
	const own = new Set(networksOf(setup).map(({ address }) => address));
	return () => {
		const atMs = clock.nowMs;
		for (const { interface: name, packet } of packets) {
			const owner = network.senderOf(name, packet);
			const isGateways = own.has(packet.source);
			if (owner === undefined && name !== LOOPBACK && !isGateways)
				stage.ask(
					{
						kind: "neighbour",
						atMs,
						interface: name,
						address: formatAddress(packet.source),
						answers: true,
					},
					step.label,
				);
			else if (owner && (packet.kind === "tcp" || packet.kind === "udp"))
				owner.host.driveByHand(packet.sourcePort);
		}
		if (step.kind === "race")
			stage.ask({ kind: "race", atMs, packets }, step.label);
		else
			for (const one of packets)
				stage.ask({ kind: "packet", atMs, ...one }, step.label);
	};
}

function changeBackend(
	stage: Stage,
	backend: Backend,
	step: StepOf<"backend">,
): void {
	const atMs = stage.clock.nowMs;
	const answered = backend.answersArp;
	const before = JSON.stringify(backend.behaviour);
	backend.become(step.becomes);
	const behaviour = step.becomes.kind;
	noteEffect(stage, step, {
		text: `backend ${backend.name} becomes ${behaviour}`,
		isIdle: before === JSON.stringify(step.becomes),
	});
	stage.events.push({
		kind: "backend",
		atMs,
		backend: backend.name,
		behaviour,
	});
	const station = stage.stationOf.get(backend) as Station;
	if (backend.answersArp !== answered)
		tellNeighbour(stage, station, backend.answersArp);
}

function changeCarrier(stage: Stage, step: StepOf<"carrier">): void {
	const { interface: name, becomes, label } = step;
	const isThere = becomes === "back";
	const isIdle = stage.withoutCarrier.has(name) !== isThere;
	if (isThere) stage.withoutCarrier.delete(name);
	else stage.withoutCarrier.add(name);
	noteEffect(stage, step, { text: `carrier of ${name} ${becomes}`, isIdle });
	const { nowMs: atMs } = stage.clock;
	stage.ask({ kind: "carrier", atMs, interface: name, isThere }, label);
}

/** A step around the gateway that changed nothing is written down. */
function noteEffect(
	stage: Stage,
	{ label }: Step,
	{ text, isIdle }: { readonly text: string; readonly isIdle: boolean },
): void {
	if (!isIdle) return;
	const { nowMs: atMs } = stage.clock;
	const outcome = { ok: true } as const;
	stage.operations.push({ label, atMs, text, outcome, isIdle });
}

/** Its link stays up. The gateway is told nothing: it has to find out. */
function prepareNeighbour(stage: Stage, step: StepOf<"neighbour">): () => void {
	const { setup, network, clock } = stage;
	const known = new Map(
		(setup.neighbours ?? []).map((one) => [one.address, one]),
	);
	const neighbour = known.get(step.address);
	if (neighbour === undefined)
		throw missing(step, "neighbour", step.address, known);
	const address = checkedAddress(step.address, "a neighbour");
	const { kind } = step.becomes;
	return () => {
		const isIdle = !network.routers.set(neighbour.interface, address, kind);
		noteEffect(stage, step, {
			text: `neighbour ${step.address} becomes ${kind}`,
			isIdle,
		});
		const answers = kind !== "vanish";
		const ask = { kind: "neighbour", ...neighbour, answers } as const;
		stage.ask({ ...ask, atMs: clock.nowMs }, step.label);
	};
}

/** Hosts on the link take it from then on; the gateway finds the other router there when it asks for the address. */
function prepareAnnounce(stage: Stage, step: StepOf<"announce">): () => void {
	const { setup, network, clock } = stage;
	const { address: text, by } = step;
	const address = checkedAddress(text, "an announced address");
	const link = networksOf(setup).find((one) => isInNetwork(address, one));
	return () => {
		const isIdle = !network.announced.set(address, by);
		const whose = by === "gateway" ? "the gateway" : "another router";
		noteEffect(stage, step, {
			text: `${whose} announces ${text}`,
			isIdle,
		});
		if (link === undefined) return;
		stage.ask(
			{
				kind: "neighbour",
				atMs: clock.nowMs,
				interface: link.interface,
				address: text,
				answers: by === "other",
			},
			step.label,
		);
	};
}

function namesOf(setup: WorldSetup): ReadonlyMap<string, unknown> {
	return new Map(servicesOf(setup).map((one) => [one.name, one]));
}

function missing(
	step: Step,
	what: string,
	name: string,
	known: ReadonlyMap<string, unknown>,
): WorldError {
	return new WorldError({
		code: "step",
		step: step.label,
		message: `the step "${step.label}" names a ${what} that does not exist: "${name}"`,
		remedy: `There are: ${[...known.keys()].join(", ") || "none"}.`,
	});
}
