/** Requests to the guest's agent, one after the other: `guest/agent.c` says what they look like. */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";

export interface AgentAnswer {
	/** An errno, or the exit status of a program. */
	readonly status: number;
	readonly out: Buffer;
	readonly err: Buffer;
}

export interface AgentChannel {
	/** @param operation its letter */
	call(operation: string, payload: Uint8Array): Promise<AgentAnswer>;
	/** Nothing will be answered any more. */
	close(reason: Error): void;
}

/** What the agent of a machine says that lives and dies with its harness. */
const GREETING = Buffer.from("READY\n");
const REQUEST_HEADER = 5;
const ANSWER_HEADER = 12;

interface Waiting {
	readonly resolve: (answer: AgentAnswer) => void;
	readonly reject: (reason: Error) => void;
}

/**
 * @param greeted is called once the agent is there
 * @param stays the machine was there before us, and what it had to say to somebody else may still come
 */
export function createAgentChannel(
	socket: Duplex,
	greeted: () => void,
	{ stays = false } = {},
): AgentChannel {
	const greeting = stays ? askToEcho(socket) : GREETING;
	let bytes: Buffer = Buffer.alloc(0);
	let isGreeted = false;
	let closed: Error | null = null;
	const waiting: Waiting[] = [];

	function take(length: number): Buffer {
		const taken = bytes.subarray(0, length);
		bytes = bytes.subarray(length);
		return taken;
	}

	socket.on("data", (chunk: Buffer) => {
		bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
		if (!isGreeted) {
			const at = bytes.indexOf(greeting);
			if (at < 0) return;
			take(at + greeting.length);
			isGreeted = true;
			greeted();
		}
		while (bytes.length >= ANSWER_HEADER) {
			const [outLength, errLength] = [
				bytes.readUInt32BE(4),
				bytes.readUInt32BE(8),
			];
			if (bytes.length < ANSWER_HEADER + outLength + errLength) return;
			const status = take(ANSWER_HEADER).readUInt32BE(0);
			const answer = { status, out: take(outLength), err: take(errLength) };
			waiting.shift()?.resolve(answer);
		}
	});

	return {
		call(operation, payload) {
			if (closed !== null) return Promise.reject(closed);
			return new Promise((resolve, reject) => {
				waiting.push({ resolve, reject });
				const header = Buffer.alloc(REQUEST_HEADER);
				header.write(operation, 0, "latin1");
				header.writeUInt32BE(payload.length, 1);
				socket.write(header);
				socket.write(payload);
			});
		},
		close(reason) {
			closed = reason;
			for (const one of waiting.splice(0)) one.reject(reason);
		},
	};
}

/** @returns the answer, which nobody else can have asked for */
function askToEcho(socket: Duplex): Buffer {
	const token = randomBytes(16);
	const request = Buffer.alloc(REQUEST_HEADER);
	request.write("p", 0, "latin1");
	request.writeUInt32BE(token.length, 1);
	socket.write(Buffer.concat([request, token]));
	const header = Buffer.alloc(ANSWER_HEADER);
	header.writeUInt32BE(token.length, 4);
	return Buffer.concat([header, token]);
}
