/** What serves datagrams on a backend in a container: a program that echoes, or one that says nothing. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { requestOf } from "../../../sim/endpoint/udp/datagram.ts";
import type { ServedBy } from "./serve-streams.ts";
import type { Listening } from "./server-plan.ts";

export interface DatagramService {
	/** Takes up what the manner says of draining. */
	heed(): Promise<void>;
	close(): void;
}

type Peer = Pick<RemoteInfo, "address" | "port">;

/** @returns the program, with its port open. Its promise is rejected when the port cannot be had */
export async function serveDatagrams(
	{ port, speaks }: Pick<Listening, "port" | "speaks">,
	by: ServedBy,
): Promise<DatagramService> {
	const notes = notesOf(by);
	/** All that it has heard of: while it drains, it has a connected socket for each, and no other. */
	const peers = new Map<string, Peer>();
	let own: ReadonlyMap<string, Socket> = new Map();
	let open: Socket | null = await bound();
	/** Which was open, until all that it has heard of have sockets of their own. */
	let leaving: Socket | null = null;
	return { heed, close };

	async function bound(peer: Peer | null = null): Promise<Socket> {
		const socket = createSocket({ type: "udp4", reuseAddr: true });
		socket.on("message", (message, from) => take(peer, message, from));
		socket.bind(port);
		await once(socket, "listening");
		// A client that is gone: its kernel's answer is nothing to this program.
		socket.on("error", () => {});
		if (peer !== null) {
			socket.connect(peer.port, peer.address);
			await once(socket, "connect");
		}
		return socket;
	}

	/** @param peer of a connected socket; before it was connected, others' datagrams may have come to it */
	function take(peer: Peer | null, message: Buffer, from: RemoteInfo): void {
		if (peer !== null && !peers.has(keyOf(from))) return;
		peers.set(keyOf(from), { address: from.address, port: from.port });
		notes.came(message, from);
		const { delayMs, isUnavailable } = by.manner();
		if (speaks === "silent" || isUnavailable) return;
		if (delayMs === 0) answer(message, from);
		else setTimeout(answer, delayMs, message, from);
	}

	/** By the socket that there is for it by then. */
	function answer(message: Buffer, from: RemoteInfo): void {
		notes.answered(message, from);
		const socket = own.get(keyOf(from));
		if (socket) socket.send(message);
		else (open ?? leaving)?.send(message, from.port, from.address);
	}

	async function heed(): Promise<void> {
		const { isDraining } = by.manner();
		if (isDraining === (open === null)) return;
		if (isDraining) {
			leaving = open;
			open = null;
			own = new Map(
				await Promise.all(
					[...peers].map(
						async ([key, peer]) => [key, await bound(peer)] as const,
					),
				),
			);
			// What came before they were connected is read by now.
			await setImmediate();
			leaving?.close();
			leaving = null;
		} else {
			open = await bound();
			for (const socket of own.values()) socket.close();
			own = new Map();
		}
	}

	function close(): void {
		open?.close();
		leaving?.close();
		for (const socket of own.values()) socket.close();
	}
}

function keyOf({ address, port }: Peer): string {
	return `${address} ${port}`;
}

/** Writes down each request, and the first answer to each flow. */
function notesOf(by: Pick<ServedBy, "saw" | "unixMs">) {
	const requests = new Map<number, Set<number>>();
	const answered = new Set<number>();
	return {
		/** What is sent again counts once. */
		came(message: Buffer, { address, port }: Peer): void {
			const name = requestOf(message.toString("latin1"));
			if (name === null) return;
			const ofFlow = requests.get(name.flow) ?? new Set();
			if (ofFlow.has(name.request)) return;
			requests.set(name.flow, ofFlow.add(name.request));
			by.saw({ saw: "request", ...name, atMs: by.unixMs(), address, port });
		},
		answered(message: Buffer, { address, port }: Peer): void {
			const flow = requestOf(message.toString("latin1"))?.flow;
			if (flow === undefined || answered.has(flow)) return;
			answered.add(flow);
			by.saw({ saw: "answer", flow, atMs: by.unixMs(), address, port });
		},
	};
}
