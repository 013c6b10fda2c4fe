/** A backend for tests: the model's replies over real sockets of this machine, and its ways to misbehave. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import {
	smtpBanner,
	smtpReply,
	takeLines,
} from "../../../sim/endpoint/protocols/smtp.ts";

export interface TestServer {
	readonly port: number;
	/** Messages as they came, the last line left out. */
	readonly messages: readonly string[];
	/** How many connections it had at once at most. */
	readonly most: number;
	/** Takes no more connections. */
	stop(): Promise<void>;
}

/** What it does with a connection. */
export type Behaviour =
	| "serve"
	/** Accepts, and says nothing. */
	| "hang"
	| "reset"
	/** Says hello and resets at the first word. */
	| "reset-later"
	/** Says hello and closes. */
	| "close"
	/** A banner that sends clients away. */
	| "busy";

export async function startServer(behaviour: Behaviour): Promise<TestServer> {
	const messages: string[] = [];
	const sockets = new Set<Socket>();
	let most = 0;
	const server = createServer((socket) => {
		sockets.add(socket);
		most = Math.max(most, sockets.size);
		socket.on("close", () => sockets.delete(socket));
		socket.on("error", () => {});
		answer(socket, behaviour, messages);
	});
	await new Promise<void>((resolve) =>
		server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve),
	);
	const stop = () =>
		new Promise<void>((resolve) => {
			for (const socket of sockets) socket.destroy();
			if (server.listening) server.close(() => resolve());
			else resolve();
		});
	onTestFinished(stop);
	const { port } = server.address() as AddressInfo;
	return {
		port,
		messages,
		stop,
		get most() {
			return most;
		},
	};
}

function answer(
	socket: Socket,
	behaviour: Behaviour,
	messages: string[],
): void {
	if (behaviour === "hang") return;
	if (behaviour === "reset") {
		socket.resetAndDestroy();
		return;
	}
	if (behaviour === "busy") socket.write("421 b1 too busy\r\n");
	else socket.write(smtpBanner("b1"));
	if (behaviour === "close") socket.end();
	const smtp = { name: "b1", isInData: false };
	let unread = "";
	let message: string[] = [];
	socket.setEncoding("latin1");
	socket.on("data", (text: string) => {
		if (behaviour === "reset-later") {
			socket.resetAndDestroy();
			return;
		}
		const { lines, rest } = takeLines(unread, text);
		unread = rest;
		for (const line of lines) {
			const wasInData = smtp.isInData;
			socket.write(smtpReply(smtp, line));
			if (wasInData && smtp.isInData) message.push(line);
			if (wasInData && !smtp.isInData) {
				messages.push(message.join("\n"));
				message = [];
			}
			if (line === "QUIT" && !wasInData) socket.end();
		}
	});
}
