/** A probe that asks a web server, over HTTP or HTTPS. Redirects are not followed. */
import { type IncomingMessage, request as send } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { connect as encrypt, type TLSSocket } from "node:tls";
import { codeOf } from "../../../scenarios/files/file-failure.ts";
import {
	askedFor,
	faultOfBody,
	isGoodStatus,
	looksAtBody,
} from "../../../sim/endpoint/protocols/http-check.ts";
import { shortageOf } from "../../shortage.ts";
import type { CheckedTarget, HttpProbeSettings } from "../config/config.ts";
import type { ProbeEvents, RunningProbe } from "./running-probe.ts";
import { socketFailure } from "./socket-failure.ts";

type Target = Pick<CheckedTarget, "address" | "port">;

/** A server that does not close behind its answer is left after this time. */
const GOODBYE_MS = 1_000;
/** As much of a body is looked at. */
const MOST_OCTETS = 2 ** 20;

export function startHttpProbe(
	target: Target,
	settings: HttpProbeSettings,
	{ out, done }: ProbeEvents,
): RunningProbe {
	const { host, path } = askedFor(settings, target, usualPort(settings));
	const socket = open(target, settings, host);
	let isOver = false;
	let goodbye: NodeJS.Timeout | undefined;

	/** There is a verdict: the server closes, or is left. */
	function tell(ok: boolean | null, reason: string): void {
		if (isOver) return;
		isOver = true;
		if (!socket.destroyed)
			goodbye = setTimeout(() => socket.destroy(), GOODBYE_MS);
		done(ok, reason);
	}

	function fail(error: Error): void {
		tell(shortageOf(error) === null ? false : null, httpFailure(error));
		socket.destroy();
	}

	socket.on("connectionAttempt", out);
	socket.on("close", () => clearTimeout(goodbye));
	const request = send({
		createConnection: () => socket,
		path,
		setHost: false,
		headers: {
			Host: host,
			"User-Agent": "marktwin-healthcheck",
			Accept: "*/*",
			"Accept-Encoding": "identity",
			Connection: "close",
		},
	});
	request.on("error", fail);
	request.on("response", (answer) => judge(settings, answer, socket, tell));
	// An answer as well, though not one that was asked for.
	request.on("upgrade", (answer) => {
		judge(settings, answer, socket, tell);
		socket.destroy();
	});
	request.end();
	return {
		abandon() {
			isOver = true;
			clearTimeout(goodbye);
			socket.destroy();
		},
	};
}

function usualPort({ kind }: HttpProbeSettings): number {
	return kind === "https" ? 443 : 80;
}

function open(
	{ address, port }: Target,
	settings: HttpProbeSettings,
	host: string,
): Socket {
	if (settings.kind === "http") return connect({ host: address, port });
	const name = host.replace(/:\d+$/, "");
	return encrypt({
		// Whom the certificate has to be for, where no name is asked for.
		host: address,
		port,
		// An address is no name to ask for (RFC 6066).
		servername: isIP(name) === 0 ? name : "",
		rejectUnauthorized: settings.verify,
		ALPNProtocols: ["http/1.1"],
	});
}

function judge(
	settings: HttpProbeSettings,
	answer: IncomingMessage,
	socket: Socket,
	tell: (ok: boolean, reason: string) => void,
): void {
	const { statusCode = 0, statusMessage = "" } = answer;
	const line = `${statusCode} ${statusMessage}`.trimEnd();
	const words = isEncrypted(socket)
		? `${line} (${socket.getProtocol()})`
		: line;
	answer.resume();
	// `close` follows.
	answer.on("error", () => {});
	if (!isGoodStatus(settings, statusCode)) {
		tell(false, words);
		return;
	}
	if (!looksAtBody(settings)) {
		tell(true, words);
		return;
	}
	const pieces: Buffer[] = [];
	let octets = 0;
	const look = (where: string) => {
		const body = Buffer.concat(pieces).subarray(0, MOST_OCTETS);
		const fault = faultOfBody(settings, body.toString("utf8"));
		tell(fault === null, fault === null ? words : `${words}: ${fault}${where}`);
	};
	answer.on("data", (piece: Buffer) => {
		if (octets > MOST_OCTETS) return;
		pieces.push(piece);
		octets += piece.length;
		if (octets > MOST_OCTETS) look(` in its first ${MOST_OCTETS} octets`);
	});
	answer.on("end", () => look(""));
	answer.on("close", () => tell(false, `${words}: closed before its end`));
}

function isEncrypted(socket: Socket): socket is TLSSocket {
	return "encrypted" in socket;
}

/** Why there was no answer. */
function httpFailure(error: Error): string {
	const code = codeOf(error) ?? "";
	// Node's word for a server that closed.
	if (code === "ECONNRESET" && error.message === "socket hang up")
		return "closed";
	if (code.startsWith("HPE_")) return "not an HTTP answer";
	if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "EPROTO")
		return "no TLS is spoken there";
	return socketFailure(error);
}
