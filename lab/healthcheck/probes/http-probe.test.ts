import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import type { HttpProbeSettings } from "../config/config.ts";
import { startProbe } from "./probe.ts";
import { makeCertificate, type Serve, serverThat } from "./test-smtp.ts";

const HTTP: HttpProbeSettings = { kind: "http" };

interface Result {
	readonly ok: boolean | null;
	readonly reason: string;
}

/** How the probe ends. One that does not is abandoned when the test is over. */
function probed(probe: HttpProbeSettings, port: number): Promise<Result> {
	return new Promise((resolve) => {
		let isOut = false;
		const target = { backend: "w1", address: "127.0.0.1", port, probe };
		const running = startProbe(
			{ ...target, condition: "web1up" },
			{
				out() {
					isOut = true;
				},
				done(ok, reason) {
					expect(isOut).toBe(true);
					resolve({ ok, reason });
				},
			},
		);
		onTestFinished(() => running.abandon());
	});
}

/** Answers each request like this, and closes. */
function webServer(answer: string): Serve {
	return (socket) => socket.on("data", () => socket.end(answer));
}

function answerOf(status: string, body: string, fields = ""): string {
	return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

test.each<{
	readonly says: string;
	readonly serve: Serve | null;
	readonly probe?: Partial<HttpProbeSettings>;
	readonly ok: boolean;
	readonly reason: string;
}>([
	{
		says: "a page is a good sign",
		serve: webServer(answerOf("200 OK", "hello")),
		ok: true,
		reason: "200 OK",
	},
	{
		says: "an error of the server is none",
		serve: webServer(answerOf("503 Service Unavailable", "later")),
		ok: false,
		reason: "503 Service Unavailable",
	},
	{
		says: "a redirect is not followed",
		serve: webServer(answerOf("302 Found", "", "Location: /login\r\n")),
		ok: true,
		reason: "302 Found",
	},
	{
		says: "a redirect is no good sign where 200 is awaited",
		serve: webServer(answerOf("302 Found", "", "Location: /login\r\n")),
		probe: { status: [200, "204-206"] },
		ok: false,
		reason: "302 Found",
	},
	{
		says: "a status may lie in a range",
		serve: webServer("HTTP/1.1 204 No Content\r\n\r\n"),
		probe: { status: [200, "204-206"] },
		ok: true,
		reason: "204 No Content",
	},
	{
		says: "a body has what it has to contain",
		serve: webServer(answerOf("200 OK", "status: ready")),
		probe: { contains: "ready", matches: "^status: (ready|warm)$" },
		ok: true,
		reason: "200 OK",
	},
	{
		says: "a body lacks what it has to contain",
		serve: webServer(answerOf("200 OK", "status: starting")),
		probe: { contains: "ready" },
		ok: false,
		reason: '200 OK: the body does not contain "ready"',
	},
	{
		says: "a body does not match",
		serve: webServer(answerOf("200 OK", "status: starting")),
		probe: { matches: "ready$" },
		ok: false,
		reason: "200 OK: the body does not match /ready$/",
	},
	{
		says: "a body in chunks is put together",
		serve: webServer(
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n",
		),
		probe: { contains: "ready" },
		ok: true,
		reason: "200 OK",
	},
	{
		says: "a body may end with the connection",
		serve: webServer("HTTP/1.0 200 OK\r\n\r\nready"),
		probe: { contains: "ready" },
		ok: true,
		reason: "200 OK",
	},
	{
		says: "a body that ends too soon is none",
		serve: webServer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nready"),
		probe: { contains: "ready" },
		ok: false,
		reason: "200 OK: closed before its end",
	},
	{
		says: "no more than the beginning of a long body is looked at",
		serve: (socket) =>
			socket.on("data", () => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				for (let piece = 0; piece < 40; piece++)
					socket.write("x".repeat(65_536));
				socket.end("ready");
			}),
		probe: { contains: "ready" },
		ok: false,
		reason:
			'200 OK: the body does not contain "ready" in its first 1048576 octets',
	},
	{
		says: "a server may hang up",
		serve: (socket) => socket.on("data", () => socket.end()),
		ok: false,
		reason: "closed",
	},
	{ says: "nothing listens", serve: null, ok: false, reason: "refused" },
	{
		says: "a mail server is no web server",
		serve: (socket) => socket.write("220 mail1 ESMTP\r\n"),
		ok: false,
		reason: "not an HTTP answer",
	},
	{
		says: "what a terminal would obey is not shown to it",
		serve: webServer(answerOf("200 \u001b[2J", "")),
		ok: true,
		reason: "200 ?[2J",
	},
	{
		says: "a web server without TLS",
		serve: webServer(answerOf("400 Bad Request", "")),
		probe: { kind: "https", verify: true },
		ok: false,
		reason: "no TLS is spoken there",
	},
])("$says", async ({ serve, probe, ok, reason }) => {
	const server = await serverThat(serve);
	const settings = { ...HTTP, ...probe } as HttpProbeSettings;
	expect(await probed(settings, server.port)).toEqual({ ok, reason });
});

