/** What the parts of a scenario say of each other: names that must exist, times that must be in order. */
import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import {
	portsAt,
	programOf,
	serviceOf,
	servicesOf,
} from "../../../sim/world/setup/services.ts";
import type { Scenario, Setup } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";
import { checkAssumptions } from "./check-assumptions.ts";
import { checkExpectation } from "./check-expectation.ts";
import { healthCheckFaults, isWithin } from "./check-health-check.ts";
import { defaultRouteFaults } from "./check-hosts.ts";
import { ipFaults } from "./check-ip.ts";
import { isProgram, programFaults } from "./check-programs.ts";
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
	return [
		...report.faults,
		...programFaults(scenario),
		...ipFaults(scenario),
		...checkWork(scenario),
	];
}

function checkSetup({ setup }: Scenario, report: Report): void {
	const { clients, backends, gateway, healthCheck } = setup;
	const neighbours = setup.neighbours ?? [];
	const { routes } = gateway;
	const places = { clients, backends, neighbours, "gateway.routes": routes };
	for (const [path, list] of Object.entries(places))
		list.forEach((item, index) => {
			if (isProgram(item) && (path === "clients" || path === "backends"))
				return;
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
	checkServices(setup, report);
	checkAssumptions(setup, report);
	checkAddresses(setup, report);
	if (healthCheck) checkHealthCheck(healthCheck, report);
	report.faults.push(...healthCheckFaults(setup), ...defaultRouteFaults(setup));
}

/** Two hosts with one address could not be told apart by anybody. */
function checkAddresses(setup: Setup, report: Report): void {
	const { clients, backends, gateway, healthCheck } = setup;
	const owners = new Map<string, string>();
	for (const { name, addresses } of gateway.interfaces)
		for (const address of addresses)
			owners.set(address.split("/")[0] ?? "", `the gateway's ${name}`);
	const checker = healthCheck
		? [{ ...healthCheck, name: "the health checker" }]
		: [];
	for (const one of [...clients, ...backends, ...checker]) {
		if (isProgram(one)) continue;
		const { name, address } = one;
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
	if (!isProgram(given))
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

/** Dialogues that a service has to speak; the others fit every service. */
const SPOKEN: ReadonlySet<string> = new Set(["smtp", "http", "echo"]);

/** There is such a service, of the step's protocol, with that port, and it speaks what the step says. */
function checkService(
	setup: Setup,
	step: Scenario["steps"][number] & { readonly kind: "connect" | "send" },
	{ path, report }: { readonly path: string; readonly report: Report },
): void {
	const protocol = step.kind === "connect" ? "tcp" : "udp";
	const { service: name, port } = step;
	if (name !== undefined) report.known("service", name, `${path}.service`);
	const service = serviceOf(setup, step);
	if (service === undefined) {
		if (name === undefined)
			report.add(
				path,
				`there is no service over ${protocol.toUpperCase()}`,
				`Add one to \`setup.services\`: service("dns", { protocol: "${protocol}", … }).`,
			);
		return;
	}
	if (service.protocol !== protocol)
		report.add(
			`${path}.service`,
			`"${service.name}" is a service over ${service.protocol.toUpperCase()}`,
			protocol === "tcp"
				? "Use a `send` step: `connect` makes connections of TCP."
				: "Use a `connect` step: `send` sends datagrams of UDP.",
		);
	if (port !== undefined && !service.ports.includes(port))
		report.add(
			`${path}.port`,
			`${port} is no port of the service; ports are: ${service.ports.join(", ")}`,
			"Name one of the service's ports, or add it to them.",
		);
	const wanted = step.kind === "connect" ? step.dialogue?.kind : undefined;
	const speaks = programOf(service).kind;
	if (wanted !== undefined && SPOKEN.has(wanted) && wanted !== speaks)
		report.add(
			`${path}.dialogue`,
			`the service speaks ${speaks}, not ${wanted}`,
			`Leave \`dialogue\` out, or say what the service speaks: speaks: { kind: "${wanted}" }.`,
		);
}

function checkServices(setup: Setup, report: Report): void {
	const services = servicesOf(setup);
	if (services.length === 0)
		report.add(
			"setup",
			"it has no service",
			'Give it a `service`, or `services`: [service("web", { … })].',
		);
	const names = services.map(({ name }) => name);
	setup.services?.forEach((service, index) => {
		const path = `setup.services[${index}]`;
		const { name, protocol, speaks } = service;
		if (names.indexOf(name) !== names.lastIndexOf(name))
			report.add(
				path,
				`"${name}" is there already`,
				"Give each a name of its own.",
			);
		service.backends?.forEach(({ backend }, at) => {
			report.known("backend", backend, `${path}.backends[${at}].backend`);
		});
		if (
			protocol === "udp" &&
			(speaks?.kind === "smtp" || speaks?.kind === "http")
		)
			report.add(
				`${path}.speaks`,
				`${speaks.kind} is spoken over TCP`,
				"Make `protocol` tcp, or let it speak echo or silent.",
			);
	});
	checkPorts(setup, report);
	checkPrograms(setup, report);
}

/** What comes for an address, a protocol and a port is of one service. */
function checkPorts(setup: Setup, report: Report): void {
	const owners = new Map<string, string>();
	for (const { name, protocol, address, ports } of servicesOf(setup))
		for (const port of new Set(ports)) {
			const key = `${address}:${port} over ${protocol.toUpperCase()}`;
			const other = owners.get(key);
			if (other !== undefined)
				report.add(
					"setup.services",
					`"${other}" and "${name}" are both ${key}`,
					"Give each service a port or an address of its own.",
				);
			owners.set(key, name);
		}
}

/** One port of a backend speaks one language. */
function checkPrograms(setup: Setup, report: Report): void {
	for (const backend of setup.backends) {
		const spoken = new Map<string, string>();
		for (const service of servicesOf(setup))
			for (const port of portsAt(service, backend)) {
				const key = `${service.protocol} ${port}`;
				const { kind } = programOf(service);
				const other = spoken.get(key) ?? kind;
				if (other !== kind)
					report.add(
						"setup.services",
						`port ${port} of ${backend.name} would speak ${other} and ${kind}`,
						"Give each service `backends` with ports of their own.",
					);
				spoken.set(key, other);
			}
	}
}

/** No step before has made connections of this label. */
function checkConnections(
	{ steps }: Scenario,
	label: string,
	{ path, report }: { readonly path: string; readonly report: Report },
): void {
	const isSent = steps.some(
		(step) => step.kind === "send" && step.label === label,
	);
	if (isSent) {
		report.add(
			path,
			`"${label}" sends datagrams, and has no connections`,
			"Name a `connect` step.",
		);
		return;
	}
	report.known("connect step", label, path);
	report.add(
		path,
		`the connections of "${label}" are not made yet`,
		"Put the `connect` step before it.",
	);
}

/** By `lo`, the router itself sends it. */
function checkByHand(
	given: { readonly interface: string },
	path: string,
	report: Report,
): void {
	if (given.interface !== "lo")
		report.known("interface", given.interface, `${path}.interface`);
}

/** @param labels of the steps before */
function checkLabel(
	label: string,
	labels: Set<string>,
	{ path, report }: { readonly path: string; readonly report: Report },
): void {
	if (label !== "" && labels.has(label))
		report.add(
			`${path}.label`,
			`another step is labelled "${label}" already`,
			"Give each step a label of its own, or none.",
		);
	labels.add(label);
}

/** Only hosts on one of the gateway's links take notice. */
function checkAnnounced(
	address: string,
	path: string,
	{ report, scenario }: { report: Report; scenario: Scenario },
): void {
	const networks = scenario.setup.gateway.interfaces.flatMap(
		({ addresses }) => addresses,
	);
	if (networks.some((network) => isWithin(address, network))) return;
	report.add(
		path,
		`${address} is on no network of the gateway (${networks.join(", ")})`,
		"Announce an address on one of its links: that of a service, or the one through which hosts send.",
	);
}

function checkSteps(scenario: Scenario, report: Report): void {
	const [labels, connects] = [new Set<string>(), new Set<string>()];
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
		checkLabel(step.label, labels, { path, report });
		switch (step.kind) {
			case "connect":
				connects.add(step.label);
				report.known("client", step.client, `${path}.client`);
				checkService(scenario.setup, step, { path, report });
				break;
			case "send":
				report.known("client", step.client, `${path}.client`);
				checkService(scenario.setup, step, { path, report });
				break;
			case "speak":
			case "close":
				if (!connects.has(step.connections))
					checkConnections(scenario, step.connections, {
						path: `${path}.connections`,
						report,
					});
				break;
			case "packet":
				checkByHand(step, path, report);
				break;
			case "race":
				step.packets.forEach((one, place) => {
					checkByHand(one, `${path}.packets[${place}]`, report);
				});
				break;
			case "backend":
				report.known("backend", step.backend, `${path}.backend`);
				break;
			case "neighbour":
				report.known("neighbour", step.address, `${path}.address`);
				break;
			case "announce":
				checkAnnounced(step.address, `${path}.address`, { report, scenario });
				break;
			case "carrier":
				report.known("interface", step.interface, `${path}.interface`);
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
