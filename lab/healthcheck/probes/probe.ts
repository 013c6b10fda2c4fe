/** One probe, of whatever kind. */
import { unreachable } from "../../../sim/invariant.ts";
import type { CheckedTarget } from "../config/config.ts";
import { oneLine } from "../log/one-line.ts";
import { runCommand } from "./run-command.ts";
import { startSocketProbe } from "./socket-probe.ts";

export interface RunningProbe {
	/** Nobody waits for it any more, nor for its good-bye: everything of it ends now. */
	abandon(): void;
}

/** Who waits for a probe. Neither is called before the probe has been handed over, nor after it was abandoned. */
export interface ProbeEvents {
	/** Once at most: its first packet goes out, or its program runs. */
	readonly out: () => void;
	/**
	 * Once at most.
	 * @param ok `null`: it could not be made: something of our own is short, or its program does not run
	 */
	readonly done: (ok: boolean | null, reason: string) => void;
}

/** Never throws, whatever the machine refuses. A probe has no time-out of its own. */
export type StartProbe = (
	target: CheckedTarget,
	events: ProbeEvents,
) => RunningProbe;

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
