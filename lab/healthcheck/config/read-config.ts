/** A file → a configuration, or everything that is wrong with it. */
import { dirname, resolve } from "node:path";
import { reasonOf } from "../../../scenarios/files/file-failure.ts";
import { readPlainFile } from "../../../scenarios/files/plain-file.ts";
import { ScenarioError } from "../../../scenarios/language/scenario-error.ts";
import { parseJson } from "../../../scenarios/load/parse-json.ts";
import { checkConfig } from "./check-config.ts";
import { checkForm, type HealthCheckConfig } from "./config.ts";

/** Some hundred thousand targets. */
const MOST_OCTETS = 32 * 2 ** 20;

/**
 * Folders and files that it names are looked for from where it lies itself.
 * @throws ScenarioError with every fault
 */
export function readConfig(file: string): HealthCheckConfig {
	return validateConfig(parseJson(readText(file), file), file);
}

/** @throws ScenarioError with every fault */
export function validateConfig(
	value: unknown,
	file: string,
): HealthCheckConfig {
	const { config, faults } = checkForm(value);
	const found = config === null ? faults : checkConfig(config);
	if (config === null || found.length > 0)
		throw new ScenarioError("invalid", file, found);
	const { probe, targets, ...rest } = config;
	const from = dirname(resolve(file));
	return {
		...rest,
		targets: targets.map((target) => ({
			...target,
			probe: target.probe ?? probe,
		})),
		conditions: resolve(from, rest.conditions),
		status: rest.status === null ? null : resolve(from, rest.status),
	};
}

function readText(file: string): string {
	try {
		const text = readPlainFile(file, { mostOctets: MOST_OCTETS });
		// Editors of Windows begin a file with a byte order mark.
		return text.replace(/^\ufeff/, "");
	} catch (error) {
		throw new ScenarioError("missing", "", [
			{
				path: "",
				message: `cannot read ${file}: ${reasonOf(error)}`,
				remedy: "Name a file that says what is to be probed.",
			},
		]);
	}
}
