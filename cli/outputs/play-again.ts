/** Holds what a file says of a play on the model against the same play, played once more. */
import { ScenarioError } from "../../scenarios/language/scenario-error.ts";
import type { DriverInfo } from "../../scenarios/result/driver-info.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { modelDriver } from "../../scenarios/run/driver.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";

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
	const other = otherModel(driver);
	if (other !== null) return other;
	try {
		const keepPackets = account.packets.length > 0;
		const again = checkScenario(scenario, { seed, keepPackets });
		return firstDifference(again.account, account, "account");
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		const [fault] = error.faults;
		const why = fault?.message ?? error.message;
		return { path: "scenario", message: `it cannot be played: ${why}` };
	}
}

/** Was it another version's model? That is not this one, whatever it was asked. */
export function otherModel({ kind, version }: DriverInfo): Difference | null {
	if (kind !== "model" || version === modelDriver.version) return null;
	return {
		path: "driver.version",
		message: `it was played on the model of ${version}, and this one is of ${modelDriver.version}`,
	};
}

/** Data as JSON has it: the order of keys is no matter, and a key without a value is not there. */
function firstDifference(
	played: unknown,
	said: unknown,
	path: string,
): Difference | null {
	if (played === said) return null;
	if (!isContainer(played) || !isContainer(said))
		return {
			path,
			message: `it says ${shown(said)}, and the scenario and its seed make it ${shown(played)}`,
		};
	const isList = Array.isArray(played);
	const mine = isList ? played.keys() : Object.keys(played);
	const others = Array.isArray(said) ? said.keys() : Object.keys(said);
	for (const key of new Set<string | number>([...mine, ...others])) {
		const difference = firstDifference(
			partOf(played, key),
			partOf(said, key),
			`${path}${isList ? `[${key}]` : `.${key}`}`,
		);
		if (difference !== null) return difference;
	}
	return null;
}

type Container = Readonly<Record<string | number, unknown>>;

function isContainer(value: unknown): value is Container {
	return typeof value === "object" && value !== null;
}

function partOf(container: Container, key: string | number): unknown {
	return Object.hasOwn(container, key) ? container[key] : undefined;
}

function shown(value: unknown): string {
	if (value === undefined) return "nothing";
	const text = JSON.stringify(value);
	return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
