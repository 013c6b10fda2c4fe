/** Runs a probe (`sim/endpoint/probe.ts`) over a socket of this machine's kernel. */
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as encrypt, type TLSSocket } from "node:tls";
import type { HealthTarget } from "../../../sim/endpoint/health-checker.ts";
import {
	NEW_PROBE,
	type ProbeEvent,
	type ProbePlan,
	probeTurns,
	takeProbe,
} from "../../../sim/endpoint/probe.ts";
import { unreachable } from "../../../sim/invariant.ts";
import { shortageOf } from "../../shortage.ts";
import type { SmtpProbeSettings } from "../config/config.ts";
import type { ProbeEvents, RunningProbe } from "./running-probe.ts";
import { socketFailure } from "./socket-failure.ts";

type SocketProbeSettings = SmtpProbeSettings | { readonly kind: "tcp" };

/** A server that was told QUIT and does not close is left after this time. */
const GOODBYE_MS = 1_000;

function planOf(settings: SocketProbeSettings): ProbePlan {
	if (settings.kind === "tcp") return settings;
	const { starttls } = settings;
	// STARTTLS is an extension of the protocol, which a greeting asks for.
	const ehlo = settings.ehlo ?? (starttls ? hostname() : null);
	const turns = probeTurns(ehlo, starttls);
	return { kind: "smtp", turns, goodbyeMs: GOODBYE_MS };
}

export function startSocketProbe(
	target: Pick<HealthTarget, "address" | "port">,
	settings: SocketProbeSettings,
	{ out, done }: ProbeEvents,
): RunningProbe {
	const { address, port } = target;
	const plan = planOf(settings);
	const raw = connect({ host: address, port });
	let socket: Socket = raw;
	let state = NEW_PROBE;
	let timer: NodeJS.Timeout | undefined;

	function take(event: ProbeEvent): void {
		const step = takeProbe(plan, state, event);
		state = step.state;
		for (const output of step.outputs)
			switch (output.kind) {
				case "send":
					socket.write(output.text);
					break;
				case "close":
					socket.end();
					break;
				case "abandon":
					socket.destroy();
					break;
				case "timer":
					clearTimeout(timer);
					if (output.afterMs !== null)
						timer = setTimeout(() => take({ kind: "timer" }), output.afterMs);
					break;
				case "encrypt":
					startTls();
					break;
				case "result":
					done(output.result.ok, output.result.reason);
					break;
				default:
					unreachable(output);
			}
	}

	function startTls(): void {
		if (settings.kind !== "smtp") return;
		raw.removeAllListeners("data");
		const secured = encryptWith(raw, address, settings);
		socket = secured;
		secured.on("secureConnect", () =>
			take({ kind: "encrypted", protocol: secured.getProtocol() ?? "" }),
		);
		secured.on("error", fail);
		secured.on("close", ended);
		// Else its end would not be noticed.
		secured.resume();
	}

	function fail(error: Error): void {
		const how = socketFailure(error);
		if (shortageOf(error) === null || state.isOver) {
			take({ kind: "ended", how });
			socket.destroy();
			return;
		}
		take({ kind: "abandon" });
		done(null, how);
	}

	function ended(): void {
		clearTimeout(timer);
		take({ kind: "ended", how: "closed" });
	}

	raw.on("connectionAttempt", out);
	raw.on("connect", () => take({ kind: "connected" }));
	raw.on("data", (bytes: Buffer) =>
		take({ kind: "data", text: bytes.toString("latin1") }),
	);
	raw.on("error", fail);
	// The socket closes by itself when the other side has: then it is over.
	raw.on("close", ended);
	return { abandon: () => take({ kind: "abandon" }) };
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
