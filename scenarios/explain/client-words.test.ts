/** What a client's kernel says, and what a backend that has closed says to its client. */
import { describe, expect, it } from "vitest";
import {
	at,
	backendAt,
	clientAt,
	connect,
	outcomes,
	recipeSetup,
	scenario,
	send,
	service,
	silent,
} from "../language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
	ScenarioStep,
	Setup,
} from "../language/scenario.ts";
import { checkScenario } from "../run/run-scenario.ts";

const TO_B1 = `*nat
-A PREROUTING -d 10.0.0.1/32 -j DNAT --to-destination 192.168.0.1
COMMIT
`;
const DNS = service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 });

function why(
	rules: string,
	steps: readonly ScenarioStep[],
	{
		expects,
		...setup
	}: { readonly expects: Expectation } & Parameters<typeof recipeSetup>[0],
): string {
	const { judgements } = checkScenario(
		scenario({
			name: "client",
			title: "What clients learn",
			setup: recipeSetup({
				...setup,
				ruleset: { name: "client.rules", text: rules },
			}) as Setup,
			steps,
			expect: [expects],
		}) as PlayableScenario,
	);
	return judgements
		.flatMap(({ why: all }) => all.map(({ text }) => text))
		.join("\n");
}

describe("the words of a connection without a port", () => {
	it("say what connect() says", () => {
		const steps = [
			connect(1, { port: 40_000, dialogue: silent() }),
			...at(500, connect(1, { port: 40_000, label: "again" })),
		];
		const expects = outcomes("completed", 1, { step: "again" });
		expect(why(TO_B1, steps, { expects })).toContain(
			"the client had a connection from port 40000 to the same place: connect() failed (EADDRNOTAVAIL), and nothing was sent",
		);
	});

	it("say what bind() says of datagrams", () => {
		const steps = [
			send(1, { port: 40_000 }),
			...at(500, send(1, { port: 40_000, label: "again" })),
		];
		const expects = outcomes("answered", 1, { step: "again" });
		expect(why(TO_B1, steps, { expects, services: [DNS] })).toContain(
			"another socket of the client had port 40000: bind() failed (EADDRINUSE), and nothing was sent",
		);
	});
});

it("a backend that has turned its client away resets what the client says then", () => {
	const words = why(TO_B1, [connect(1)], {
		expects: outcomes("completed", 1),
		behaviour: { b1: { kind: "unavailable" } },
	});
	expect(words).toContain(
		"b1, connected; the client's data → b1 (turned its clients away at the start), which had closed the connection: RST",
	);
});

describe("what a program of the gateway's own learns", () => {
	const own = {
		clients: [clientAt("own", "192.168.0.254", { interface: "lo" })],
	};
	const dropped = (chain: string) =>
		`*filter\n-A ${chain} -p udp --dport 53 -j DROP\nCOMMIT\n`;
	const steps = [
		send(1, { client: "own", reply: { timeoutMs: 500, attempts: 1 } }),
	];
	const expects = outcomes("answered", 1);
	const EPERM = "the program's sendto() fails at once (EPERM)";

	it("of a datagram that OUTPUT drops", () => {
		const services = [
			service("dns", { protocol: "udp", address: "192.168.0.1", port: 53 }),
		];
		const told = why(dropped("OUTPUT"), steps, { expects, services, ...own });
		expect(told).toContain(EPERM);
	});

	it("and not of one that has left, and that INPUT drops", () => {
		const services = [
			service("dns", { protocol: "udp", address: "192.168.0.254", port: 53 }),
		];
		const told = why(dropped("INPUT"), steps, {
			expects,
			services,
			...own,
			backends: [backendAt("b1", "192.168.0.254", { interface: "lo" })],
		});
		expect(told).toContain("dropped by");
		expect(told).not.toContain(EPERM);
	});

	it("of a SYN to 127.0.0.1 that OUTPUT sends to another host", () => {
		const rules = `*nat
-A OUTPUT -p tcp --dport 25 -j DNAT --to-destination 192.168.0.1
-A POSTROUTING -o bond0.205 -j MASQUERADE
COMMIT
`;
		const told = why(rules, [connect(1, { client: "own" })], {
			expects: outcomes("completed", 1),
			clients: [clientAt("own", "127.0.0.1", { interface: "lo" })],
			service: { address: "127.0.0.1", port: 25 },
		});
		expect(told).toContain("net.ipv4.conf.*.route_localnet is 0");
	});
});
