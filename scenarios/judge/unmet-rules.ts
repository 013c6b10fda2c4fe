/** Rules that were played and met no packet of the connections: the scenario says nothing about them. */

import { placeOf, servicesOf } from "../../sim/world/setup/services.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import type { ScenarioStep } from "../language/scenario.ts";
import type { RunResult } from "../result/result.ts";
import { readSaved, type SavedLine } from "../result/saved-ruleset.ts";

/** Operations of these kinds replace tables, and counters begin anew with them. */
const REPLACES: ReadonlySet<string> = new Set([
	"restore",
	"iptables",
	"take-over",
]);

/** May counters be set back by it? */
export function setsCountersBack(step: Step | ScenarioStep): boolean {
	return step.kind === "operation" && REPLACES.has(step.operation.kind);
}

/**
 * The rules at the end of a play, with what each counted from its beginning.
 * @returns `null` where the play did not come to its end, or counters were set back
 */
export function countedRules({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): readonly SavedLine[] | null {
	const end = account.observations.at(-1)?.observation.ruleset;
	if (end === undefined || account.unknown !== null) return null;
	if (scenario.steps.some(setsCountersBack)) return null;
	return readSaved(end).filter(({ kind }) => kind === "rule");
}

/**
 * What to tell first of a result whose rules counted no packet at all:
 * `my.rules: none of its rules matched a packet; the connections go to 10.0.0.1:25 by bond0.204`.
 * A ruleset without any table is told as well; one that empties a table means to have no rules.
 * @returns `null` where a rule matched, nothing connected, or counters were set back
 */
export function unmetRules({
	scenario,
	account,
}: Pick<RunResult, "scenario" | "account">): string | null {
	const { setup } = scenario;
	if (account.connections.length === 0) return null;
	const rules = countedRules({ scenario, account });
	if (rules === null) return null;
	if (!/^\s*\*/m.test(setup.ruleset.text))
		return `${setup.ruleset.name}: it has no table, so no packet met a rule`;
	if (rules.length === 0) return null;
	if (rules.some(({ packets }) => packets > 0)) return null;
	const clients = new Set(account.connections.map(({ client }) => client));
	const interfaces = new Set(
		setup.clients
			.filter(({ name }) => clients.has(name))
			.map((one) => one.interface),
	);
	const asked = new Set(account.connections.map(({ service = "" }) => service));
	const services = servicesOf(setup)
		.filter(({ name }) => asked.has(name))
		.map(placeOf);
	return `${setup.ruleset.name}: none of its rules matched a packet; the connections go to ${services.join(", ")} by ${[...interfaces].join(", ")}`;
}
