/**
 * Who may import what: the architecture page as data. Tests may import more, and what they import
 * is not looked at.
 */

/** What a room may import besides itself. */
export interface Room {
	/** Rooms, or single files of them: values and types. */
	readonly from: readonly string[];
	/** Rooms, of which it may see the types alone. */
	readonly typesFrom: readonly string[];
	/** Packages. */
	readonly packages: readonly string[];
	/** May it speak to the machine (`node:*`)? */
	readonly node: boolean;
}

/** By the first folder of the path, or the first two; "" is the top level. */
export const ROOMS: Readonly<Record<string, Room>> = {
	sim: { from: [], typesFrom: [], packages: ["ts-pattern"], node: false },
	scenarios: {
		from: ["sim"],
		typesFrom: [],
		packages: ["ts-pattern", "valibot", "jiti", "fast-check", "@noble/hashes"],
		node: true,
	},
	lab: {
		from: ["sim", "scenarios"],
		typesFrom: [],
		packages: ["ts-pattern", "valibot", "dockerode", "tar-stream"],
		node: true,
	},
	reports: {
		// What is lost and what is late has one meaning, and a command one spelling.
		from: [
			"scenarios/result/serving.ts",
			"scenarios/result/finding.ts",
			"scenarios/result/groups.ts",
			"scenarios/result/assumed.ts",
			"scenarios/result/invocation.ts",
		],
		typesFrom: ["sim", "scenarios", "lab"],
		packages: ["ts-pattern", "sarif"],
		node: true,
	},
	// Runs in a browser, and knows nothing but the contract and its words.
	"reports/page": {
		from: ["reports/wording.ts"],
		typesFrom: ["reports"],
		packages: ["chart.js", "chartjs-plugin-annotation", "preact"],
		node: false,
	},
	// Writes the page that has the engine in it.
	explore: {
		from: ["reports/formats/html-document.ts"],
		typesFrom: ["explore/engine"],
		packages: [],
		node: true,
	},
	// Runs in a browser: a scenario that is played while it grows.
	"explore/engine": {
		from: ["sim", "scenarios", "reports/build/build-verdict.ts"],
		typesFrom: ["reports"],
		packages: [],
		node: false,
	},
	"explore/page": {
		from: [
			"explore/engine",
			"reports/page/entry/rule-table.tsx",
			"reports/page/entry/way.tsx",
			"reports/page/verdict.tsx",
			"reports/page/parts/colours.ts",
			"reports/page/parts/format.ts",
			"reports/page/parts/tabs.tsx",
			"reports/wording.ts",
		],
		typesFrom: ["sim", "scenarios", "reports"],
		packages: ["preact"],
		node: false,
	},
	// The library that users import.
	"": {
		from: ["sim", "scenarios", "lab", "reports"],
		typesFrom: [],
		packages: ["vitest"],
		node: true,
	},
	cli: {
		from: [
			"",
			"sim",
			"scenarios",
			"lab",
			"reports",
			"explore",
			"explore/engine",
		],
		typesFrom: [],
		packages: ["ts-pattern", "commander", "tinyglobby", "valibot", "dockerode"],
		node: true,
	},
	// Made when the package is built, and no part of it.
	schemas: {
		from: ["scenarios", "lab", "cli"],
		typesFrom: [],
		packages: ["valibot", "@valibot/to-json-schema"],
		node: true,
	},
	bench: {
		from: ["", "sim", "scenarios", "lab"],
		typesFrom: [],
		packages: [],
		node: true,
	},
};

/**
 * Inside of `sim`, the folders whose values a folder may use besides its own and the files at the
 * top of `sim`. Types are free: a contract may be spoken of from both of its sides.
 */
export const SIM_FOLDERS: Readonly<Record<string, readonly string[]>> = {
	packet: [],
	chance: [],
	clock: [],
	// Names of kernels and programs, and in what they differ.
	linux: [],
	// What rooms exchange.
	contract: ["packet"],
	extension: ["packet", "contract", "linux"],
	conntrack: ["packet", "contract", "chance", "linux"],
	// Where packets go: the stack asks, and netfilter where a rule changes what the gateway itself sends.
	routing: ["packet", "contract"],
	matches: ["packet", "contract", "extension", "conntrack"],
	targets: ["packet", "contract", "extension", "conntrack"],
	ruleset: ["packet", "contract", "linux", "extension", "matches", "targets"],
	// Of extensions it needs names alone: those of protocols and services.
	sets: ["packet", "contract", "linux", "extension"],
	script: [
		"packet",
		"contract",
		"linux",
		"extension",
		"matches",
		"targets",
		"ruleset",
	],
	netfilter: [
		"packet",
		"contract",
		"linux",
		"routing",
		"extension",
		"conntrack",
		"matches",
		"targets",
		"ruleset",
	],
	gateway: [
		"packet",
		"contract",
		"linux",
		"chance",
		"clock",
		"routing",
		"extension",
		"conntrack",
		"matches",
		"targets",
		"ruleset",
		"sets",
		"netfilter",
	],
	// What stands around a gateway knows of it what its types say, so that a kernel can take its place.
	endpoint: ["packet", "contract", "chance", "clock"],
	// Of extensions it needs names alone: those of users and groups.
	world: ["packet", "contract", "chance", "clock", "extension", "endpoint"],
};

/** Folders of `sim` that know nobody, not even by a type. */
export const SIM_GROUND = ["packet", "chance", "clock"];

/** A scenario is data, and a judge drives nothing: neither speaks to the machine. */
export const PURE_FOLDERS = ["sim", "scenarios/language"];

/** What must not be used there, whole or any part of it: the same choices have to give the same account. */
const IMPURE: ReadonlySet<string> = new Set([
	"Date",
	"Math.random",
	"console",
	"process",
	"performance",
	"crypto",
	"fetch",
	"setTimeout",
	"setInterval",
	"setImmediate",
	"queueMicrotask",
	"Buffer",
	"require",
]);

/** What is pure all the same: it turns a written date into a number. */
const PURE: ReadonlySet<string> = new Set(["Date.UTC"]);

/** @param name `fetch`, `Math.random` */
export function isImpure(name: string): boolean {
	const [whole = ""] = name.split(".");
	return (IMPURE.has(name) || IMPURE.has(whole)) && !PURE.has(name);
}
