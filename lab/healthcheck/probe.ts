/** One probe, of whatever kind. */
import { unreachable } from "../../sim/invariant.ts";
import type { CheckedTarget } from "./config.ts";
import { runCommand } from "./run-command.ts";
import { startSmtpProbe } from "./smtp-probe.ts";
import { startTcpProbe } from "./tcp-probe.ts";

export interface RunningProbe {
	/** Nobody waits for it any more, nor for its good-bye: everything of it ends now. */
	abandon(): void;
}

/** Called once at most, and never before the probe has been handed over. */
export type ProbeDone = (ok: boolean, reason: string) => void;

/** Never throws, whatever the machine refuses: that is a probe that failed. It has no time-out of its own. */
export type StartProbe = (
	target: CheckedTarget,
	done: ProbeDone,
) => RunningProbe;

/** Of what a backend says. */
const MOST_SHOWN = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not obey what a backend says
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

export const startProbe: StartProbe = (target, told) => {
	const { probe } = target;
	const done: ProbeDone = (ok, reason) =>
		told(ok, reason.replace(CONTROL, "?").slice(0, MOST_SHOWN));
	switch (probe.kind) {
		case "smtp":
			return startSmtpProbe(target, probe, done);
		case "tcp":
			return startTcpProbe(target, done);
		case "command":
			return startCommandProbe(target, probe.command, done);
		default:
			return unreachable(probe);
	}
};

function startCommandProbe(
	{ backend, address, port }: CheckedTarget,
	command: readonly string[],
	done: ProbeDone,
): RunningProbe {
	// One command can so serve all targets.
	const environment = {
		MARKTWIN_BACKEND: backend,
		MARKTWIN_ADDRESS: address,
		MARKTWIN_PORT: String(port),
	};
	const running = runCommand(command, environment, ({ code, words }) =>
		done(code === 0, words),
	);
	return { abandon: () => running.kill() };
}
