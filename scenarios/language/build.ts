/**
 * Typed builders of scenarios: what they return is plain data, and what they are not told has a
 * sensible value.
 *
 *     export default scenario({
 *       name: "b1-dead",
 *       title: "Backend 1 is dead",
 *       setup: recipeSetup(),
 *       steps: [at(0, setCondition("mail1up", "1")), at(10, connect(4, { everyMs: 50 }))],
 *       expect: [order(["b2", "b2", "b2", "b2"])],
 *     });
 */
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { HealthCheckSettings } from "../../sim/endpoint/health-checker.ts";
import type { GatewaySetup } from "../../sim/gateway/gateway.ts";
import type { BackendSetup, ClientSetup } from "../../sim/world/setup.ts";
import type {
	Expectation,
	RulesetSource,
	Scenario,
	ScenarioStep,
	Setup,
} from "./scenario.ts";

export * from "./build-expect.ts";
export * from "./build-operations.ts";
export * from "./build-steps.ts";

/** Long enough for what was begun by the last step to come to its end, a client's patience included. */
const AFTER_LAST_STEP_MS = 60_000;

/** A scenario; steps may come in lists, as `at` returns them, and are put in the order of their times. */
export function scenario(given: {
	readonly name: string;
	readonly title: string;
	readonly setup: Setup;
	readonly steps: readonly (ScenarioStep | readonly ScenarioStep[])[];
	readonly expect: readonly Expectation[];
	/** `own` when nothing is said. */
	readonly suite?: string;
	readonly story?: string;
	readonly trap?: string | null;
	/** A minute after the last step when nothing is said; a `connect` step ends with its last connection. */
	readonly endMs?: number;
}): Scenario {
	const { suite = "own", story = "", trap = null } = given;
	const steps = given.steps.flat().sort((a, b) => a.atMs - b.atMs);
	const lastMs = steps.reduce((last, step) => Math.max(last, endOf(step)), 0);
	return {
		name: given.name,
		suite,
		title: given.title,
		story,
		trap,
		setup: given.setup,
		steps,
		expect: given.expect,
		endMs: given.endMs ?? lastMs + AFTER_LAST_STEP_MS,
	};
}

/** Standard deviations that Poisson arrivals may take longer than on average: more than chance does in a lifetime. */
const LATE_ARRIVALS = 5;

/** When the last thing that a step does begins. */
function endOf(step: ScenarioStep): number {
	if (step.kind !== "connect") return step.atMs;
	const { count, arrivals } = step;
	switch (arrivals.kind) {
		case "at-once":
			return step.atMs;
		case "every":
			return step.atMs + count * arrivals.intervalMs;
		case "poisson": {
			const most = count + LATE_ARRIVALS * Math.sqrt(count);
			return step.atMs + Math.ceil((most / arrivals.perSecond) * 1_000);
		}
	}
}

/** The interfaces of the recipe's router: clients are on the outer one, backends on the inner one. */
export const OUTSIDE = "bond0.204";
export const INSIDE = "bond0.205";

/** The recipe's router: 10.0.0.1/8 outside, 192.168.0.254/24 inside, forwarding. */
export const RECIPE_GATEWAY: GatewaySetup = {
	interfaces: [
		{ name: OUTSIDE, addresses: ["10.0.0.1/8"], mtu: 1500 },
		{ name: INSIDE, addresses: ["192.168.0.254/24"], mtu: 1500 },
	],
	routes: [],
	sysctls: { "ipv4.ip_forward": 1 },
	listeners: [],
	epochMs: Date.UTC(2026, 0, 1),
};

export interface RecipeOverrides {
	/** A file beside the scenario, or a text; `recipe.rules` when nothing is said. */
	readonly ruleset?: string | RulesetSource;
	readonly clients?: readonly ClientSetup[];
	readonly backends?: readonly BackendSetup[];
	/** Other addresses that answer ARP: the next hop of a route, or whoever packets by hand go to. */
	readonly neighbours?: NonNullable<Setup["neighbours"]>;
	/** Of the backends named so; the others are up. */
	readonly behaviour?: Readonly<Record<string, BackendBehaviour>>;
	readonly healthCheck?: HealthCheckSettings | null;
	/** Written after the ruleset was loaded: `{ mail1up: "1" }`. */
	readonly conditions?: Readonly<Record<string, string>>;
	/** Besides forwarding. */
	readonly sysctls?: Readonly<Record<string, number>>;
	/** Instead of parts of the recipe's router. */
	readonly gateway?: Partial<GatewaySetup>;
	readonly service?: Setup["service"];
	readonly seed?: number;
}

/** The setting of the recipe: its router, client c1 at 10.0.0.10, backends b1 and b2. */
export function recipeSetup(overrides: RecipeOverrides = {}): Setup {
	const { ruleset = "recipe.rules", behaviour = {} } = overrides;
	const backends = overrides.backends ?? [
		backendAt("b1", "192.168.0.1"),
		backendAt("b2", "192.168.0.2"),
	];
	return {
		service: overrides.service ?? { address: "10.0.0.1", port: 25 },
		clients: overrides.clients ?? [clientAt("c1", "10.0.0.10")],
		backends: backends.map((backend) => ({
			...backend,
			behaviour: behaviour[backend.name] ?? backend.behaviour,
		})),
		...(overrides.neighbours ? { neighbours: overrides.neighbours } : {}),
		healthCheck: overrides.healthCheck ?? null,
		ruleset: typeof ruleset === "string" ? { file: ruleset } : ruleset,
		gateway: {
			...RECIPE_GATEWAY,
			...overrides.gateway,
			sysctls: {
				...RECIPE_GATEWAY.sysctls,
				...overrides.gateway?.sysctls,
				...overrides.sysctls,
			},
		},
		conditions: overrides.conditions ?? {},
		seed: overrides.seed ?? 1,
	};
}

/** A client, outside unless another interface is named. */
export function clientAt(
	name: string,
	address: string,
	more: Partial<ClientSetup> = {},
): ClientSetup {
	return { name, address, interface: OUTSIDE, latencyMs: 1, ...more };
}

/** A backend, inside and up unless more is said. */
export function backendAt(
	name: string,
	address: string,
	more: Partial<BackendSetup> = {},
): BackendSetup {
	return {
		name,
		address,
		interface: INSIDE,
		latencyMs: 1,
		behaviour: { kind: "up" },
		...more,
	};
}

/**
 * The health checker that the recipe leaves to its user: probes b1 and b2 by SMTP from inside every
 * second and writes mail1up and mail2up the way the recipe's rules read them (1 is dead).
 */
export function recipeHealthCheck(
	overrides: Partial<HealthCheckSettings> = {},
): HealthCheckSettings {
	return {
		interface: INSIDE,
		address: "192.168.0.253",
		targets: [
			healthTarget("b1", "192.168.0.1", "mail1up"),
			healthTarget("b2", "192.168.0.2", "mail2up"),
		],
		probe: { kind: "smtp" },
		intervalMs: 1000,
		timeoutMs: 800,
		rise: 2,
		fall: 2,
		initially: "alive",
		writeAtStart: true,
		rewriteMs: null,
		aliveValue: "0",
		deadValue: "1",
		evict: false,
		neverAllDead: false,
		jitterMs: 0,
		...overrides,
	};
}

function healthTarget(backend: string, address: string, condition: string) {
	return { backend, address, port: 25, condition };
}
