/**
 * Programs of the gateway's own: which of them has which port, and what the gateway is told of it. They are on no
 * link; what one sends enters the gateway by `lo`, and what the gateway delivers comes out there.
 */
import type { Ask, PortState } from "../contract/ask.ts";
import type { PortTable, Protocol } from "../endpoint/ports/held-ports.ts";
import { formatAddress } from "../packet/address.ts";
import type { Address, Packet } from "../packet/packet.ts";
import type { Station } from "./station.ts";
import { WorldError } from "./world-error.ts";

/** The address of a program that is bound to none. */
const INADDR_ANY = 0;

type PortAsk = Ask & { readonly kind: "port" };

export class OwnPrograms {
	private readonly tell: (ask: Omit<PortAsk, "atMs">) => void;
	private readonly owners = new Map<string, Station>();

	/** @param tell tells the gateway, once it has dealt with what it was told before */
	constructor(tell: (ask: Omit<PortAsk, "atMs">) => void) {
		this.tell = tell;
	}

	/** What the kernel under a program is told of its ports. */
	tableOf(station: Station): PortTable {
		return {
			set: (protocol, port, isOpen) => {
				const key = keyOf(protocol, station.address, port);
				if (isOpen) this.owners.set(key, station);
				else if (station.kind !== "backend" && this.owners.get(key) === station)
					this.owners.delete(key);
				this.say(station, { protocol, port }, isOpen);
			},
			isOthers: (protocol, port) => {
				const owner = this.at(protocol, station.address, port);
				return owner !== undefined && owner !== station;
			},
		};
	}

	/**
	 * The port is the backend's, whether it has it open or not: what comes for it comes to this backend.
	 * @throws WorldError when another backend has it
	 */
	reserve(station: Station, protocol: Protocol, port: number): void {
		const other = this.owners.get(keyOf(protocol, station.address, port));
		if (other !== undefined && other !== station)
			throw new WorldError({
				code: "setup",
				step: "",
				message: `${station.name} and ${other.name} have the same port of the gateway, ${protocol}/${port}`,
				remedy: "Give each of them a `port` of its own.",
			});
		this.owners.set(keyOf(protocol, station.address, port), station);
		if (station.host.held?.has(protocol, port) !== true)
			this.say(station, { protocol, port }, false);
	}

	/** Whose is a packet that came out on `lo`? An ICMP error is of the program whose packet it quotes. */
	ownerOf(packet: Packet): Station | undefined {
		if (packet.kind === "tcp" || packet.kind === "udp")
			return this.at(packet.kind, packet.destination, packet.destinationPort);
		const about = packet.kind === "icmp" ? packet.about : null;
		return about?.kind === "tcp" || about?.kind === "udp"
			? this.at(about.kind, about.source, about.sourcePort)
			: undefined;
	}

	private say(
		station: Station,
		at: { readonly protocol: Protocol; readonly port: number },
		isOpen: boolean,
	): void {
		const closed: PortState = station.kind === "backend" ? "refused" : "closed";
		this.tell({
			kind: "port",
			...at,
			address: formatAddress(station.address),
			becomes: isOpen ? "open" : closed,
			owner: station.owner,
		});
	}

	/** Which program has a port at an address? */
	at(protocol: Protocol, address: Address, port: number): Station | undefined {
		const exact = this.owners.get(keyOf(protocol, address, port));
		const all = this.owners.get(keyOf(protocol, INADDR_ANY, port));
		if (exact === undefined || all === undefined) return exact ?? all;
		// While the one at the address has closed it, the other one has it (`__inet_lookup_listener`).
		return exact.host.held?.has(protocol, port) === true ? exact : all;
	}
}

function keyOf(protocol: Protocol, address: Address, port: number): string {
	return `${protocol} ${address} ${port}`;
}