test("the path, the host name and the end of the connection are asked for", async () => {
	const server = await serverThat(webServer(answerOf("200 OK", "")));
	await probed(HTTP, server.port);
	expect(server.heard[0]).toBe("GET / HTTP/1.1");
	expect(server.heard).toContain(`Host: 127.0.0.1:${server.port}`);
	expect(server.heard).toContain("Connection: close");
	const other = await serverThat(webServer(answerOf("200 OK", "")));
	await probed(
		{ ...HTTP, path: "/health?deep=1", host: "www.example.com" },
		other.port,
	);
	expect(other.heard[0]).toBe("GET /health?deep=1 HTTP/1.1");
	expect(other.heard).toContain("Host: www.example.com");
});

test("a probe that waits is abandoned, and its connection goes", async () => {
	const server = await serverThat(() => {});
	let results = 0;
	const target = { backend: "w1", address: "127.0.0.1", port: server.port };
	const running = startProbe(
		{ ...target, condition: "web1up", probe: HTTP },
		{ out() {}, done: () => results++ },
	);
	await new Promise((resolve) => setTimeout(resolve, 100));
	running.abandon();
	await expect.poll(() => server.heard.at(-1)).toBe("end");
	expect(results).toBe(0);
});

test("a server that does not close behind its answer is left", async () => {
	const server = await serverThat((socket) =>
		socket.on("data", () => socket.write(answerOf("200 OK", ""))),
	);
	expect(await probed(HTTP, server.port)).toMatchObject({ ok: true });
	await expect.poll(() => server.heard.at(-1), { timeout: 20_000 }).toBe("end");
});

const certificate = makeCertificate();

test.skipIf(certificate === null)(
	"the certificate is checked, and a name asked for, as the probe says",
	async () => {
		if (certificate === null) return;
		const names: unknown[] = [];
		const server = createServer(certificate, (asked, answer) => {
			if (asked.socket instanceof TLSSocket)
				names.push(Reflect.get(asked.socket, "servername"));
			answer.end("ready");
		});
		await new Promise<void>((resolve) => {
			server.listen(0, "127.0.0.1", resolve);
		});
		onTestFinished(() => {
			server.closeAllConnections();
			server.close();
		});
		const given = server.address();
		const port = typeof given === "object" ? (given?.port ?? 0) : 0;
		const host = "mail.example:8443";
		const https = { kind: "https", host, contains: "ready" } as const;
		expect(await probed({ ...https, verify: true }, port)).toEqual({
			ok: false,
			reason: "self-signed certificate",
		});
		expect(await probed({ ...https, verify: false }, port)).toEqual({
			ok: true,
			reason: "200 OK (TLSv1.3)",
		});
		expect(await probed({ kind: "https", verify: false }, port)).toMatchObject({
			ok: true,
		});
		expect(names).toEqual(["mail.example", false]);
		expect(await verified(certificate.cert, port, "mail.example")).toBe(
			"true 200 OK (TLSv1.3)",
		);
		expect(await verified(certificate.cert, port, "www.example")).toContain(
			"Hostname/IP does not match certificate's altnames",
		);
	},
);

/** The word of a process that trusts the certificate's issuer. */
async function verified(
	issuer: string,
	port: number,
	host: string,
): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), "marktwin-test-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const file = join(folder, "issuer.pem");
	writeFileSync(file, issuer);
	const program = `
		const { startProbe } = await import(${JSON.stringify(new URL("./probe.ts", import.meta.url).href)});
		const probe = { kind: "https", verify: true, host: ${JSON.stringify(host)} };
		const target = { backend: "w1", address: "127.0.0.1", port: ${port}, condition: "web1up", probe };
		startProbe(target, { out() {}, done: (ok, reason) => console.log(ok, reason) });
	`;
	const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
	const words = ["--import", "tsx", "--input-type=module", "-e", program];
	return new Promise((resolve, reject) => {
		execFile(process.execPath, words, { env }, (error, output) =>
			error === null ? resolve(output.trim()) : reject(error),
		);
	});
}
