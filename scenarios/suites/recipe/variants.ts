import {
	affinity,
	at,
	avoided,
	backendAt,
	connect,
	evenSplit,
	order,
	outcomes,
	pattern,
	recipeSetup,
	scenario,
	setCondition,
	split,
} from "../../language/build/build.ts";

const THREE = [
	backendAt("b1", "192.168.0.1"),
	backendAt("b2", "192.168.0.2"),
	backendAt("b3", "192.168.0.3"),
];
const three = (conditions: Readonly<Record<string, string>> = {}) =>
	recipeSetup({
		ruleset: "three-backends.rules",
		backends: THREE,
		conditions,
	});

/** The recipe for three backends: every third, every second of the rest, the rest. */
export const threeBackends = [
	scenario({
		name: "three-backends-split",
		suite: "three-backends",
		title: "Three backends in turn",
		story:
			"The first rule takes every third connection, the second every second one of those that are left, the third what remains: a third each. The second counter only counts what the first let through, so the numbers are 3 and 2, not 3 and 3.",
		setup: three(),
		steps: [connect(12, { everyMs: 50 })],
		expect: [
			pattern(["b1", "b2", "b3"], 12),
			affinity(),
			outcomes("completed", 12),
		],
	}),
	scenario({
		name: "three-backends-b1-dead",
		suite: "three-backends",
		title: "Backend 1 of three is dead: the other two share evenly",
		story:
			"What rule 2 would have taken comes to the second counter as well, which halves everything.",
		setup: three({ mail1up: "1" }),
		steps: [connect(12, { everyMs: 50 })],
		expect: [pattern(["b2", "b3"], 12), evenSplit(["b2", "b3"])],
	}),
	scenario({
		name: "three-backends-b2-dead",
		suite: "three-backends",
		title: "Backend 2 of three is dead: backend 3 gets all of its share",
		story:
			"The second counter goes on counting and its rule never marks, so its share falls through to the next rule whole: backend 3 has twice the load of backend 1.",
		trap: "A dead backend's share goes to the next one in the chain, not to all that are left.",
		setup: three({ mail2up: "1" }),
		steps: [connect(12, { everyMs: 50 })],
		expect: [
			pattern(["b1", "b3", "b3"], 12),
			split({ b1: 1, b3: 2 }, { exact: true }),
			avoided("b2"),
		],
	}),
	scenario({
		name: "three-backends-b3-dead",
		suite: "three-backends",
		title: "Backend 3 of three is dead: backend 1 gets all of its share",
		story:
			"What reaches the end of the shares falls through to the fallbacks, and the first of them is backend 1.",
		trap: "The fallback rules are tried in order: the first living one takes everything that is left.",
		setup: three({ mail3up: "1" }),
		steps: [connect(12, { everyMs: 50 })],
		expect: [
			pattern(["b1", "b2", "b1"], 12),
			split({ b1: 2, b2: 1 }, { exact: true }),
		],
	}),
	scenario({
		name: "three-backends-one-left",
		suite: "three-backends",
		title: "Only one of three is left: it serves all clients",
		story: "Whichever it is, one of the rules reaches it.",
		setup: three({ mail1up: "1", mail3up: "1" }),
		steps: [
			connect(6, { everyMs: 50, label: "b2 alone" }),
			at(
				1000,
				setCondition("mail2up", "1"),
				setCondition("mail3up", "0"),
				connect(6, { everyMs: 50, label: "b3 alone" }),
			),
			at(
				2000,
				setCondition("mail3up", "1"),
				setCondition("mail1up", "0"),
				connect(6, { everyMs: 50, label: "b1 alone" }),
			),
		],
		expect: [
			order(Array<string>(6).fill("b2"), { step: "b2 alone" }),
			order(Array<string>(6).fill("b3"), { step: "b3 alone" }),
			order(Array<string>(6).fill("b1"), { step: "b1 alone" }),
			outcomes("completed", 18),
		],
	}),
];

const weighted = (conditions: Readonly<Record<string, string>> = {}) =>
	recipeSetup({ ruleset: "weights.rules", conditions });

/** Backend 1 is three times as strong. */
export const weights = [
	scenario({
		name: "weights-3-to-1",
		suite: "weights",
		title: "Weights 3:1 by every fourth",
		story:
			"`--every 4 --packet 3` takes the fourth of each four for backend 2, the rest goes to backend 1.",
		setup: weighted(),
		steps: [connect(16, { everyMs: 50 })],
		expect: [
			pattern(["b1", "b1", "b1", "b2"], 16),
			split({ b1: 3, b2: 1 }, { exact: true }),
			outcomes("completed", 16),
		],
	}),
	scenario({
		name: "weights-strong-one-dead",
		suite: "weights",
		title: "The strong one is dead: the weak one gets four times its load",
		story:
			"Failover has no weights: the backend that is left gets all connections. A backend with a weight of a quarter has to bear all of them.",
		trap: "Weights do not outlive a failover.",
		setup: weighted({ mail1up: "1" }),
		steps: [connect(8, { everyMs: 50 })],
		expect: [pattern(["b2"], 8)],
	}),
	scenario({
		name: "weights-weak-one-dead",
		suite: "weights",
		title: "The weak one is dead: the strong one takes its quarter too",
		story:
			"Every fourth connection passes rule 2 by and is marked 1 by rule 3.",
		setup: weighted({ mail2up: "1" }),
		steps: [connect(8, { everyMs: 50 })],
		expect: [pattern(["b1"], 8)],
	}),
];

/** A coin instead of a counter. */
export const random = [
	scenario({
		name: "random-split",
		suite: "random",
		title: "Random mode is even in the long run only",
		story:
			"`--mode random --probability 0.5` tosses a coin for each connection: no order, and no promise for the next ten. Of 1000 connections each backend gets between 448 and 552, or something is wrong (a right ruleset leaves that range once in a thousand runs).",
		setup: recipeSetup({ ruleset: "random.rules" }),
		steps: [connect(1000, { everyMs: 5 })],
		expect: [
			split({ b1: 1, b2: 1 }, { confidence: 0.999 }),
			affinity(),
			outcomes("completed", 1000),
		],
	}),
	scenario({
		name: "random-failover",
		suite: "random",
		title: "Random mode fails over like nth",
		story: "The coin stands left of the condition, as the counter does.",
		setup: recipeSetup({
			ruleset: "random.rules",
			conditions: { mail1up: "1" },
		}),
		steps: [connect(50, { everyMs: 5 })],
		expect: [avoided("b1"), outcomes("completed", 50)],
	}),
];
