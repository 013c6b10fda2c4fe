/**
 * A backend: programs that listen on a host of its own, and all the ways in which they can be unwell.
 */

import type { UdpPacket } from "../packet/packet.ts";
import type { Host } from "./host.ts";
import {
	type Program,
	type Saying,
	type Speaker,
	startTalk,
	type Talk,
} from "./program.ts";
import type { SocketUser, TcpSocket } from "./tcp/tcp-socket.ts";
import {
	type ProgramHealth,
	type UdpProgram,
	UdpServer,
} from "./udp/udp-server.ts";

/** A change applies at once, to connections that stand as well. @public */
export type BackendBehaviour =
	| { readonly kind: "up" }
	/** Nothing listens: RST, or port-unreachable. Coming from another behaviour, the process is killed, and its connections with it. */
	| { readonly kind: "refuse" }
	/** The host is gone: no ARP, and it has forgotten everything when it comes back. */
	| { readonly kind: "vanish" }
	/** The address answers ARP, but nothing gets through in either direction, as behind a wrong firewall. */
	| { readonly kind: "silent" }
	/**
	 * The process is stuck. `accept: false`: its kernel takes connections until the backlog is full, and
	 * drops SYNs from then on. `accept: true`: connections are accepted, and nothing is ever said. Datagrams wait in
	 * the socket until it is full, in both cases.
	 */
	| { readonly kind: "hang"; readonly accept: boolean }
	/** Waits before the banner and each reply, and before each datagram that it sends. */
	| { readonly kind: "slow"; readonly delayMs: number }
	/**
	 * The process runs and turns its clients away: 421 of SMTP, and 503 of HTTP; one that echoes closes. Datagrams get
	 * no answer.
	 */
	| { readonly kind: "unavailable" }
	/** Takes no new connections (RST), and serves those that stand. Over UDP, it serves the peers that it has served before. */
	| { readonly kind: "drain" }
	/** Of the packets that go to it or come from it, each is lost with this probability (between 0 and 1); ARP is not. */
	| { readonly kind: "lossy"; readonly loss: number };

/** `listen(fd, 100)`, as Postfix and most others do. The kernel lets one more in (`sk_acceptq_is_full`, include/net/sock.h, 6.1). */
const BACKLOG = 100;

export class Backend implements ProgramHealth, Speaker {
	readonly name: string;
	readonly host: Host;
	/** Programs that serve connections, by their ports. */
	private readonly programs: ReadonlyMap<number, Program>;
	behaviour: BackendBehaviour;
	/** In the order in which they were connected. */
	private readonly conversations = new Set<Conversation>();
	/** Connections that the kernel has taken and the process has not. */
	waiting = 0;
	/** Programs that serve datagrams, by their ports. */
	private readonly datagramServers = new Map<number, UdpServer>();

	constructor(
		name: string,
		host: Host,
		listening: readonly {
			readonly port: number;
			readonly program: Program;
		}[],
		behaviour: BackendBehaviour,
	) {
		this.name = name;
		this.host = host;
		this.programs = new Map(
			listening.map(({ port, program }) => [port, program]),
		);
		this.behaviour = behaviour;
		this.listen();
	}

	/** Does its address answer ARP? */
	get answersArp(): boolean {
		return this.behaviour.kind !== "vanish";
	}

	/** A program serves datagrams to this port. */
	serveDatagrams(port: number, program: UdpProgram): void {
		this.datagramServers.set(port, new UdpServer(this.host, this, program));
		if (!this.isDead) this.host.held?.hold("udp", port);
	}

	private holdDatagramPorts(wasDead: boolean): void {
		const { held } = this.host;
		if (held === null || wasDead === this.isDead) return;
		for (const port of this.datagramServers.keys())
			if (wasDead) held.hold("udp", port);
			else held.letGo("udp", port);
	}

	/** Does a program take the datagram? Else its port is closed. */
	takesDatagram(packet: UdpPacket): boolean {
		const server = this.datagramServers.get(packet.destinationPort);
		return server?.take(packet) ?? false;
	}

	get isDead(): boolean {
		const { kind } = this.behaviour;
		return kind === "refuse" || kind === "vanish";
	}

	get isDraining(): boolean {
		return this.behaviour.kind === "drain";
	}

	get isUnavailable(): boolean {
		return this.behaviour.kind === "unavailable";
	}

	get isStuck(): boolean {
		return this.behaviour.kind === "hang";
	}

	/** Does the process leave new connections to its kernel? */
	get isAccepting(): boolean {
		return this.behaviour.kind !== "hang" || this.behaviour.accept;
	}

	get hasRoom(): boolean {
		return this.isAccepting || this.waiting <= BACKLOG;
	}

	/** With which probability is a packet on its link lost? */
	get loss(): number {
		switch (this.behaviour.kind) {
			case "vanish":
			case "silent":
				return 1;
			case "lossy":
				return this.behaviour.loss;
			default:
				return 0;
		}
	}

	/** Pause before each answer. */
	get delayMs(): number {
		return this.behaviour.kind === "slow" ? this.behaviour.delayMs : 0;
	}

