/** The recipe's router and what stands around it, and how a router of one's own differs from it. */
import * as v from "valibot";
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import {
	LINUX_FORMS,
	type Linux,
	parseLinux,
} from "../../../sim/linux/linux.ts";
import type {
	BackendSetup,
	ClientSetup,
} from "../../../sim/world/setup/setup.ts";
import type { GatewaySource, RulesetSource, Setup } from "../scenario.ts";
import { ScenarioError } from "../scenario-error.ts";
import {
	finite,
	oneOf,
	record,
	address as someAddress,
	text,
	whole,
} from "../schema/schema.ts";
import { gatewaySource } from "../schema/schema-gateway.ts";
import { rulesetSource } from "../schema/schema-scenario.ts";
import { behaviour as someBehaviour } from "../schema/schema-steps.ts";
import {
	conditionWrite,
	healthCheck,
	worldEntries,
} from "../schema/schema-world.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** The interfaces of the recipe's router: clients are on the outer one, backends on the inner one. @public */
export const OUTSIDE = "bond0.204";
/** The interface of the recipe's gateway behind which the backends are. @public */
export const INSIDE = "bond0.205";

/** The recipe's router: 10.0.0.1/8 outside, 192.168.0.254/24 inside, forwarding. @public */
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

/**
 * A Linux by the name of a Debian release, `linux("trixie/nft")`, or of versions, `linux("6.12+1.8.9/legacy")`.
 * @throws ScenarioError for a Linux that is not known
 * @public
 */
export function linux(name: string, ...surplus: readonly never[]): Linux {
	checkArguments("linux", v.object({ name: text }), { name }, surplus);
	const found = parseLinux(name);
	if (found === null)
		throw new ScenarioError("invalid", "", [
			{
				path: "linux(…).name",
				message: `there is no Linux "${name}"`,
				remedy: `Write it as ${LINUX_FORMS}.`,
			},
		]);
	return found;
}

/** What `recipeSetup` is given: what differs from the recipe. Times in ms. @public */
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
	readonly gateway?: Partial<GatewaySource>;
	readonly service?: NonNullable<Setup["service"]>;
	/** Instead of the recipe's service, where `service` is left out; besides it, where it is given. */
	readonly services?: NonNullable<Setup["services"]>;
	/** Matches that the model does not know: `{ "set:blocked": "no" }`. */
	readonly assume?: NonNullable<Setup["assume"]>;
	readonly seed?: number;
}

const recipeArguments = v.object({
	options: options<RecipeOverrides>({
		ruleset: v.lazy((given) =>
			typeof given === "string" ? text : rulesetSource,
		),
		clients: worldEntries.clients,
		backends: worldEntries.backends,
		neighbours: v.unwrap(worldEntries.neighbours),
		behaviour: record(someBehaviour),
		healthCheck: v.nullable(healthCheck),
		conditions: record(conditionWrite),
		sysctls: record(finite),
		gateway: options<GatewaySource>(gatewaySource.entries),
		service: v.unwrap(worldEntries.service),
		services: v.unwrap(worldEntries.services),
		assume: record(oneOf(["yes", "no", "either"])),
		seed: whole(0, Number.MAX_SAFE_INTEGER),
	}),
});

/**
 * The setup of the recipe: its gateway, client c1 at 10.0.0.10, backends b1 and b2.
 * @throws ScenarioError where `behaviour` names a backend that there is not
 * @public
 */
export function recipeSetup(
	overrides: RecipeOverrides = {},
	...surplus: readonly never[]
): Setup {
	checkArguments(
		"recipeSetup",
		recipeArguments,
		{ options: overrides },
		surplus,
	);
	const { ruleset = "recipe.rules" } = overrides;
	const behaviour = new Map(Object.entries(overrides.behaviour ?? {}));
	const backends = overrides.backends ?? [
		backendAt("b1", "192.168.0.1"),
		backendAt("b2", "192.168.0.2"),
	];
	const names = backends.map(({ name }) => name);
	for (const name of behaviour.keys())
		if (!names.includes(name)) throw noSuchBackend(name, names);
	return {
		...servicesFor(overrides),
		clients: overrides.clients ?? [clientAt("c1", "10.0.0.10")],
		backends: backends.map((backend) => ({
			...backend,
			behaviour: behaviour.get(backend.name) ?? backend.behaviour,
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
		...(overrides.assume ? { assume: overrides.assume } : {}),
	};
}

/** The recipe's service stands unless others are given in its place. */
function servicesFor({
	service,
	services,
}: RecipeOverrides): Pick<Setup, "service" | "services"> {
	if (services === undefined)
		return { service: service ?? { address: "10.0.0.1", port: 25 } };
	return service === undefined ? { services } : { service, services };
}

function noSuchBackend(name: string, names: readonly string[]): ScenarioError {
	return new ScenarioError("invalid", "", [
		{
			path: `recipeSetup(…).behaviour.${name}`,
			message: `no backend "${name}"; backends are: ${names.join(", ")}`,
			remedy: "Name one of `backends`.",
		},
	]);
}

const clientArguments = v.object({
	name: text,
	address: someAddress,
	options: options<ClientSetup>(worldEntries.clients.item.entries),
});

/** A client, outside unless another interface is named. @public */
export function clientAt(
	name: string,
	address: string,
	more: Partial<ClientSetup> = {},
	...surplus: readonly never[]
): ClientSetup {
	checkArguments(
		"clientAt",
		clientArguments,
		{
			name,
			address,
			options: more,
		},
		surplus,
	);
	return { name, address, interface: OUTSIDE, latencyMs: 1, ...more };
}

const backendArguments = v.object({
	name: text,
	address: someAddress,
	options: options<BackendSetup>(worldEntries.backends.item.entries),
});

/** A backend, inside and up unless more is said. @public */
export function backendAt(
	name: string,
	address: string,
	more: Partial<BackendSetup> = {},
	...surplus: readonly never[]
): BackendSetup {
	checkArguments(
		"backendAt",
		backendArguments,
		{
			name,
			address,
			options: more,
		},
		surplus,
	);
	return {
		name,
		address,
		interface: INSIDE,
		latencyMs: 1,
		behaviour: { kind: "up" },
		...more,
	};
}

const healthCheckArguments = v.object({
	options: options<HealthCheckSettings>(healthCheck.entries),
});

/**
 * The health checker that the recipe leaves to its user: probes b1 and b2 by SMTP from inside every
 * second and writes mail1up and mail2up the way the recipe's rules read them (1 is dead).
 * @public
 */
export function recipeHealthCheck(
	overrides: Partial<HealthCheckSettings> = {},
	...surplus: readonly never[]
): HealthCheckSettings {
	checkArguments(
		"recipeHealthCheck",
		healthCheckArguments,
		{
			options: overrides,
		},
		surplus,
	);
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
