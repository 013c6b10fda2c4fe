/** What a user begins with: two scenarios, as text. */
export const RECIPE_SCENARIO = `import {
	at,
	avoided,
	backend,
	connect,
	evenSplit,
	outcomes,
	recipeHealthCheck,
	recipeSetup,
	scenario,
} from "marktwin";

export default [
	scenario({
		name: "both-in-turn",
		title: "Connections go to the two backends in turn",
		setup: recipeSetup({ ruleset: { file: "recipe.rules" } }),
		steps: [connect(10, { everyMs: 100 })],
		expect: [evenSplit(["b1", "b2"]), outcomes("completed", 10)],
	}),
	scenario({
		name: "backend-dies",
		title: "Backend 1 dies: within some seconds all connections go to backend 2",
		setup: recipeSetup({
			ruleset: { file: "recipe.rules" },
			// Probes every backend, and writes the conditions that the rules read.
			healthCheck: recipeHealthCheck({ intervalMs: 1_000, fall: 3 }),
		}),
		steps: [
			connect(200, { everyMs: 100 }),
			at(5_000, backend("b1", "refuse")),
		],
		expect: [
			evenSplit(["b1", "b2"], { toMs: 5_000 }),
			avoided("b1", { fromMs: 10_000, because: "the checker has seen it fail" }),
			outcomes("lost", 0, { fromMs: 10_000, because: "backend 2 serves them" }),
		],
	}),
];
`;
