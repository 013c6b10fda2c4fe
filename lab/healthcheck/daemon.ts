/** The checker as a process: runs until a signal ends it, and reads its configuration again when one says so. */
import { randomInt } from "node:crypto";
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import { type Checker, startChecker } from "./checker.ts";
import { startClock } from "./clock.ts";
import { openConditions } from "./conditions.ts";
import type { HealthCheckConfig } from "./config/config.ts";
import { readConfigToRun } from "./config-to-run.ts";
import { evictWith } from "./evict.ts";
import type { Log } from "./log/log.ts";
import { startProbe } from "./probes/probe.ts";
import { openStatus, type StatusWriter } from "./status/status.ts";
import type { TargetReport } from "./status/target-report.ts";

type Signal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR1";

export interface DaemonPorts {
	/** @param unread is called when nobody reads the log any more */
	readonly openLog: (unread: () => void) => Log;
	/** The process, or what sends signals in its place. */
	readonly signals: {
		on(signal: Signal, listener: () => void): unknown;
		off(signal: Signal, listener: () => void): unknown;
	};
}

/** Why it ended. */
export type DaemonEnd = "SIGTERM" | "SIGINT" | "unread";

/**
 * Checks until it is told to end.
 * @param file the configuration
 * @throws ScenarioError when it is wrong at the start; later, the one that was right is kept
 */
export async function runDaemon(
	file: string,
	isVerbose: boolean,
	{ openLog, signals }: DaemonPorts,
): Promise<DaemonEnd> {
	const config = readConfigToRun(file);
	const daemon = new Daemon(file, isVerbose, openLog);
	const listeners: Readonly<Record<Signal, () => void>> = {
		SIGTERM: () => daemon.end("SIGTERM"),
		SIGINT: () => daemon.end("SIGINT"),
		SIGHUP: () => daemon.reload(),
		SIGUSR1: () => daemon.tell(),
	};
	const each = Object.entries(listeners) as [Signal, () => void][];
	for (const [signal, listener] of each) signals.on(signal, listener);
	daemon.start(config);
	const why = await daemon.ended;
	await daemon.stop(why);
	for (const [signal, listener] of each) signals.off(signal, listener);
	return why;
}

/** What runs by one configuration. */
interface Running {
	readonly config: HealthCheckConfig;
	readonly checker: Checker;
	readonly status: StatusWriter;
}

class Daemon {
	readonly ended: Promise<DaemonEnd>;
	end: (why: DaemonEnd) => void = () => {};
	private readonly file: string;
	private readonly isVerbose: boolean;
	private readonly log: Log;
	private running: Running | null = null;
	/** Reloads wait for each other. */
	private turn: Promise<void> = Promise.resolve();
	private isEnding = false;

	constructor(
		file: string,
		isVerbose: boolean,
		openLog: DaemonPorts["openLog"],
	) {
		this.ended = new Promise((resolve) => {
			this.end = resolve;
		});
		this.file = file;
		this.isVerbose = isVerbose;
		this.log = openLog(() => this.end("unread"));
	}

	start(config: HealthCheckConfig): void {
		const targets = config.targets.map(describeTarget);
		const { file, log } = this;
		log({ event: "start", pid: process.pid, config: file, targets });
		this.run(config, []);
	}

	/** SIGHUP. What is known of a target that stays is still known. */
	reload(): void {
		this.turn = this.turn.then(async () => {
			const old = this.running;
			const config = this.isEnding ? null : this.readAgain();
			if (old === null || config === null) return;
			await old.checker.stop("keep");
			if (old.config.status !== config.status) old.status.remove();
			const targets = config.targets.map(describeTarget);
			this.log({ event: "reloaded", config: this.file, targets });
			this.run(config, old.checker.report());
		});
	}

	/** SIGUSR1. */
	tell(): void {
		for (const report of this.running?.checker.report() ?? []) {
			const { target, alive, since, value, isWritten } = report;
			const { backend, condition } = target;
			this.log({
				event: "status",
				backend,
				alive,
				since,
				condition,
				value,
				isWritten,
			});
		}
	}

	async stop(why: DaemonEnd): Promise<void> {
		this.isEnding = true;
		await this.turn;
		if (this.running === null) return;
		const { config, checker, status } = this.running;
		await checker.stop(config.onExit);
		status.remove();
		this.log({ event: "exit", why, left: config.onExit });
	}

	private run(
		config: HealthCheckConfig,
		before: readonly TargetReport[],
	): void {
		const { log, isVerbose, file } = this;
		const report = () => this.running?.checker.report() ?? before;
		const status = openStatus(config, file, report, log);
		const checker = startChecker(
			config,
			{
				clock: startClock((ms) => log({ event: "stood-still", ms })),
				// Checkers of several routers must not draw the same.
				choice: seededChoice(randomInt(2 ** 47)),
				startProbe,
				conditions: openConditions(config),
				evict: evictWith(config.conntrack),
				log,
				isVerbose,
				spreadMs: config.intervalMs,
				seen: () => status.touch(),
			},
			before,
		);
		this.running = { config, checker, status };
	}

	/** `null` when it is wrong, which is told. */
	private readAgain(): HealthCheckConfig | null {
		try {
			return readConfigToRun(this.file);
		} catch (error) {
			if (!(error instanceof ScenarioError)) throw error;
			const faults = error.faults.map(({ path, message }) =>
				path === "" ? message : `${path}: ${message}`,
			);
			this.log({ event: "not-reloaded", config: this.file, faults });
			return null;
		}
	}
}

/** `b1 192.168.0.1:25 mail1up` */
function describeTarget(target: HealthCheckConfig["targets"][number]): string {
	const { backend, address, port, condition } = target;
	return `${backend} ${address}:${port} ${condition}`;
}
