/** One probe, of whatever kind. */
import { unreachable } from "../../../sim/invariant.ts";
import type { CheckedTarget } from "../config/config.ts";
import { oneLine } from "../log/one-line.ts";
import { startHttpProbe } from "./http-probe.ts";
import { runCommand } from "./run-command.ts";
import type { ProbeEvents, RunningProbe, StartProbe } from "./running-probe.ts";
import { startSocketProbe } from "./socket-probe.ts";

export const startProbe: StartProbe = (target, { out, done: told }) => {
	const { probe } = target;
	const events: ProbeEvents = {
		out,
		done: (ok, reason) => told(ok, oneLine(reason)),
	};
	switch (probe.kind) {
		case "smtp":
		case "tcp":
			return startSocketProbe(target, probe, events);
		case "http":
		case "https":
			return startHttpProbe(target, probe, events);
		case "command":
			return startCommandProbe(target, probe.command, events);
		default:
			return unreachable(probe);
	}
};

function startCommandProbe(
	{ backend, address, port }: CheckedTarget,
	command: readonly string[],
	{ out, done }: ProbeEvents,
): RunningProbe {
	// One command can so serve all targets.
	const environment = {
		MARKTWIN_BACKEND: backend,
		MARKTWIN_ADDRESS: address,
		MARKTWIN_PORT: String(port),
	};
	const started = setImmediate(out);
	const running = runCommand(command, environment, (end) => {
		clearImmediate(started);
		done(end.neverRan ? null : end.code === 0, end.words);
	});
	return {
		abandon() {
			clearImmediate(started);
			running.kill();
		},
	};
}
