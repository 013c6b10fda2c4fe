import { expect, it } from "vitest";
import {
	backendAt,
	clientAt,
	recipeHealthCheck,
	recipeSetup,
	scenario,
} from "../build/build.ts";
import type { Setup } from "../scenario.ts";
import { ScenarioError } from "../scenario-error.ts";
import { validateScenario } from "./validate.ts";

type HealthCheck = NonNullable<Setup["healthCheck"]>;

/** A web server behind another router than the recipe's. */
function faultsWith(healthCheck: HealthCheck): readonly string[] {
	const lan = { interface: "lan0" };
	const story = scenario({
		name: "lan",
		title: "Another LAN",
		steps: [],
		expect: [],
		setup: recipeSetup({
			gateway: {
				interfaces: [
					{ name: "wan0", addresses: ["203.0.113.1/24"], mtu: 1500 },
					{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
				],
				routes: [{ destination: "172.16.0.0/12", via: "192.168.1.9", ...lan }],
			},
			service: { address: "203.0.113.1", port: 25 },
			clients: [clientAt("far", "203.0.113.77", { interface: "wan0" })],
			backends: [
				backendAt("b1", "192.168.1.10", lan),
				backendAt("b2", "192.168.1.11", lan),
			],
			healthCheck,
		}),
	});
	try {
		validateScenario(story);
		return [];
	} catch (error) {
		if (!(error instanceof ScenarioError)) throw error;
		return error.faults.map(({ path, message }) => `${path}: ${message}`);
	}
}

const target = (backend: string, address: string) => ({
	backend,
	address,
	port: 25,
	condition: `${backend}up`,
});
const targets = [target("b1", "192.168.1.10"), target("b2", "192.168.1.11")];
const checker = { interface: "lan0", address: "192.168.1.250", targets };

it("takes no checker of the recipe's network on another one", () => {
	expect(faultsWith(recipeHealthCheck({ interface: "lan0" }))).toEqual([
		"setup.healthCheck.address: 192.168.0.253 is on no network of lan0 (192.168.1.1/24, 172.16.0.0/12)",
		"setup.healthCheck.targets[0].address: b1 has the address 192.168.1.10, not 192.168.0.1",
		"setup.healthCheck.targets[1].address: b2 has the address 192.168.1.11, not 192.168.0.2",
	]);
});

it.each(["192.168.1.250", "172.20.0.1"])("takes a checker at %s", (address) => {
	expect(faultsWith(recipeHealthCheck({ ...checker, address }))).toEqual([]);
});

it("takes probes by an address that the rules translate", () => {
	const translated = [target("b1", "203.0.113.1"), target("b2", "192.168.1.1")];
	const given = recipeHealthCheck({ ...checker, targets: translated });
	expect(faultsWith(given)).toEqual([]);
});
