import {
	at,
	avoided,
	backend,
	conditionIs,
	connect,
	evenSplit,
	gatewayAnswered,
	observe,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	repeat,
	scenario,
} from "../../language/build/build.ts";

const suite = "flapping";

/** One probe in three fails: backend 1 refuses for 0.9 s, then serves for 2.1 s, and so on. */
const stumbles = repeat(8, 3000, () => [
	at(1500, backend("b1", "refuse")),
	at(2400, backend("b1", "up")),
]);

/** A backend that is now well and now not. */
export const flapping = [
	scenario({
		name: "flapping-without-rise-and-fall",
		suite,
		title: "Rise 1, fall 1: each stumble switches the backend off",
		story:
			"Every third probe of backend 1 meets a RST and is believed at once: the condition is written, and written back a second later. Backend 1 is out of service a third of the time, and the load on backend 2 swings with it.",
		trap: "A checker without rise and fall makes a failover of every lost probe.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck({ rise: 1, fall: 1 }),
		}),
		steps: [
			...stumbles,
			connect(240, { everyMs: 100 }),
			at(2300, observe("after a stumble")),
			at(3300, observe("after the next probe")),
		],
		expect: [
			conditionIs("mail1up", 1, { at: "after a stumble" }),
			conditionIs("mail1up", 0, { at: "after the next probe" }),
			avoided("b1", {
				fromMs: 2100,
				toMs: 3000,
				because: "though it serves again from 2400 ms on",
			}),
			outcomes("refused", 24, { because: "a probe comes once a second" }),
		],
	}),
	scenario({
		name: "flapping-with-fall",
		suite,
		title: "Fall 3: a stumble is not a fall",
		story:
			"The same backend with a checker that wants three bad probes in a row. No failover happens. The price: clients that come while backend 1 refuses are refused, and learn it at once.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck({ rise: 2, fall: 3 }),
		}),
		steps: [
			...stumbles,
			connect(240, { everyMs: 100 }),
			at(2300, observe("after a stumble")),
		],
		expect: [
			conditionIs("mail1up", 0, { at: "after a stumble" }),
			evenSplit(["b1", "b2"]),
			outcomes("refused", { atLeast: 30, atMost: 42 }),
		],
	}),
	scenario({
		name: "flapping-with-rise",
		suite,
		title: "Rise 3: a backend that only seems to be back is not trusted",
		story:
			"Backend 1 is up for one probe in four. With rise 3 it stays out of service; no client is sent to it in its short good moments.",
		setup: recipeSetup({
			behaviour: { b1: { kind: "refuse" } },
			healthCheck: recipeHealthCheck({ rise: 3, fall: 1 }),
		}),
		steps: [
			...repeat(5, 4000, () => [
				at(900, backend("b1", "up")),
				at(1900, backend("b1", "refuse")),
			]),
			at(1000, connect(180, { everyMs: 100 })),
		],
		expect: [avoided("b1"), outcomes("completed", 180)],
	}),
	scenario({
		name: "flapping-slow-backend",
		suite,
		title:
			"A backend that is merely slow is taken for dead, and its load with it",
		story:
			"Backend 1 answers each line after a second. The probe waits 0.8 s, so two probes later it gets no new connections. Those that it has are served to the end, slowly: none is lost.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			connect(100, { everyMs: 100 }),
			at(2500, backend("b1", { kind: "slow", delayMs: 1000 })),
		],
		expect: [avoided("b1", { fromMs: 5000 }), outcomes("completed", 100)],
	}),
	scenario({
		name: "flapping-both-slow",
		suite,
		title:
			"Both are slow: a checker without a last resort shuts the service down",
		story:
			"An hour of spam makes both backends slow. Each is serving, and each is found dead: nothing is marked any more, and the router refuses all clients.",
		trap: "A checker may take the last backend out: the service is then refused, though both backends would have served it slowly.",
		setup: recipeSetup({ healthCheck: recipeHealthCheck() }),
		steps: [
			at(500, backend("b1", { kind: "slow", delayMs: 1000 })),
			at(500, backend("b2", { kind: "slow", delayMs: 1000 })),
			at(6000, connect(20, { everyMs: 100, label: "later" })),
		],
		expect: [
			gatewayAnswered("rst", 20),
			outcomes("refused", 20, { step: "later" }),
		],
	}),
	scenario({
		name: "flapping-both-slow-last-resort",
		suite,
		title: "The same with a checker that never takes the last one out",
		story:
			"Whichever is found dead second stays in service: slow mail is better than none.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck({ neverAllDead: true }),
		}),
		steps: [
			at(500, backend("b1", { kind: "slow", delayMs: 1000 })),
			at(500, backend("b2", { kind: "slow", delayMs: 1000 })),
			at(6000, connect(20, { everyMs: 100, label: "later" })),
		],
		expect: [
			gatewayAnswered("*", 0),
			outcomes("completed", 20, { step: "later" }),
		],
	}),
];
