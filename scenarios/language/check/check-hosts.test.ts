import { expect, test } from "vitest";
import {
	announce,
	backendAt,
	clientAt,
	recipeSetup,
	scenario,
} from "../build/build.ts";
import { defaultRouteFaults } from "./check-hosts.ts";
import { checkReferences } from "./check-references.ts";

test.each<[via: string, fault: string | null]>([
	["192.168.0.253", null],
	["192.168.0.254", null],
	["10.0.0.2", "10.0.0.2 is on no network of bond0.205 (192.168.0.254/24)"],
	["192.168.0.1", "192.168.0.1 is the address of b1 itself"],
])("a backend's default route is %s", (defaultVia, fault) => {
	const backends = [backendAt("b1", "192.168.0.1", { defaultVia })];
	const faults = defaultRouteFaults(recipeSetup({ backends }));
	expect(faults.map(({ message }) => message)).toEqual(
		fault === null ? [] : [fault],
	);
	for (const { path } of faults)
		expect(path).toBe("setup.backends[0].defaultVia");
});

test("a program of the gateway's own has the gateway's routes", () => {
	const local = { interface: "lo", defaultVia: "10.0.0.2" };
	const setup = recipeSetup({ clients: [clientAt("c1", "10.0.0.1", local)] });
	expect(defaultRouteFaults(setup)).toMatchObject([
		{ path: "setup.clients[0].defaultVia" },
	]);
});

test("an announced address is on one of the gateway's links", () => {
	const announced = (address: string) =>
		checkReferences(
			scenario({
				name: "announced",
				title: "Announced",
				setup: recipeSetup({ ruleset: { name: "r", text: "" } }),
				steps: [announce(address, "other")],
				expect: [],
			}),
		).map(({ path, message }) => `${path}: ${message}`);
	expect(announced("192.168.0.77")).toEqual([]);
	expect(announced("172.16.0.1")).toEqual([
		"steps[0].address: 172.16.0.1 is on no network of the gateway (10.0.0.1/8, 192.168.0.254/24)",
	]);
});
