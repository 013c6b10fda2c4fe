import { expect, onTestFinished, test, vi } from "vitest";
import type { ProbeSettings, SmtpProbeSettings } from "../config/config.ts";
import { startProbe } from "./probe.ts";
import {
	encryptingServer,
	mailServer,
	makeCertificate,
	type Serve,
	serverThat,
	type TestServer,
} from "./test-smtp.ts";

const SMTP: SmtpProbeSettings = {
	kind: "smtp",
	ehlo: null,
	starttls: false,
	verify: false,
	serverName: null,
};
const TCP: ProbeSettings = { kind: "tcp" };

interface Result {
	readonly ok: boolean | null;
	readonly reason: string;
}

/** How the probe ends. One that does not is abandoned when the test is over. */
function probed(probe: ProbeSettings, port: number): Promise<Result> {
	return new Promise((resolve) => {
		const running = startProbe(
			{
				backend: "b1",
				address: "127.0.0.1",
				port,
				condition: "mail1up",
				probe,
			},
			{ out() {}, done: (ok, reason) => resolve({ ok, reason }) },
		);
		onTestFinished(() => running.abandon());
	});
}

/** The client has said good-bye, and gone. */
async function left({ heard }: TestServer): Promise<readonly string[]> {
	await vi.waitFor(() => expect(heard.at(-1)).toBe("end"), { timeout: 20_000 });
	return heard.slice(0, -1);
}

