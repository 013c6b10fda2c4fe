/** For tests: mail servers that are well, and mail servers that are not, on a port of 127.0.0.1. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";

/** What a server does with a connection. */
export type Serve = (socket: Socket) => void;

export interface TestServer {
	readonly port: number;
	/** What its clients said, a line each, and `end` when one has closed. */
	readonly heard: readonly string[];
	/** From now on: other manners. `null`: it refuses connections. */
	become(serve: Serve | null): Promise<void>;
}

/** A server that is gone when the test is. */
export async function serverThat(serve: Serve | null): Promise<TestServer> {
	const heard: string[] = [];
	const sockets = new Set<Socket>();
	let manners: Serve = () => {};
	let server: Server | null = null;
	let port = 0;

	async function listen(): Promise<void> {
		const opened = createServer((socket) => {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => {
				sockets.delete(socket);
				heard.push("end");
			});
			socket.on("data", (bytes) => {
				heard.push(...bytes.toString("latin1").trimEnd().split("\r\n"));
			});
			manners(socket);
		});
		await new Promise<void>((resolve) => {
			opened.listen(port, "127.0.0.1", resolve);
		});
		server = opened;
		const address = opened.address();
		if (address !== null && typeof address === "object") port = address.port;
	}

	async function close(): Promise<void> {
		for (const socket of sockets) socket.destroy();
		const closing = server;
		server = null;
		if (closing !== null)
			await new Promise((resolve) => {
				closing.close(resolve);
			});
	}

	manners = serve ?? manners;
	// Also one that refuses has a port, which nobody else gets in so short a time.
	await listen();
	if (serve === null) await close();
	onTestFinished(close);
	return {
		get port() {
			return port;
		},
		heard,
		async become(next) {
			if (next !== null) manners = next;
			if (next === null) await close();
			else if (server === null) await listen();
		},
	};
}

/** Answers as a mail server does. @param replies other answers, by command */
export function mailServer(
	banner: string,
	replies: Readonly<Record<string, string>> = {},
): Serve {
	const all: Readonly<Record<string, string>> = {
		EHLO: "250-test\r\n250-SIZE 1000\r\n250 STARTTLS",
		QUIT: "221 Bye",
		...replies,
	};
	return (socket) => {
		socket.write(`${banner}\r\n`);
		answer(socket, all);
	};
}

function answer(
	socket: Socket,
	replies: Readonly<Record<string, string>>,
): void {
	socket.on("data", (bytes) => {
		const [verb = ""] = bytes.toString("latin1").split(/[ \r]/);
		socket.write(`${replies[verb] ?? "502 no"}\r\n`);
		if (verb === "QUIT") socket.end();
	});
}

export interface Certificate {
	readonly key: string;
	readonly cert: string;
}

/** A self-signed one for `mail.example`; `null` where there is no openssl to make it. */
export function makeCertificate(): Certificate | null {
	const folder = mkdtempSync(join(tmpdir(), "marktwin-test-"));
	const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	try {
		execFileSync(
			"openssl",
			[
				"req",
				"-x509",
				"-newkey",
				"ec",
				"-pkeyopt",
				"ec_paramgen_curve:prime256v1",
				"-nodes",
				"-days",
				"30",
				"-subj",
				"/CN=mail.example",
				"-keyout",
				key,
				"-out",
				cert,
			],
			{ stdio: "ignore" },
		);
		return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
	} catch {
		// Not installed: what needs it is skipped.
		return null;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Speaks TLS behind STARTTLS. @param said what it heard there */
export function encryptingServer(
	certificate: Certificate,
	said: string[],
): Serve {
	return (socket) => {
		socket.write("220 mail.example ESMTP\r\n");
		socket.on("data", function plain(bytes: Buffer) {
			if (!bytes.toString("latin1").startsWith("STARTTLS")) {
				socket.write("250-mail.example\r\n250 STARTTLS\r\n");
				return;
			}
			socket.removeAllListeners("data");
			socket.write("220 go ahead\r\n");
			const secured = new TLSSocket(socket, { isServer: true, ...certificate });
			secured.on("error", () => {});
			secured.on("data", (text) => {
				said.push(text.toString("latin1").trimEnd());
				secured.end("221 Bye\r\n");
			});
		});
	};
}
