/**
 * Speaks SMTP (RFC 5321, RFC 3207) as far as the configuration asks for it: waits for the banner,
 * greets, encrypts, and says QUIT.
 */
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as encrypt, type TLSSocket } from "node:tls";
import type { HealthTarget } from "../../../sim/endpoint/health-checker.ts";
import { QUIT } from "../../../sim/endpoint/smtp.ts";
import type { SmtpProbeSettings } from "../config/config.ts";
import type { ProbeEvents, RunningProbe } from "./probe.ts";
import { createReplyReader, type Reply } from "./reply-reader.ts";
import { shortageOf } from "./shortage.ts";
import { socketFailure } from "./socket-failure.ts";

/** A reply that has to come, and what is said then; `null`: TLS begins. */
interface Turn {
	readonly awaits: string;
	readonly says: string | null;
}

/** Whoever was told QUIT and does not close is left after so long. */
const GOODBYE_MS = 1_000;

/** The dialogue up to the QUIT. */
function turnsOf({ ehlo, starttls }: SmtpProbeSettings): readonly Turn[] {
	const greets = ehlo !== null || starttls;
	return [
		...(greets
			? [{ awaits: "220", says: `EHLO ${ehlo ?? hostname()}\r\n` }]
			: []),
		...(starttls ? [{ awaits: "250", says: "STARTTLS\r\n" }] : []),
		starttls
			? { awaits: "220", says: null }
			: { awaits: greets ? "250" : "220", says: QUIT },
	];
}

export function startSmtpProbe(
	target: Pick<HealthTarget, "address" | "port">,
	settings: SmtpProbeSettings,
	{ out, done }: ProbeEvents,
): RunningProbe {
	const { address, port } = target;
	const turns = turnsOf(settings);
	const reader = createReplyReader();
	const raw = connect({ host: address, port });
	let socket: Socket = raw;
	let at = 0;
	let banner = "";
	let isOver = false;

	function finish(ok: boolean | null, reason: string): void {
		if (isOver) return;
		isOver = true;
		if (ok !== true) socket.destroy();
		done(ok, reason);
	}

	/** All is well: it is told at once, and the server closes when it has read the QUIT. */
	function sayGoodbye(reason: string): void {
		socket.write(QUIT);
		socket.setTimeout(GOODBYE_MS, () => socket.destroy());
		finish(true, reason);
	}

	function take({ code, line }: Reply): void {
		// What is said behind the QUIT does not matter.
		if (isOver) return;
		const turn = turns[at++];
		if (at === 1) banner = line;
		if (turn === undefined || code !== turn.awaits) finish(false, line);
		else if (turn.says === null) startTls();
		else if (turn.says === QUIT) sayGoodbye(banner);
		else socket.write(turn.says);
	}

	function startTls(): void {
		raw.removeAllListeners("data");
		const secured = encryptWith(raw, address, settings);
		socket = secured;
		secured.on("secureConnect", () =>
			sayGoodbye(`${banner} (${secured.getProtocol()})`),
		);
		secured.on("error", fail);
		secured.on("close", () => finish(false, "closed"));
		// Else its end would not be noticed.
		secured.resume();
	}

	function fail(error: Error): void {
		finish(shortageOf(error) === null ? false : null, socketFailure(error));
		socket.destroy();
	}

	raw.on("connectionAttempt", out);
	raw.on("data", (bytes: Buffer) => {
		const replies = reader.read(bytes.toString("latin1"));
		if (replies === null) finish(false, "says no SMTP");
		else for (const reply of replies) take(reply);
	});
	raw.on("error", fail);
	raw.on("close", () => finish(false, "closed"));
	return {
		abandon() {
			isOver = true;
			socket.destroy();
		},
	};
}

function encryptWith(
	raw: Socket,
	address: string,
	{ verify, serverName }: SmtpProbeSettings,
): TLSSocket {
	return encrypt({
		socket: raw,
		// Whom the certificate has to be for; an address is no name to ask for (RFC 6066).
		host: serverName ?? address,
		...(serverName === null ? {} : { servername: serverName }),
		rejectUnauthorized: verify,
	});
}
