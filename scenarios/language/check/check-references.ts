/** What the parts of a scenario say of each other: names that must exist, times that must be in order. */
import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import type { Scenario, Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";
import { checkExpectation } from "./check-expectation.ts";
import { healthCheckFaults } from "./check-health-check.ts";
import { checkWork } from "./check-work.ts";
import { namesOf, Report } from "./known-names.ts";

/** Everything that a scenario of the right form can still get wrong. */
export function checkReferences(scenario: Scenario): readonly ScenarioFault[] {
	const report = new Report(namesOf(scenario));
	checkSetup(scenario, report);
	checkSteps(scenario, report);
	scenario.expect.forEach((expectation, index) => {
		checkExpectation(expectation, `expect[${index}]`, { report, scenario });
	});
	return [...report.faults, ...checkWork(scenario)];
}

function checkSetup({ setup }: Scenario, report: Report): void {
	const { clients, backends, gateway, healthCheck } = setup;
	const neighbours = setup.neighbours ?? [];
	const { routes } = gateway;
	const places = { clients, backends, neighbours, "gateway.routes": routes };
	for (const [path, list] of Object.entries(places))
		list.forEach((item, index) => {
			const place = `setup.${path}[${index}].interface`;
			report.known("interface", item.interface, place);
		});
	const named = { clients, backends, "gateway.interfaces": gateway.interfaces };
	for (const [path, list] of Object.entries(named)) {
		const names = list.map(({ name }) => name);
		names.forEach((name, index) => {
			if (names.indexOf(name) < index)
				report.add(
					`setup.${path}[${index}]`,
					`"${name}" is there already`,
					"Give each a name of its own.",
				);
		});
	}
	checkAddresses(setup, report);
	if (healthCheck) checkHealthCheck(healthCheck, report);
	report.faults.push(...healthCheckFaults(setup));
}

/** Two hosts with one address could not be told apart by anybody. */
function checkAddresses(setup: Setup, report: Report): void {
	const { clients, backends, gateway, healthCheck } = setup;
	const owners = new Map<string, string>();
	for (const { name, addresses } of gateway.interfaces)
		for (const address of addresses)
			owners.set(address.split("/")[0] ?? "", `the gateway's ${name}`);
	const hosts = [...clients, ...backends];
	const checker = healthCheck
		? [{ name: "the health checker", address: healthCheck.address }]
		: [];
	for (const { name, address } of [...hosts, ...checker]) {
		const owner = owners.get(address);
		if (owner !== undefined)
			report.add(
				"setup",
				`${owner} and ${name} have the same address, ${address}`,
				"Give each host an address of its own.",
			);
		owners.set(address, name);
	}
}

function checkHealthCheck(given: HealthCheckSettings, report: Report): void {
	const path = "setup.healthCheck";
	report.known("interface", given.interface, `${path}.interface`);
	given.targets.forEach((target, index) => {
		report.known(
			"backend",
			target.backend,
			`${path}.targets[${index}].backend`,
		);
	});
	if (given.timeoutMs > given.intervalMs)
		report.add(
			`${path}.timeoutMs`,
			`a probe may take longer (${given.timeoutMs} ms) than the time to the next one (${given.intervalMs} ms)`,
			"Make `timeoutMs` at most `intervalMs`.",
		);
}

function checkSteps(scenario: Scenario, report: Report): void {
	const labels = new Set<string>();
	const connects = new Set<string>();
	let beforeMs = 0;
	scenario.steps.forEach((step, index) => {
		const path = `steps[${index}]`;
		if (step.atMs < beforeMs)
			report.add(
				`${path}.atMs`,
				`${step.atMs} ms is before the step above it (${beforeMs} ms)`,
				"Put the steps in the order of their times.",
			);
		beforeMs = Math.max(beforeMs, step.atMs);
		if (step.atMs > scenario.endMs)
			report.add(
				`${path}.atMs`,
				`${step.atMs} ms is after the end (${scenario.endMs} ms)`,
				"Make `endMs` later.",
			);
		if (step.label !== "" && labels.has(step.label))
			report.add(
				`${path}.label`,
				`another step is labelled "${step.label}" already`,
				"Give each step a label of its own, or none.",
			);
		labels.add(step.label);
		switch (step.kind) {
			case "connect":
				report.known("client", step.client, `${path}.client`);
				connects.add(step.label);
				break;
			case "speak":
			case "close":
				if (connects.has(step.connections)) break;
				report.known("connect step", step.connections, `${path}.connections`);
				report.add(
					`${path}.connections`,
					`the connections of "${step.connections}" are not made yet`,
					"Put the `connect` step before it.",
				);
				break;
			case "packet":
				// By `lo`, the router itself sends it.
				if (step.interface !== "lo")
					report.known("interface", step.interface, `${path}.interface`);
				break;
			case "backend":
				report.known("backend", step.backend, `${path}.backend`);
				break;
			case "operation":
				if (step.operation.kind === "link")
					report.known(
						"interface",
						step.operation.interface,
						`${path}.operation.interface`,
					);
				break;
			case "observe":
				if (step.label === "")
					report.add(
						`${path}.label`,
						"nothing can refer to it",
						"Give the observation a label.",
					);
				break;
		}
	});
}
