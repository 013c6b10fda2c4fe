/**
 * Reads what a scenario file holds. Everything that is wrong is told at once, each fault with its
 * path: first what the data looks like, and once that is right, what its parts say of each other.
 */
import * as v from "valibot";
import { withListenerBackends } from "../../../sim/world/setup/services.ts";
import { faultOf, joined } from "../fault-of-issue.ts";
import type { Scenario } from "../scenario.ts";
import { ScenarioError, type ScenarioFault } from "../scenario-error.ts";
import { scenarioSchema } from "../schema/schema-scenario.ts";
import { checkReferences } from "./check-references.ts";

/**
 * The scenarios of a file, with defaults put in where it says nothing.
 * @param value a scenario, a list of them, or `{ suite, scenarios }`
 * @param file for the message
 * @throws ScenarioError with every fault
 * @public
 */
export function validateScenarioFile(
	value: unknown,
	file: string,
): readonly Scenario[] {
	const faults: ScenarioFault[] = [];
	const scenarios: Scenario[] = [];
	for (const { path, given } of scenariosIn(value, faults)) {
		const scenario = validateOne(given, path, faults);
		if (scenario) scenarios.push(scenario);
	}
	checkNames(scenarios, faults);
	if (faults.length > 0) throw new ScenarioError("invalid", file, faults);
	return scenarios;
}

/** One scenario. @throws ScenarioError with every fault @public */
export function validateScenario(value: unknown): Scenario {
	const faults: ScenarioFault[] = [];
	const scenario = validateOne(value, "", faults);
	if (!scenario) throw new ScenarioError("invalid", "", faults);
	return scenario;
}

/** Each is kept with its rules until all are played. */
export const MOST_SCENARIOS = 10_000;

interface Given {
	readonly path: string;
	readonly given: unknown;
}

function scenariosIn(
	value: unknown,
	faults: ScenarioFault[],
): readonly Given[] {
	const list = (values: readonly unknown[], path: string) => {
		if (values.length === 0)
			faults.push({
				path,
				message: "there is no scenario in it",
				remedy: "Put one in: `scenario({ … })`.",
			});
		if (values.length > MOST_SCENARIOS) {
			faults.push({
				path,
				message: `${values.length} scenarios are too many for a file`,
				remedy: `Write ${MOST_SCENARIOS} at most, and the others in another file.`,
			});
			return [];
		}
		return values.map((given, index) => ({ path: `${path}[${index}]`, given }));
	};
	if (Array.isArray(value)) return list(value, "");
	if (!isRecord(value) || !("scenarios" in value))
		return [{ path: "", given: value }];
	const { suite, scenarios, ...others } = value;
	for (const key of Object.keys(others))
		faults.push({
			path: key,
			message: "no such key",
			remedy: "The keys of a suite are: suite, scenarios.",
		});
	if (typeof suite !== "string" || !Array.isArray(scenarios)) {
		faults.push({
			path: typeof suite === "string" ? "scenarios" : "suite",
			message: "a suite has a name and a list of scenarios",
			remedy: 'Write `{ suite: "mine", scenarios: [ … ] }`.',
		});
		return [];
	}
	return list(scenarios, "scenarios").map(({ path, given }) => ({
		path,
		given: isRecord(given) ? { ...given, suite } : given,
	}));
}

function validateOne(
	value: unknown,
	path: string,
	faults: ScenarioFault[],
): Scenario | null {
	const result = v.safeParse(scenarioSchema, value);
	const found = result.success
		? checkReferences(withPrograms(result.output))
		: result.issues.map(faultOf);
	faults.push(
		...found.map((fault) => ({ ...fault, path: joined(path, fault.path) })),
	);
	return result.success && found.length === 0 ? result.output : null;
}

/** With all that it may refer to. */
function withPrograms(scenario: Scenario): Scenario {
	return { ...scenario, setup: withListenerBackends(scenario.setup) };
}

/** Names are how a scenario is asked for: two of the same could not be told apart. */
function checkNames(
	scenarios: readonly Scenario[],
	faults: ScenarioFault[],
): void {
	const seen = new Set<string>();
	for (const { name } of scenarios) {
		if (seen.has(name))
			faults.push({
				path: "",
				message: `two scenarios are called "${name}"`,
				remedy: "Give each a name of its own.",
			});
		seen.add(name);
	}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
