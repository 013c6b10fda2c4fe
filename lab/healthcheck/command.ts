/** `marktwin healthcheck`: what it does, by what it was asked for. */

import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { counted } from "../../scenarios/result/finding.ts";
import { inLine } from "../../sim/in-line.ts";
import { readConfig } from "./config/read-config.ts";
import { readConfigToRun } from "./config-to-run.ts";
import { runDaemon } from "./daemon.ts";
import { openLog } from "./log/log.ts";
import { probeOnce } from "./once.ts";
import { printProbed, printStatus } from "./print.ts";
import { type FoundStatus, findStatus } from "./status/status.ts";
import { isUnwritten } from "./status/target-report.ts";

export interface HealthcheckOptions {
	readonly config: string;
	readonly checkConfig: boolean;
	readonly once: boolean;
	readonly status: boolean;
	readonly verbose: boolean;
}

/** What there is to say to the shell. */
export type HealthcheckOutcome =
	/** It ran until it was told to end, or found nothing wrong. */
	| "well"
	| "some-dead"
	/** A condition does not hold what is believed. */
	| "not-written"
	| "not-running"
	/** None is known to be dead, and not all could be probed. */
	| "not-probed"
	/** Nobody read what it had to say. */
	| "unread";

const STANDARD_OUTPUT = 1;

/** @throws ScenarioError when the configuration is wrong */
export async function healthcheck(
	options: HealthcheckOptions,
	write: (text: string) => void,
): Promise<HealthcheckOutcome> {
	const { config: file } = options;
	if (options.status) return showStatus(file, write);
	if (options.checkConfig) {
		const { targets } = readConfigToRun(file);
		write(`✓ ${inLine(file)}: ${counted(targets.length, "target")}\n`);
		return "well";
	}
	if (options.once) {
		const probed = await probeOnce(readConfigToRun(file));
		write(printProbed(probed));
		if (probed.some(({ ok }) => ok === false)) return "some-dead";
		return probed.every(({ ok }) => ok === true) ? "well" : "not-probed";
	}
	let close = async () => {};
	const end = await runDaemon(file, options.verbose, {
		openLog(unread) {
			const opened = openLog(STANDARD_OUTPUT, unread);
			close = opened.close;
			return opened.log;
		},
		signals: process,
	});
	await close();
	return end === "unread" ? "unread" : "well";
}

function showStatus(
	file: string,
	write: (text: string) => void,
): HealthcheckOutcome {
	const { status } = readConfig(file);
	if (status === null)
		throw new ScenarioError("invalid", file, [
			{
				path: "status",
				message: "no status file is named, so there is none to look at",
				remedy:
					'Name one, and reload the checker: "status": "/run/marktwin-healthcheck/status.json".',
			},
		]);
	const found = findStatus(status);
	write(
		found.kind === "none"
			? `✗ not running: ${inLine(status)}: ${found.reason}\n`
			: printStatus(found),
	);
	return outcomeOfStatus(found);
}

export function outcomeOfStatus(found: FoundStatus): HealthcheckOutcome {
	if (found.kind !== "running") return "not-running";
	const { targets } = found.status;
	if (targets.some(({ alive }) => !alive)) return "some-dead";
	if (targets.some(isUnwritten)) return "not-written";
	const isKnown = targets.every(({ notProbed }) => notProbed === null);
	return isKnown ? "well" : "not-probed";
}
