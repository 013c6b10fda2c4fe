import { expect, it } from "vitest";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import {
	backend,
	backendAt,
	clientAt,
	connect,
	outcomes,
	type RecipeOverrides,
	recipeHealthCheck,
	recipeSetup,
	scenario,
	service,
} from "../build/build.ts";
import type { ScenarioStep } from "../scenario.ts";
import { validateScenario } from "./validate.ts";

const ON_GATEWAY = { interface: "lo" } as const;

function faults(
	setup: RecipeOverrides,
	steps: readonly ScenarioStep[] = [connect(1)],
): readonly string[] {
	try {
		validateScenario(
			scenario({
				name: "one",
				title: "One",
				setup: recipeSetup(setup),
				steps,
				expect: [outcomes("completed", 1)],
			}),
		);
		return [];
	} catch (error) {
		return String(error).split("\n");
	}
}

it("takes programs at the gateway's addresses, on ports of their own", () => {
	expect(
		faults({
			clients: [
				clientAt("c1", "10.0.0.1", ON_GATEWAY),
				clientAt("c2", "10.0.0.1", ON_GATEWAY),
				clientAt("c3", "0.0.0.0", ON_GATEWAY),
			],
			backends: [
				backendAt("w1", "0.0.0.0", { ...ON_GATEWAY, port: 7701 }),
				backendAt("w2", "0.0.0.0", { ...ON_GATEWAY, port: 7702 }),
				backendAt("w3", "127.0.0.1", { ...ON_GATEWAY, port: 7702 }),
			],
			healthCheck: recipeHealthCheck({
				interface: "lo",
				address: "192.168.0.254",
				targets: [],
			}),
		}),
	).toEqual([]);
});

it.each([
	"ip addr add 192.0.2.9/32 dev bond0.204",
	"ip a add 192.0.2.9/32 dev bond0.204",
	"addr replace 192.0.2.9/24 brd 192.0.2.255 dev bond0.204",
])("takes programs at addresses that are added: %s", (command) => {
	const at = (address: string) =>
		faults({
			gateway: { ip: [command] },
			clients: [clientAt("c1", address, ON_GATEWAY)],
		});
	expect(at("192.0.2.9")).toEqual([]);
	expect(at("192.0.2.255").join()).toContain("no address of the gateway");
});

it("takes ports on which the gateway listens for backends of that name", () => {
	const listeners = [{ protocol: "tcp", port: 2525 }] as const;
	const waits = backend("gateway:2525", "refuse");
	expect(faults({ gateway: { listeners } }, [connect(1), waits])).toEqual([]);
	expect(faults({}, [connect(1), waits]).join()).toContain(
		'no backend "gateway:2525"',
	);
});

it("refuses two services at one address, protocol and port", () => {
	const dns = (protocol: "tcp" | "udp") =>
		service(protocol, { protocol, address: "10.0.0.1", port: 53 });
	const twin = service("twin", { address: "10.0.0.1", port: 53 });
	const asks = [connect(1, { service: "tcp" })];
	expect(faults({ services: [dns("tcp"), dns("udp")] }, asks)).toEqual([]);
	expect(faults({ services: [dns("tcp"), twin] }, asks).join()).toContain(
		'"tcp" and "twin" are both 10.0.0.1:53 over TCP',
	);
});

it.each([
	[
		"10.0.0.9 is no address of the gateway",
		{ clients: [clientAt("c1", "10.0.0.9", ON_GATEWAY)] },
	],
	[
		"w1 and w2 would both have port 7701/tcp",
		{
			backends: ["w1", "w2"].map((name) =>
				backendAt(name, "10.0.0.1", { ...ON_GATEWAY, port: 7701 }),
			),
		},
	],
])("refuses programs that cannot be there: %s", (message, setup) => {
	expect(faults(setup).join()).toContain(message);
});

it.each(["vanish", "silent"] as const)(
	"refuses that a program should %s",
	(kind) => {
		const behaviour: BackendBehaviour = { kind };
		const w1 = (how: BackendBehaviour) =>
			backendAt("w1", "0.0.0.0", {
				...ON_GATEWAY,
				port: 7701,
				behaviour: how,
			});
		expect(faults({ backends: [w1(behaviour)] }).join()).toContain(
			"it is on no link",
		);
		expect(
			faults({ backends: [w1({ kind: "up" })] }, [
				connect(1),
				backend("w1", kind),
			]).join(),
		).toContain("it is on no link");
	},
);

it("takes users and groups of programs, by number or by a name that every machine has", () => {
	const owned = (user: string | number, group?: string | number) =>
		faults({
			clients: [
				clientAt("c1", "10.0.0.1", {
					...ON_GATEWAY,
					user,
					...(group === undefined ? {} : { group }),
				}),
			],
		});
	expect(owned("www-data")).toEqual([]);
	expect(owned(1000, "staff")).toEqual([]);
	expect(owned("postfix").join("\n")).toContain(
		"postfix: not every machine has a user and a group of this name",
	);
	// There is such a user, and no such group.
	expect(owned("nobody").join("\n")).toContain("nobody: not every machine");
	expect(() => owned(-1)).toThrow("-1 is less than 0");
});

it("refuses users of hosts that are on a link", () => {
	expect(
		faults({
			backends: [backendAt("b1", "192.168.0.1", { user: "mail" })],
			healthCheck: recipeHealthCheck({ user: 997 }),
		}).join("\n"),
	).toMatch(
		/setup\.backends\[0\]: a host behind bond0\.205 has no user[\s\S]*setup\.healthCheck: /,
	);
});
