import { expect, it } from "vitest";
import {
	abandonedWithin,
	at,
	backendAt,
	clientAt,
	connect,
	hold,
	outcomes,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
	send,
	service,
	speak,
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

const playing =
	(
		setup: ReturnType<typeof recipeSetup>,
		steps: readonly ReturnType<typeof connect>[] = [connect(1)],
		one: Expectation = outcomes("completed", 1),
	) =>
	() =>
		mustBePlayable(
			scenario({
				name: "one",
				title: "One",
				steps,
				expect: [one],
				setup,
			}) as PlayableScenario,
		);

const WEB = service("web", { address: "10.0.0.1", port: 80, speaks: "http" });
const DNS = service("dns", { protocol: "udp", address: "10.0.0.1", port: 53 });
const UNAVAILABLE = { behaviour: { b1: { kind: "unavailable" } } } as const;

it("plays services of every kind, and hosts with a default route of their own", () => {
	expect(playing(recipeSetup({ services: [WEB] }))).not.toThrow();
	const dns = recipeSetup({ services: [DNS] });
	const answered = outcomes("answered", 1);
	expect(playing(dns, [send(1)], answered)).not.toThrow();
	const away = backendAt("b1", "192.168.0.1", { defaultVia: "192.168.0.9" });
	expect(playing(recipeSetup({ backends: [away] }))).not.toThrow();
	const away503 = recipeSetup({ services: [WEB], ...UNAVAILABLE });
	expect(playing(away503)).not.toThrow();
});

it("refuses what real programs and sockets do not do", () => {
	expect(playing(recipeSetup(UNAVAILABLE))).toThrow("421");
	const held = connect(1, { label: "held", dialogue: hold() });
	const spoken = at(100, speak("held", "backend"));
	expect(playing(recipeSetup(), [held, spoken])).toThrow(
		"a real backend does not speak or close out of turn",
	);
	const dns = recipeSetup({ services: [DNS] });
	const lost = outcomes("unreachable", 1);
	expect(playing(dns, [send(1)], lost)).toThrow("a closed port alone");
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
