import { expect, it, vi } from "vitest";
import {
	at,
	clientAt,
	close,
	connect,
	hold,
	recipeSetup,
	send,
	service,
} from "../../../scenarios/language/build/build.ts";
import { checkScenario } from "../../../scenarios/run/run-scenario.ts";
import { planArrivals } from "./plan-arrivals.ts";
import { requestTimes } from "./request-times.ts";
import { playable } from "./test-play.ts";

const times = (of: readonly { readonly startedMs: number }[] = []) =>
	of.map(({ startedMs }) => startedMs);

it("tells connections of steps without labels apart", async () => {
	const scenario = await playable({
		setup: recipeSetup({
			clients: [clientAt("c1", "10.0.0.10"), clientAt("c2", "10.0.0.11")],
		}),
		steps: [
			connect(2, { everyMs: 100 }),
			at(50, connect(2, { everyMs: 100, client: "c2" })),
			at(60, connect(1, { label: "held", dialogue: hold() })),
			at(500, close("held")),
		],
	});
	const play = vi.fn(checkScenario);
	const model = checkScenario(scenario);
	const arrivals = planArrivals(scenario, model, (one) => play(one));
	expect([0, 1, 2].map((step) => times(arrivals.get(step)))).toEqual([
		[0, 100],
		[50, 150],
		[60],
	]);
	expect(arrivals.get(2)?.[0]?.outcome).toBe("completed");
	expect(play).toHaveBeenCalledTimes(1);
});

it("asks the model once where each step has a label", async () => {
	const scenario = await playable({
		setup: recipeSetup(),
		steps: [
			connect(1, { label: "a" }),
			at(10, connect(2, { label: "b", everyMs: 1 })),
		],
	});
	const model = checkScenario(scenario);
	const arrivals = planArrivals(scenario, model, () => {
		throw new TypeError("not needed");
	});
	expect(times(arrivals.get(1))).toEqual([10, 11]);
});

it("knows when each request of a flow is sent", async () => {
	const dns = { protocol: "udp", address: "10.0.0.1", port: 53 } as const;
	const { steps } = await playable({
		setup: recipeSetup({ services: [service("dns", dns)] }),
		steps: [
			send(3, { everyMs: 100 }),
			send(3, { sockets: "each", everyMs: 100 }),
			send(3, {}),
			send(3, { perSecond: 10 }),
		],
	});
	const of = (step: (typeof steps)[number] | undefined) =>
		step?.kind === "send" ? requestTimes(step, 1) : [];
	expect(of(steps[0])).toEqual([0, 100, 200]);
	expect(of(steps[1])).toEqual([0]);
	expect(of(steps[2])).toEqual([0, 0, 0]);
	const random = of(steps[3]);
	expect(random[0]).toBe(0);
	expect(random).toEqual(random.toSorted((a, b) => a - b));
	expect(of(steps[3])).toEqual(random);
});
