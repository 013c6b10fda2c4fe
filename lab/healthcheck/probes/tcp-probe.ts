/** Connects, and that is all: the kernel of a stuck backend answers as well. */
import { connect } from "node:net";
import type { HealthTarget } from "../../../sim/endpoint/health-checker.ts";
import type { ProbeEvents, RunningProbe } from "./probe.ts";
import { shortageOf } from "./shortage.ts";
import { socketFailure } from "./socket-failure.ts";

export function startTcpProbe(
	{ address, port }: Pick<HealthTarget, "address" | "port">,
	{ out, done }: ProbeEvents,
): RunningProbe {
	const socket = connect({ host: address, port });
	socket.on("connectionAttempt", out);
	socket.on("error", (error) => {
		socket.destroy();
		done(shortageOf(error) === null ? false : null, socketFailure(error));
	});
	socket.on("connect", () => {
		socket.destroy();
		done(true, "connected");
	});
	return { abandon: () => socket.destroy() };
}
