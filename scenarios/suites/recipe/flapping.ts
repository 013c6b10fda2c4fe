import {
	at,
	avoided,
	backend,
	conditionIs,
	connect,
	evenSplit,
	observe,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	repeat,
	scenario,
} from "../../language/build.ts";

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
		],
	}),
	scenario({
		name: "flapping-with-fall",
		suite,
		title: "Fall 3: a stumble is not a fall",
		story:
			"The same backend with a checker that wants three bad probes in a row. No failover happens. The price: whoever comes while backend 1 refuses is refused, and learns it at once.",
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
			"Backend 1 is up for one probe in four. With rise 3 it stays out of service; nobody is sent to it in its short good moments.",
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
];
