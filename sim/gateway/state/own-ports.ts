/** Ports of the gateway's own: which a program has open, at which address, and whose the program is. */
import type { PortState } from "../../contract/ask.ts";
import type { GatewaySetup } from "../../contract/gateway.ts";
import type { Address } from "../../packet/packet.ts";
import { ROOT, type SocketOwner } from "../../packet/socket-owner.ts";
import type { Stateful } from "../../stateful.ts";

type Protocol = GatewaySetup["listeners"][number]["protocol"];

interface Held {
	readonly state: Exclude<PortState, "closed">;
	readonly owner: SocketOwner;
}

/** A program that is bound to no address has the port at all of them. */
const INADDR_ANY = 0;
const MOST_PORTS = 0x10000;

/** Ports by protocol, in one number; then states by address. A change makes another map of addresses. */
type Ports = ReadonlyMap<number, ReadonlyMap<Address, Held>>;

export class OwnPorts implements Stateful<Ports> {
	private ports: Map<number, ReadonlyMap<Address, Held>> = new Map();

	constructor(listeners: GatewaySetup["listeners"]) {
		for (const { protocol, port } of listeners)
			this.set({ protocol, address: INADDR_ANY, port }, "open");
	}

	/** What a program does with a port; where nothing is said, it is root's. */
	set(
		at: {
			readonly protocol: Protocol;
			readonly address: Address;
			readonly port: number;
			readonly owner?: SocketOwner;
		},
		becomes: PortState,
	): void {
		const key = keyOf(at.protocol, at.port);
		const states = new Map(this.ports.get(key));
		if (becomes === "closed") states.delete(at.address);
		else states.set(at.address, { state: becomes, owner: at.owner ?? ROOT });
		if (states.size === 0) this.ports.delete(key);
		else this.ports.set(key, states);
	}

	/**
	 * What becomes of a packet to this address and port: a program at the address itself has it before one at
	 * all addresses (`__inet_lookup_listener`, net/ipv4/inet_hashtables.c, 6.1).
	 */
	stateOf(protocol: Protocol, address: Address, port: number): PortState {
		return this.at(protocol, address, port)?.state ?? "closed";
	}

	/** Whose is the open port? `null`: it is not open. */
	ownerOf(
		protocol: Protocol,
		address: Address,
		port: number,
	): SocketOwner | null {
		const held = this.at(protocol, address, port);
		return held?.state === "open" ? held.owner : null;
	}

	/** What the program is bound to that has the port open for packets to the address; `null`: none has it open. */
	heldAt(
		protocol: Protocol,
		address: Address,
		port: number,
	): "address" | "any" | null {
		if (this.stateOf(protocol, address, port) !== "open") return null;
		// A packet may be for 0.0.0.0 itself, to which no socket is bound (`inet_rcv_saddr`).
		if (address === INADDR_ANY) return "any";
		const exact = this.ports.get(keyOf(protocol, port))?.get(address);
		return exact?.state === "open" ? "address" : "any";
	}

	/** Has a program any port of this protocol open? */
	speaks(protocol: Protocol): boolean {
		for (const [key, states] of this.ports)
			if (key >= MOST_PORTS === (protocol === "udp"))
				for (const { state } of states.values())
					if (state === "open") return true;
		return false;
	}

	private at(
		protocol: Protocol,
		address: Address,
		port: number,
	): Held | undefined {
		const states = this.ports.get(keyOf(protocol, port));
		const exact = states?.get(address);
		if (exact?.state === "open") return exact;
		return states?.get(INADDR_ANY) ?? exact;
	}

	save(): Ports {
		return new Map(this.ports);
	}

	restore(saved: Ports): void {
		this.ports = new Map(saved);
	}
}

function keyOf(protocol: Protocol, port: number): number {
	return protocol === "udp" ? MOST_PORTS + port : port;
}
