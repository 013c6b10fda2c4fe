/** The configuration of a checker that starts, looked at beside what the machine has. */
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import { checkFiles } from "./check-files.ts";
import type { HealthCheckConfig } from "./config/config.ts";
import { readConfig } from "./config/read-config.ts";
import { programFault } from "./find-program.ts";

/**
 * Reads a configuration, the programs of whose probes are there, and which writes over no other file.
 * @throws ScenarioError with every fault
 */
export function readConfigToRun(file: string): HealthCheckConfig {
	const config = readConfig(file);
	const programs = config.targets.flatMap(({ probe }, index) =>
		probe.kind === "command"
			? programFault(probe.command, `targets[${index}], probe.command`)
			: [],
	);
	const faults = [...programs, ...checkFiles(file, config)];
	if (faults.length > 0) throw new ScenarioError("invalid", file, faults);
	return config;
}
