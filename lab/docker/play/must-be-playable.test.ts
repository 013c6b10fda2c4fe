import { expect, it } from "vitest";
import {
	abandonedWithin,
	backendAt,
	clientAt,
	connect,
	outcomes,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
	send,
	service,
} from "../../../scenarios/language/build/build.ts";
import type {
	Expectation,
	PlayableScenario,
} from "../../../scenarios/language/scenario.ts";
import { mustBePlayable } from "./docker-lab.ts";

const expecting = (one: Expectation) => () =>
	mustBePlayable(
		scenario({
			name: "one",
			title: "One",
			steps: [connect(1)],
			expect: [one],
			setup: recipeSetup(),
		}) as PlayableScenario,
	);

it("refuses to play with real clients what they cannot tell", () => {
	expect(expecting(outcomes("open", 1))).not.toThrow();
	expect(expecting(outcomes("half-open", 0))).toThrow(
		"it expects what no client can tell: `half-open`",
	);
	for (const one of [
		packetsOut("eth0", ["*"]),
		packetsPast("eth0", ["*"]),
		abandonedWithin("b1", 0),
	])
		expect(expecting(one)).toThrow("what only a look at every packet can tell");
});

it("refuses to play what there are no containers for", () => {
	const playing = (setup: ReturnType<typeof recipeSetup>) => () =>
		mustBePlayable(
			scenario({
				name: "one",
				title: "One",
				steps: [connect(1)],
				expect: [outcomes("completed", 1)],
				setup,
			}) as PlayableScenario,
		);
	const web = { address: "10.0.0.1", port: 80, speaks: "http" } as const;
	expect(playing(recipeSetup({ services: [service("web", web)] }))).toThrow(
		"a service that is not one of mail",
	);
	const dns = { protocol: "udp", address: "10.0.0.1", port: 53 } as const;
	const asked = scenario({
		name: "one",
		title: "One",
		steps: [send(1)],
		expect: [outcomes("answered", 1)],
		setup: recipeSetup({ services: [service("dns", dns)] }),
	});
	expect(() => mustBePlayable(asked as PlayableScenario)).toThrow(
		"a service that is not one of mail",
	);
	const away = backendAt("b1", "192.168.0.1", { defaultVia: "192.168.0.9" });
	expect(playing(recipeSetup({ backends: [away] }))).toThrow(
		"a host of it has a default route of its own",
	);
	expect(
		playing(recipeSetup({ behaviour: { b1: { kind: "unavailable" } } })),
	).toThrow("421");
});

it("refuses programs of the gateway's own", () => {
	const job = clientAt("job", "10.0.0.1", { interface: "lo" });
	const one = scenario({
		name: "one",
		title: "One",
		steps: [connect(1, { client: "job" })],
		expect: [outcomes("open", 1)],
		setup: recipeSetup({ clients: [job] }),
	});
	expect(() => mustBePlayable(one as PlayableScenario)).toThrow(
		"it has programs of the gateway's own",
	);
});
