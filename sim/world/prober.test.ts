import { expect, test } from "vitest";
import type { BackendBehaviour } from "../endpoint/backend.ts";
import type { HealthCheckSettings } from "../endpoint/health-checker.ts";
import type { Step } from "./setup/setup.ts";
import {
	createForwarder,
	INSIDE,
	OUTSIDE,
	playForwarded,
	testSetup,
} from "./test-forwarder.ts";

function healthCheck(
	changes: Partial<HealthCheckSettings> = {},
): HealthCheckSettings {
	const target = (number: number) => ({
		backend: `b${number}`,
		address: `192.168.0.${number}`,
		port: 25,
		condition: `mail${number}up`,
	});
	return {
		interface: INSIDE,
		address: "192.168.0.9",
		targets: [target(1), target(2)],
		probe: { kind: "smtp" },
		intervalMs: 1_000,
		timeoutMs: 500,
		rise: 1,
		fall: 2,
		initially: "alive",
		writeAtStart: false,
		rewriteMs: null,
		aliveValue: "0",
		deadValue: "1",
		evict: true,
		neverAllDead: false,
		jitterMs: 0,
		...changes,
	};
}

function becomes(atMs: number, behaviour: BackendBehaviour): Step {
	const label = `b1 ${behaviour.kind}`;
	return { atMs, label, kind: "backend", backend: "b1", becomes: behaviour };
}

test("a backend dies and comes back: the conditions follow, and its entries are evicted", () => {
	const forwarder = createForwarder(["192.168.0.1"]);
	const account = playForwarded(
		[becomes(2_500, { kind: "vanish" }), becomes(7_500, { kind: "up" })],
		{
			setup: testSetup({ healthCheck: healthCheck() }),
			endMs: 10_000,
			forwarder,
		},
	);
	const changes = account.events.filter((event) => event.kind !== "probe");
	expect(changes).toEqual([
		{ kind: "backend", atMs: 2_500, backend: "b1", behaviour: "vanish" },
		{ kind: "belief", atMs: 4_500, backend: "b1", alive: false },
		{ kind: "condition", atMs: 4_500, name: "mail1up", write: "1" },
		{ kind: "backend", atMs: 7_500, backend: "b1", behaviour: "up" },
		{ kind: "belief", atMs: 8_004, backend: "b1", alive: true },
		{ kind: "condition", atMs: 8_004, name: "mail1up", write: "0" },
	]);
	expect(account.operations.map(({ label, atMs }) => [atMs, label])).toEqual([
		[4_500, "health check: mail1up 1"],
		[4_500, "health check: evict b1"],
		[8_004, "health check: mail1up 0"],
	]);
	const asked = forwarder.asks.filter((ask) => ask.kind === "operation");
	expect(asked[1]?.operation).toEqual({
		kind: "evict",
		filter: { replySource: "192.168.0.1" },
		orNone: true,
	});
	// On the backends' own network the probes do not pass the gateway.
	expect(forwarder.asks.some((ask) => ask.kind === "packet")).toBe(false);
	expect(account.endedMs).toBe(10_000);
});

test.each<[BackendBehaviour, "smtp" | "tcp", boolean, string]>([
	[{ kind: "up" }, "smtp", true, "220 b1 ESMTP"],
	[{ kind: "up" }, "tcp", true, "connected"],
	[{ kind: "refuse" }, "smtp", false, "refused"],
	[{ kind: "drain" }, "smtp", false, "refused"],
	[{ kind: "vanish" }, "smtp", false, "timeout"],
	[{ kind: "silent" }, "tcp", false, "timeout"],
	[{ kind: "lossy", loss: 0.99 }, "tcp", false, "timeout"],
	[{ kind: "hang", accept: true }, "smtp", false, "timeout"],
	[{ kind: "hang", accept: false }, "tcp", true, "connected"],
	[{ kind: "slow", delayMs: 600 }, "smtp", false, "timeout"],
	[{ kind: "slow", delayMs: 400 }, "smtp", true, "220 b1 ESMTP"],
])("%o, probed by %s: %s, %s", (behaviour, kind, ok, reason) => {
	const account = playForwarded([becomes(500, behaviour)], {
		setup: testSetup({ healthCheck: healthCheck({ probe: { kind } }) }),
		endMs: 1_900,
	});
	const probes = account.events.filter((event) => event.kind === "probe");
	const last = probes.filter((event) => event.backend === "b1").at(-1);
	expect(last).toMatchObject({ ok, reason });
});

test("a checker elsewhere probes through the gateway", () => {
	const forwarder = createForwarder(["192.168.0.1"]);
	playForwarded([], {
		setup: testSetup({
			healthCheck: healthCheck({ interface: OUTSIDE, address: "10.0.0.9" }),
		}),
		endMs: 100,
		forwarder,
	});
	const packets = forwarder.asks.filter((ask) => ask.kind === "packet");
	expect(packets[0]).toMatchObject({
		interface: OUTSIDE,
		packet: { destinationPort: 25 },
	});
});
