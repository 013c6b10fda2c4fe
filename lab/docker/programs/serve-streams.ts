/** What serves connections on a backend in a container: Node's web server, and programs that echo or say nothing. */
import { createServer as createWebServer, STATUS_CODES } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { type Saying, startTalk } from "../../../sim/endpoint/program.ts";
import type { Listening, Manner, Sighting } from "./server-plan.ts";

export interface ServedBy {
	readonly name: string;
	/** As it is now. */
	readonly manner: () => Manner;
	readonly saw: (sighting: Sighting) => void;
	/** Unix time in milliseconds. */
	readonly unixMs: () => number;
}

/** As in the model (`sim/endpoint/backend.ts`), and as the mail servers of a lab have it. */
const BACKLOG = 100;

/** @returns the server, listening. Its promise is rejected when the port cannot be had */
export async function serveStreams(
	{ port, speaks }: Pick<Listening, "port" | "speaks">,
	by: ServedBy,
): Promise<Server> {
	const server = speaks === "http" ? webServer(by) : talkServer(speaks, by);
	server.on("connection", (socket: Socket) => {
		by.saw({ saw: "connection", ...peerOf(socket, by) });
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen({ port, host: "0.0.0.0", backlog: BACKLOG }, resolve);
	});
	return server;
}

function peerOf(
	{ remoteAddress = "", remotePort = 0 }: Socket,
	{ unixMs }: ServedBy,
): { readonly atMs: number; readonly address: string; readonly port: number } {
	return { atMs: unixMs(), address: remoteAddress, port: remotePort };
}

/** It waits for its clients as long as they like: who closes is the dialogue's matter. */
const WEB_SETTINGS = {
	noDelay: true,
	keepAliveTimeout: 0,
	headersTimeout: 0,
	requestTimeout: 0,
} as const;

function webServer({ name, manner }: ServedBy): Server {
	return createWebServer(WEB_SETTINGS, (request, response) => {
		request.resume();
		after(manner().delayMs, () => {
			const status = manner().isUnavailable ? 503 : 200;
			const body = `${name}: ${status} ${STATUS_CODES[status]}\r\n`;
			const fields = { Server: name, "Content-Length": body.length };
			response.writeHead(status, fields).end(body);
		});
	});
}

function talkServer(kind: "echo" | "silent", by: ServedBy): Server {
	const { name, manner, saw } = by;
	return createServer({ noDelay: true }, (socket) => {
		const speaker = {
			name,
			get isUnavailable() {
				return manner().isUnavailable;
			},
		};
		const talk = startTalk({ kind }, speaker);
		const answer = (sayings: readonly Saying[]) => {
			for (const { text, closes } of sayings)
				after(manner().delayMs, () => {
					if (text !== "") socket.write(text, "latin1");
					// Both ways: what still comes is reset, as by a program that closes.
					if (closes) socket.destroySoon();
				});
		};
		socket.setEncoding("latin1");
		socket.once("data", (text: string) => {
			const called = nameIn(text);
			if (called !== null)
				saw({ saw: "name", ...peerOf(socket, by), name: called });
		});
		socket.on("data", (text: string) => answer(talk.read(text)));
		// The client is gone, and has its own record of it.
		socket.on("error", () => socket.destroy());
		answer(talk.begin());
	});
}

/** What the first message of an echo client calls its connection (`sim/endpoint/echo-client.ts`). */
function nameIn(text: string): string | null {
	return /^#(\S+) /.exec(text)?.[1] ?? null;
}

function after(delayMs: number, action: () => void): void {
	if (delayMs === 0) action();
	else setTimeout(action, delayMs);
}
