/** What serves datagrams on a backend in a container: a program that echoes, or one that says nothing. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
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
	let ofPeers: readonly Socket[] = [];
	let open: Socket | null = await bound();
	return { heed, close };

	async function bound(peer: Peer | null = null): Promise<Socket> {
		const socket = createSocket({ type: "udp4", reuseAddr: true });
		socket.on("message", (message, from) => take(socket, peer, message, from));
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
	function take(
		socket: Socket,
		peer: Peer | null,
		message: Buffer,
		from: RemoteInfo,
	): void {
		const isPeers = peer === null || keyOf(peer) === keyOf(from);
		if (!isPeers) return;
		peers.set(keyOf(from), { address: from.address, port: from.port });
		notes.came(message, from);
		const { delayMs, isUnavailable } = by.manner();
		if (speaks === "silent" || isUnavailable) return;
		const answer = () => {
			notes.answered(message, from);
			if (peer === null) socket.send(message, from.port, from.address);
			else socket.send(message);
		};
		if (delayMs === 0) answer();
		else setTimeout(answer, delayMs);
	}

	async function heed(): Promise<void> {
		const { isDraining } = by.manner();
		if (isDraining === (open === null)) return;
		if (isDraining) {
			const before = open;
			open = null;
			ofPeers = await Promise.all([...peers.values()].map(bound));
			before?.close();
		} else {
			const before = ofPeers;
			ofPeers = [];
			open = await bound();
			for (const socket of before) socket.close();
		}
	}

	function close(): void {
		open?.close();
		for (const socket of ofPeers) socket.close();
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