test.each<{
	readonly says: string;
	readonly serve: Serve | null;
	readonly probe?: Partial<SmtpProbeSettings>;
	readonly ok: boolean;
	readonly reason: string;
	readonly heard?: readonly string[];
}>([
	{
		says: "a banner is a good sign",
		serve: mailServer("220 mail1 ESMTP"),
		ok: true,
		reason: "220 mail1 ESMTP",
		heard: ["QUIT"],
	},
	{
		says: "a banner may come in pieces",
		serve: (socket) => {
			socket.setNoDelay();
			socket.write("22");
			setTimeout(() => socket.write("0 mail1"), 50);
			setTimeout(() => socket.write(" ESMTP\r\n"), 100);
		},
		ok: true,
		reason: "220 mail1 ESMTP",
	},
	{
		says: "a banner of several lines is waited for to its end",
		serve: mailServer("220-wait for it\r\n220 mail1 ESMTP"),
		ok: true,
		reason: "220 mail1 ESMTP",
		heard: ["QUIT"],
	},
	{
		says: "a server that is full is none",
		serve: mailServer("421 4.3.2 too many connections"),
		ok: false,
		reason: "421 4.3.2 too many connections",
	},
	{
		says: "a server may hang up",
		serve: (socket) => socket.end(),
		ok: false,
		reason: "closed",
	},
	{ says: "nobody listens", serve: null, ok: false, reason: "refused" },
	{
		says: "something else listens",
		serve: (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
		ok: false,
		reason: "not an SMTP reply",
	},
	{
		says: "somebody talks without an end",
		serve: (socket) => socket.write("220-".repeat(50_000)),
		ok: false,
		reason: "not an SMTP reply",
	},
	{
		says: "what a terminal would obey is not shown to it",
		serve: mailServer("220 \u001b[2J mail1"),
		ok: true,
		reason: "220 ?[2J mail1",
	},
	{
		says: "a greeting is answered",
		serve: mailServer("220 mail1 ESMTP"),
		probe: { ehlo: "router.example" },
		ok: true,
		reason: "220 mail1 ESMTP",
		heard: ["EHLO router.example", "QUIT"],
	},
	{
		says: "a greeting is refused",
		serve: mailServer("220 mail1", { EHLO: "550 5.7.1 not you" }),
		probe: { ehlo: "router.example" },
		ok: false,
		reason: "550 5.7.1 not you",
	},
	{
		says: "encryption is refused",
		serve: mailServer("220 mail1", { STARTTLS: "454 4.7.0 not now" }),
		probe: { starttls: true },
		ok: false,
		reason: "454 4.7.0 not now",
	},
	{
		says: "nothing that was said before the encryption counts in it",
		serve: mailServer("220 mail1", { STARTTLS: "220 go on\r\n220 injected" }),
		probe: { starttls: true },
		ok: false,
		reason: "220 injected",
	},
	{
		says: "a server promises to encrypt, and hangs up",
		serve: (socket) => {
			mailServer("220 mail1", { STARTTLS: "220 go on" })(socket);
			socket.on("data", (bytes) => {
				if (bytes.toString("latin1").startsWith("STARTTLS")) socket.end();
			});
		},
		probe: { starttls: true },
		ok: false,
		reason: "reset",
	},
])("$says", async ({ serve, probe, ok, reason, heard }) => {
	const server = await serverThat(serve);
	const result = await probed({ ...SMTP, ...probe }, server.port);
	expect(result).toEqual({ ok, reason });
	if (heard) expect(await left(server)).toEqual(heard);
});

const certificate = makeCertificate();

test.skipIf(certificate === null)(
	"encryption is tried, and by whom it is signed matters when it is asked for",
	async () => {
		if (certificate === null) return;
		const said: string[] = [];
		const server = await serverThat(encryptingServer(certificate, said));
		const starttls = { ...SMTP, starttls: true };
		expect(await probed(starttls, server.port)).toEqual({
			ok: true,
			reason: "220 mail.example ESMTP (TLSv1.3)",
		});
		await vi.waitFor(() => expect(said).toEqual(["QUIT"]), { timeout: 20_000 });
		const verified = { ...starttls, verify: true, serverName: "mail.example" };
		expect(await probed(verified, server.port)).toEqual({
			ok: false,
			reason: "self-signed certificate",
		});
	},
);

test("a probe that waits is abandoned, and its connection goes", async () => {
	const server = await serverThat(() => {});
	let results = 0;
	const target = {
		backend: "b1",
		address: "127.0.0.1",
		port: server.port,
		condition: "mail1up",
	};
	const probe = startProbe(
		{ ...target, probe: SMTP },
		{ out() {}, done: () => results++ },
	);
	await new Promise((resolve) => setTimeout(resolve, 100));
	probe.abandon();
	expect(await left(server)).toEqual([]);
	expect(results).toBe(0);
});

test("whoever does not close after the QUIT is left", async () => {
	const server = await serverThat((socket) => socket.write("220 mail1\r\n"));
	expect(await probed(SMTP, server.port)).toMatchObject({ ok: true });
	expect(await left(server)).toEqual(["QUIT"]);
});

test("a connection is enough for tcp, and a stuck server has that", async () => {
	const server = await serverThat(() => {});
	expect(await probed(TCP, server.port)).toEqual({
		ok: true,
		reason: "connected",
	});
	await server.become(null);
	expect(await probed(TCP, server.port)).toEqual({
		ok: false,
		reason: "refused",
	});
});

test.each<{
	readonly command: readonly string[];
	readonly ok: boolean | null;
	readonly reason: string;
}>([
	{ command: ["true"], ok: true, reason: "exit 0" },
	{ command: ["sh", "-c", "exit 3"], ok: false, reason: "exit 3" },
	{
		command: ["sh", "-c", "echo a >&2; echo b is down >&2; exit 1"],
		ok: false,
		reason: "b is down",
	},
	{
		command: [
			"sh",
			"-c",
			'echo "$MARKTWIN_BACKEND $MARKTWIN_ADDRESS $MARKTWIN_PORT" >&2',
		],
		ok: true,
		reason: "b1 127.0.0.1 25",
	},
	{
		command: ["sh", "-c", "kill -SEGV $$"],
		ok: false,
		reason: "ended by SIGSEGV",
	},
	{
		command: ["/etc/passwd"],
		ok: null,
		reason: "/etc/passwd: permission denied",
	},
	{
		command: ["no-such-program"],
		ok: null,
		reason: "no-such-program: no such file or folder",
	},
	{
		command: ["true", "x".repeat(200_000)],
		ok: null,
		reason: "true: spawn E2BIG",
	},
	{
		// What is left running holds standard error open.
		command: ["sh", "-c", "sleep 60 & echo $! >&2; exit 0"],
		ok: true,
		reason: expect.stringMatching(/^\d+$/),
	},
])("command $command.0 $command.2: $reason", async (given) => {
	const { command, ok, reason } = given;
	const result = await probed({ kind: "command", command }, 25);
	expect(result).toEqual({ ok, reason });
	if (/^\d+$/.test(result.reason)) process.kill(Number(result.reason));
});

test("a command that does not end is killed", async () => {
	const results: Result[] = [];
	const running = startProbe(
		{
			backend: "b1",
			address: "127.0.0.1",
			port: 25,
			condition: "mail1up",
			probe: { kind: "command", command: ["sh", "-c", "sleep 60; true"] },
		},
		{ out() {}, done: (ok, reason) => results.push({ ok, reason }) },
	);
	running.abandon();
	await vi.waitFor(() => expect(results).toHaveLength(1), { timeout: 20_000 });
	expect(results).toEqual([{ ok: false, reason: "ended by SIGKILL" }]);
	// Once more is no harm: whoever has its number now must not suffer.
	running.abandon();
});
