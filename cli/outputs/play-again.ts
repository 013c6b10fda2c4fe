/** Holds what a file says of a play on the model against the same play, played once more. */
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { driverFor, modelDriver } from "../../scenarios/run/driver.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { firstDifference } from "./first-difference.ts";

/** Where a result is other than its scenario and seed make it. */
export interface Difference {
	/** `account.connections[3].outcome` */
	readonly path: string;
	readonly message: string;
}

/**
 * Plays a result of the model again.
 * @returns the first difference; `null` when there is none, or when it was something else that played
 */
export function playAgain({
	scenario,
	seed,
	driver,
	account,
}: RunResult): Difference | null {
	if (driver.kind !== "model") return null;
	const other = otherModel({ scenario, driver });
	if (other !== null) return other;
	try {
		const keepPackets = account.packets.length > 0;
		const again = checkScenario(scenario, { seed, keepPackets });
		const found = firstDifference(again.account, account, "account");
		if (found === null) return null;
		const { path, one: played, other: said } = found;
		return {
			path,
			message: `it says ${shown(said)}, and the scenario and its seed make it ${shown(played)}`,
		};
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		const [fault] = error.faults;
		const why = fault?.message ?? error.message;
		return { path: "scenario", message: `it cannot be played: ${why}` };
	}
}

/** Was it the model of another Linux than the scenario's? That is not this one, whatever it was asked. */
export function otherModel({
	scenario,
	driver,
}: Pick<RunResult, "scenario" | "driver">): Difference | null {
	const { kind, version } = driver;
	const { version: own } = driverFor(modelDriver, scenario.setup.gateway);
	if (kind !== "model" || version === own) return null;
	return {
		path: "driver.version",
		message: `it was played on the model of ${version}, and its scenario is of ${own}`,
	};
}

function shown(value: unknown): string {
	if (value === undefined) return "nothing";
	const text = JSON.stringify(value);
	return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
