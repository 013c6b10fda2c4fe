/**
 * marktwin as a library: rulesets as data, scenarios in typed builders, and the model that plays
 * them.
 *
 *     import { assertScenario, connect, evenSplit, readScenario, recipeSetup, scenario } from "marktwin";
 *
 *     const split = scenario({
 *       name: "split", title: "Half and half", setup: recipeSetup({ ruleset: "my.rules" }),
 *       steps: [connect(10, { everyMs: 50 })],
 *       expect: [evenSplit(["b1", "b2"])],
 *     });
 *     assertScenario(await readScenario(split, import.meta.dirname));
 */

import { validateScenario } from "./scenarios/language/check/validate.ts";
import type {
	PlayableScenario,
	Scenario,
} from "./scenarios/language/scenario.ts";
import {
	type LoadedScenario,
	type LoadOptions,
	loadScenarios as loadWith,
	resolveRules,
} from "./scenarios/load/load-scenarios.ts";
import type { RunResult } from "./scenarios/result/result.ts";
import type { Driver } from "./scenarios/run/driver.ts";
import {
	checkScenario,
	type RunOptions,
} from "./scenarios/run/run-scenario.ts";

export {
	binomialBand,
	multinomialBands,
} from "./scenarios/judge/statistics.ts";
export * from "./scenarios/language/build/build.ts";
export {
	validateScenario,
	validateScenarioFile,
} from "./scenarios/language/check/validate.ts";
export type * from "./scenarios/language/scenario.ts";
export {
	ScenarioError,
	type ScenarioErrorCode,
	type ScenarioFault,
} from "./scenarios/language/scenario-error.ts";
export type {
	LoadedScenario,
	LoadOptions,
	RulesText,
} from "./scenarios/load/load-scenarios.ts";
export type { DriverInfo, DriverKind } from "./scenarios/result/driver-info.ts";
export { commandLine, type Invocation } from "./scenarios/result/invocation.ts";
export type {
	Judgement,
	Outcome,
	RunResult,
	Why,
} from "./scenarios/result/result.ts";
export {
	assertScenario,
	ExpectationError,
} from "./scenarios/run/assert-scenario.ts";
export {
	CONFORMANCE,
	type ConformanceCase,
	conformancePlay,
} from "./scenarios/run/conformance.ts";
export {
	type AsyncDriver,
	type AsyncGatewayUnderTest,
	type Driver,
	type DriverPorts,
	drive,
	driveAsync,
	type GatewayUnderTest,
	modelDriver,
} from "./scenarios/run/driver.ts";
export {
	checkScenario,
	checkScenarioAsync,
	type RunOptions,
} from "./scenarios/run/run-scenario.ts";
export { loadBuiltInScenarios } from "./scenarios/suites/index.ts";
export type { Choice } from "./sim/chance/choice.ts";
export { seededChoice } from "./sim/chance/seeded.ts";
export type { Answer, Ask } from "./sim/contract/ask.ts";
export type * from "./sim/contract/gateway.ts";
export type * from "./sim/contract/ruleset.ts";
export type { BackendBehaviour } from "./sim/endpoint/backend.ts";
export type { Dialogue } from "./sim/endpoint/dialogue.ts";
export type { HealthCheckSettings } from "./sim/endpoint/health-checker.ts";
export {
	ModelGateway,
	type ModelGatewayPorts,
} from "./sim/gateway/model-gateway.ts";
export { parsePacket, printPacket } from "./sim/packet/notation/notation.ts";
export type { Packet } from "./sim/packet/packet.ts";
export { PacketError } from "./sim/packet/packet-error.ts";
export {
	type Fault,
	type FaultCode,
	printFault,
	printFaults,
	RulesetError,
} from "./sim/ruleset/base/ruleset-error.ts";
export { type Change, type Fixed, fixRuleset } from "./sim/ruleset/fix/fix.ts";
export {
	checkRuleset,
	type ParseOptions,
	parseRuleset,
} from "./sim/ruleset/parse.ts";
export { printRuleset } from "./sim/ruleset/print.ts";
export type * from "./sim/world/account/account.ts";
export type * from "./sim/world/setup.ts";

/**
 * Makes a scenario playable: checks it whole and reads the rules files that it names.
 * @param folder where they are; the current one when nothing is said
 * @throws ScenarioError with every fault
 */
export async function readScenario(
	scenario: Scenario,
	folder: string = ".",
): Promise<PlayableScenario> {
	return resolveRules(validateScenario(scenario), folder, { file: "" });
}

/**
 * Checks a scenario, reads its rules, plays it on the model and judges it.
 * @throws ScenarioError when it cannot be played; a violated expectation is a result
 */
export async function runScenario(
	scenario: Scenario,
	options: RunOptions & {
		readonly folder?: string;
		readonly driver?: Driver;
	} = {},
): Promise<RunResult> {
	return checkScenario(await readScenario(scenario, options.folder), options);
}

/**
 * Loads scenario files (`.ts`, `.mts`, `.js`, `.mjs`, `.json`) and the rules beside them.
 * @throws ScenarioError for the first file that cannot be used, with all of its faults
 */
export async function loadScenarios(
	files: readonly string[],
	options: LoadOptions = {},
): Promise<readonly LoadedScenario[]> {
	// Scenario files import this very module under its name.
	const library = options.library ?? (await import("./index.ts"));
	return loadWith(files, { ...options, library });
}
