/**
 * Ports of the gateway's own that programs have open: sockets in the guest, in the gateway's namespace. Either the
 * play speaks for the programs: the sockets are deaf, so that the kernel answers nothing by itself, and what it hands
 * them is shown on `lo`. Or the programs are real ones, which take connections, and with which the kernel speaks TCP.
 */
import type { Ask, PortState } from "../../sim/contract/ask.ts";
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { decodePacket } from "../../sim/packet/bytes/bytes.ts";
import { withWholeChecksum } from "../../sim/packet/bytes/bytes-encode.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import { ROOT, type SocketOwner } from "../../sim/packet/socket-owner.ts";
import { LabError } from "../lab-error.ts";
import type { Guest, GuestPort } from "./machine/guest.ts";

type PortAsk = Ask & { readonly kind: "port" };
type OwnPort = Pick<PortAsk, "protocol" | "address" | "port" | "owner">;

interface Held {
	readonly state: Exclude<PortState, "closed">;
	readonly owner: SocketOwner;
}

/** Who speaks for programs of the gateway's own. */
export type Programs = "played" | "real";

const ALL_ADDRESSES = "0.0.0.0";

export class OwnPorts {
	private readonly guest: Guest;
	private readonly listeners: GatewaySetup["listeners"];
	private readonly programs: Programs;
	private readonly held = new Map<string, Held>();

	constructor(
		guest: Guest,
		listeners: GatewaySetup["listeners"],
		programs: Programs,
	) {
		this.guest = guest;
		this.listeners = listeners;
		this.programs = programs;
	}

	/** Are packets for them to be looked for? */
	get areThere(): boolean {
		return this.held.size > 0;
	}

	/** Does the kernel speak TCP for them? Then it has timers running that are TCP's. */
	get speakTcp(): boolean {
		return (
			this.programs === "real" &&
			this.listeners.some(({ protocol }) => protocol === "tcp")
		);
	}

	/** Opens those of the setup in the namespace in which the gateway stands now. @throws LabError (`unsupported`) */
	async open(): Promise<void> {
		if (this.listeners.length === 0) return;
		const ports = this.listeners.map((one) => {
			return { ...one, address: ALL_ADDRESSES };
		});
		for (const one of ports) this.held.set(keyOf(one), heldAs(one, "open"));
		await this.tell(ports, "gateway.listeners");
	}

	/** A namespace lives as long as a socket in it. */
	async close(): Promise<void> {
		if (!this.areThere) return;
		this.held.clear();
		await this.guest.closePorts();
	}

	/** A program opens a port or closes it. @throws LabError (`unsupported`) */
	async set(ask: PortAsk): Promise<void> {
		const { becomes } = ask;
		const key = keyOf(ask);
		const before = this.held.get(key)?.state ?? "closed";
		if (before === becomes) return;
		if (becomes === "closed") this.held.delete(key);
		else this.held.set(key, heldAs(ask, becomes));
		if ((before === "open") !== (becomes === "open"))
			await this.tell([ask], `port ${ask.port}`);
	}

	/** Whose program has the port open from which the packet comes? `undefined`: none has. */
	senderOf(packet: Packet): SocketOwner | undefined {
		if (packet.kind !== "tcp" && packet.kind !== "udp") return undefined;
		const { kind, source, sourcePort } = packet;
		const held = this.at(kind, source, sourcePort);
		return held?.state === "open" ? held.owner : undefined;
	}

	/** What came for the programs that are played since the last time, as it arrived behind all rules. */
	async taken(): Promise<readonly Uint8Array[]> {
		if (!this.areThere || this.programs === "real") return [];
		const delivered = await this.guest.delivered();
		return delivered
			.map((bytes) => withWholeChecksum(decodePacket(bytes), bytes))
			.filter((bytes) => this.isForProgram(decodePacket(bytes)));
	}

	private isForProgram(packet: Packet): boolean {
		// A raw socket sees what no other would.
		if ("checksum" in packet && packet.checksum === "wrong") return false;
		if (packet.kind === "tcp" || packet.kind === "udp") {
			const { kind, destination, destinationPort } = packet;
			return this.stateOf(kind, destination, destinationPort) !== "closed";
		}
		if (packet.kind !== "icmp") return false;
		const { about } = packet;
		if (about?.kind !== "tcp" && about?.kind !== "udp") return false;
		return this.stateOf(about.kind, about.source, about.sourcePort) === "open";
	}

	private stateOf(
		protocol: "tcp" | "udp",
		address: number,
		port: number,
	): PortState {
		return this.at(protocol, address, port)?.state ?? "closed";
	}

	/** As a kernel finds it: a program at the address itself comes before one at all addresses. */
	private at(
		protocol: "tcp" | "udp",
		address: number,
		port: number,
	): Held | undefined {
		const exact = this.held.get(
			keyOf({ protocol, address: formatAddress(address), port }),
		);
		if (exact?.state === "open") return exact;
		const all = this.held.get(
			keyOf({ protocol, address: ALL_ADDRESSES, port }),
		);
		return all ?? exact;
	}

	private async tell(ports: readonly OwnPort[], place: string): Promise<void> {
		const open: GuestPort["state"] =
			this.programs === "real" ? "taken" : "deaf";
		const failed = await this.guest.setPorts(
			ports.map((one) => {
				const isOpen = this.held.get(keyOf(one))?.state === "open";
				const { owner = ROOT } = one;
				return { ...one, owner, state: isOpen ? open : "closed" };
			}),
		);
		if (failed === 0) return;
		throw new LabError({
			code: "unsupported",
			place,
			message: `the guest's kernel refuses it (errno ${failed})`,
			remedy: "Have at most 4,000 ports open at a time, from 1 to 65535.",
		});
	}
}

function heldAs(
	{ owner = ROOT }: OwnPort,
	state: Exclude<PortState, "closed">,
): Held {
	return { state, owner };
}

function keyOf({ protocol, address, port }: OwnPort): string {
	return `${protocol} ${address} ${port}`;
}