	/** From now on it behaves like this. */
	become(behaviour: BackendBehaviour): void {
		const before = this.behaviour.kind;
		const wasDead = this.isDead;
		this.behaviour = behaviour;
		this.holdDatagramPorts(wasDead);
		for (const server of this.datagramServers.values())
			if (this.isDead) server.die();
			else server.resume();
		switch (behaviour.kind) {
			case "vanish":
				this.host.loseEverything();
				this.conversations.clear();
				this.waiting = 0;
				return;
			case "refuse":
				if (before !== "vanish") this.kill();
				return;
			case "drain":
				this.stopListening();
				break;
			default:
				this.listen();
		}
		for (const conversation of [...this.conversations]) conversation.resume();
	}

	/** Its host was started anew: it behaves as before, and has no connections. */
	restart(): void {
		const { behaviour } = this;
		this.become({ kind: "vanish" });
		this.become(behaviour);
	}

	/** Something that is said out of turn, naming who says it. */
	speak(socket: TcpSocket): void {
		if (socket.user instanceof Conversation) socket.user.speak();
	}

	private listen(): void {
		const { kind } = this.behaviour;
		if (kind === "refuse" || kind === "vanish" || kind === "drain") return;
		for (const [port, program] of this.programs)
			this.host.listen(port, () => {
				if (!this.hasRoom) return null;
				const conversation = new Conversation(this, program);
				this.conversations.add(conversation);
				return conversation;
			});
	}

	/** What the process never accepted is reset by its kernel (`inet_csk_listen_stop`). */
	private stopListening(): void {
		for (const port of this.programs.keys()) this.host.stopListening(port);
		for (const conversation of [...this.conversations])
			if (!conversation.isAccepted) conversation.abandon();
	}

	private kill(): void {
		this.stopListening();
		for (const conversation of [...this.conversations]) conversation.die();
	}

	/** A conversation is over. */
	remove(conversation: Conversation): void {
		if (!this.conversations.delete(conversation)) return;
		if (conversation.isWaiting) this.waiting--;
	}
}

/** One connection, seen from the backend. */
class Conversation implements SocketUser {
	/** The process has it; until then its kernel holds it alone. */
	isAccepted = false;
	/** Connected, and the process has not got round to it. */
	isWaiting = false;
	private readonly backend: Backend;
	private readonly talk: Talk;
	private socket: TcpSocket | null = null;
	private unread = "";
	private isPeerClosed = false;

	constructor(backend: Backend, program: Program) {
		this.backend = backend;
		this.talk = startTalk(program, backend);
	}

	hasRoom(): boolean {
		return this.backend.hasRoom;
	}

	onConnected(socket: TcpSocket): void {
		this.socket = socket;
		this.isWaiting = true;
		this.backend.waiting++;
		this.resume();
	}

	onData(_socket: TcpSocket, payload: string): void {
		if (this.backend.isStuck || !this.isAccepted) this.unread += payload;
		else this.read(payload);
	}

	onPeerClosed(socket: TcpSocket): void {
		this.isPeerClosed = true;
		if (!this.backend.isStuck && this.isAccepted) socket.close();
	}

	onEnd(): void {
		this.backend.remove(this);
	}

	/** The process runs (again): it takes up what has waited for it. */
	resume(): void {
		const { socket, backend } = this;
		if (socket === null) return;
		if (this.isWaiting && backend.isAccepting) {
			this.isWaiting = false;
			backend.waiting--;
			this.isAccepted = true;
		}
		if (backend.isStuck || !this.isAccepted) return;
		if (!this.isBegun) {
			this.isBegun = true;
			this.answer(this.talk.begin());
		}
		const { unread } = this;
		this.unread = "";
		this.read(unread);
		if (this.isPeerClosed) socket.close();
	}

	/** The process ends: unread data makes the kernel send a RST instead of a FIN (`tcp_close`). */
	die(): void {
		if (this.unread !== "") this.socket?.abort();
		else this.socket?.close();
		this.backend.remove(this);
	}

	/** The process will never take it. */
	abandon(): void {
		this.socket?.abort();
		this.backend.remove(this);
	}

	/** Says something out of turn. */
	speak(): void {
		this.say(this.talk.outOfTurn());
	}

	/** Says something, after the pause that the backend makes. */
	private say(text: string): void {
		const { socket, backend } = this;
		if (socket === null || text === "") return;
		if (backend.delayMs === 0) socket.send(text);
		else
			socket.host.clock.after(backend.delayMs, () => {
				if (socket.state !== "closed") socket.send(text);
			});
	}

	private isBegun = false;

	private read(text: string): void {
		this.answer(this.talk.read(text));
	}

	private answer(sayings: readonly Saying[]): void {
		for (const { text, closes } of sayings) {
			this.say(text);
			if (closes) this.hangUp();
		}
	}

	private hangUp(): void {
		const { socket, backend } = this;
		if (backend.delayMs === 0) socket?.close();
		else socket?.host.clock.after(backend.delayMs, () => socket.close());
	}
}
