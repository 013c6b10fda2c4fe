/** Where packets of a connection ended instead of getting on. */
import { formatAddress } from "../../sim/packet/address.ts";
import { type Packet, RST } from "../../sim/packet/packet.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { LOOPBACK } from "../../sim/world/setup/services.ts";
import type { LinkEvent } from "../../sim/world/watch.ts";
import type { Happening, Passage } from "./follow.ts";
import type { Scene } from "./scene.ts";
import { asks, isSame } from "./words.ts";

type Arrival = Extract<LinkEvent, { readonly kind: "arrives" }>;

export type Stop =
	/** In the gateway: by a rule, a policy or the stack. */
	| { readonly kind: "dropped"; readonly at: Passage }
	/** It was for the gateway itself. */
	| { readonly kind: "delivered"; readonly at: Passage }
	/** Nobody answered ARP for its next hop. */
	| { readonly kind: "waits"; readonly at: Passage }
	| {
			readonly kind: "nowhere";
			readonly at: Extract<LinkEvent, { readonly kind: "nowhere" }>;
	  }
	/** Nothing answers ARP for it on the link of its sender. */
	| {
			readonly kind: "no-arp";
			readonly at: Extract<LinkEvent, { readonly kind: "no-arp" }>;
	  }
	/** Its sender has a default route of its own. */
	| {
			readonly kind: "elsewhere";
			readonly at: Extract<LinkEvent, { readonly kind: "elsewhere" }>;
	  }
	| {
			readonly kind: "lost";
			readonly at: Extract<LinkEvent, { readonly kind: "lost" }>;
	  }
	/** A host got it that knows no such connection. */
	| { readonly kind: "stranger"; readonly at: Arrival }
	/** A backend got a SYN or a datagram, and refused it, or did not answer at all. */
	| { readonly kind: "refused" | "unanswered"; readonly at: Arrival };

/** In the order of time. RSTs are left out: they follow from something else. */
export function stopsOf(
	log: readonly Happening[],
	connection: ConnectionRecord,
	scene: Scene,
): readonly Stop[] {
	const endMs = connection.endedMs ?? Number.POSITIVE_INFINITY;
	return log.flatMap((happening, index) => {
		const { atMs, packet } = happening;
		if (atMs > endMs || isReset(packet)) return [];
		const around = {
			earlier: log.slice(0, index),
			later: log.slice(index + 1),
		};
		const stop = stopAt(happening, around, scene);
		return stop === null ? [] : [stop];
	});
}

/** What a connection's log holds before something and after it. */
interface Around {
	readonly earlier: readonly Happening[];
	readonly later: readonly Happening[];
}

function stopAt(happening: Happening, log: Around, scene: Scene): Stop | null {
	switch (happening.kind) {
		case "gateway":
			return stopInGateway(happening, log.later);
		case "nowhere":
			return { kind: "nowhere", at: happening };
		case "no-arp":
			return { kind: "no-arp", at: happening };
		case "elsewhere":
			return { kind: "elsewhere", at: happening };
		case "lost":
			return { kind: "lost", at: happening };
		case "arrives": {
			const isBackend = scene.backend(happening.at) !== null;
			if (isBackend && asks(happening.packet))
				return stopAtBackend(happening, log);
			return happening.isKnown ? null : { kind: "stranger", at: happening };
		}
	}
}

function stopInGateway(at: Passage, later: readonly Happening[]): Stop | null {
	switch (at.fate.kind) {
		case "dropped":
			return { kind: "dropped", at };
		case "delivered":
			// A process of the gateway's takes it.
			return at.out.some((one) => one.interface === "lo" || answers(one.packet))
				? null
				: { kind: "delivered", at };
		case "queued":
			return at.fate.waitsFor === "neighbour" &&
				!later.some(
					(one) => one.kind !== "gateway" && isSame(one.packet, at.packet),
				)
				? { kind: "waits", at }
				: null;
		case "forwarded":
		case "unknown":
			return null;
	}
}

/** Something else than a reset or an error. */
function answers(packet: Packet): boolean {
	return packet.kind === "udp" || (packet.kind === "tcp" && !isReset(packet));
}

function stopAtBackend(at: Arrival, { earlier, later }: Around): Stop | null {
	const { packet } = at;
	if (at.interface === LOOPBACK && isRefusedByGateway(packet, earlier))
		return { kind: "refused", at };
	for (const one of later) {
		if (isFrom(one, packet))
			return isRefusal(one.packet) ? { kind: "refused", at } : null;
		// The next try: this one was not answered.
		if (one.kind === "arrives" && one.at === at.at && asks(one.packet)) break;
	}
	return { kind: "unanswered", at };
}

/** A program of the gateway's own has closed its port, so the gateway answered for it. */
function isRefusedByGateway(
	packet: Packet,
	earlier: readonly Happening[],
): boolean {
	const delivered = earlier.findLast(
		(one) =>
			one.kind === "gateway" &&
			one.out.some(
				(out) => out.interface === LOOPBACK && isSame(out.packet, packet),
			),
	);
	return (
		delivered?.kind === "gateway" &&
		delivered.out.some((out) => isRefusal(out.packet))
	);
}

/** Is it sent by the host that `packet` came to, back to its sender? */
function isFrom(happening: Happening, packet: Packet): boolean {
	const sent = happening.packet;
	return (
		sent.source === packet.destination &&
		sent.destination === packet.source &&
		(happening.kind !== "arrives" || happening.from !== null)
	);
}

/** A host has no such connection, or its port is closed. */
function isRefusal(packet: Packet): boolean {
	return isReset(packet) || packet.kind === "icmp";
}

function isReset(packet: Packet): boolean {
	return packet.kind === "tcp" && (packet.flags & RST) !== 0;
}

/** Is it a packet of the client's, as the client sends it or as it comes to a backend? */
export function isClients(
	happening: Happening,
	{ sourcePort, client }: ConnectionRecord,
	scene: Scene,
): boolean {
	const { packet } = happening;
	// Programs of the gateway's own share its addresses, and each has ports of its own.
	if (happening.kind === "gateway" && happening.interface === LOOPBACK)
		return "sourcePort" in packet && packet.sourcePort === sourcePort;
	if (formatAddress(packet.source) === scene.clientAddress(client))
		return packet.kind !== "tcp" || packet.sourcePort === sourcePort;
	return scene.backendAt(packet.source) === null;
}
