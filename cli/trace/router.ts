/** What the command line says of the router → a gateway with the ruleset loaded. */
import { withRouting } from "../../scenarios/analysis/world/assume-world.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import { RECIPE_GATEWAY } from "../../scenarios/language/build/build.ts";
import { setUpOperations } from "../../scenarios/run/set-up.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import type {
	GatewaySetup,
	InterfaceSetup,
	Operation,
	RouteSetup,
	TraceSink,
} from "../../sim/contract/gateway.ts";
import { SetupError } from "../../sim/contract/setup-error.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { Assumptions } from "../../sim/extension/assumed.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { parseRules, restoreForm } from "../../sim/script/check-rules.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import type { RulesAndWorld } from "../options/world-options.ts";
import { InputError } from "../screen/input-error.ts";
import { sayNotes } from "../screen/say-notes.ts";
import type { Assignment, TraceOptions } from "./options.ts";

/** @throws InputError, RulesetError, SetupError */
export function routerWith(
	{ rules, given, capture }: RulesAndWorld,
	options: TraceOptions,
	sink: TraceSink,
): {
	readonly gateway: ModelGateway;
	readonly setup: GatewaySetup;
	/** What is assumed of matches that the model does not know. */
	readonly assumptions: Assumptions;
	/** What the machine told and this router leaves out: a sentence each. */
	readonly refused: readonly string[];
} {
	// All of its faults, before anything is loaded.
	const linux = options.linux ?? given.linux ?? DEFAULT_LINUX;
	const { ruleset, notes } = parseRules(rules.text, {
		file: rules.name,
		linux,
	});
	sayNotes(notes);
	mustBeInRules(options.assume, [ruleset]);
	const { setup, refused } = withRouting(setupOf(options, given), given);
	const assumptions = assumptionsOf(options);
	const gateway = gatewayOf(setup, {
		choice: seededChoice(options.seed),
		trace: sink,
		assume: assumptions,
	});
	const loaded = {
		name: rules.name,
		text: restoreForm(rules.text, rules.name, linux).text,
	};
	for (const { name, value } of options.condition)
		if (!/^[01]/.test(value))
			throw new InputError(
				`--condition ${name}=${value}: a kernel heeds nothing but a first character that is 0 or 1`,
			);
	const conditions = Object.fromEntries(
		options.condition.map(({ name, value }) => [name, value]),
	);
	for (const { operation } of setUpOperations({
		ruleset: loaded,
		conditions,
	})) {
		const outcome = gateway.operate(operation);
		if (outcome.ok) continue;
		throw operation.kind === "condition"
			? conditionError(gateway, operation, rules.name)
			: refusal(outcome.message);
	}
	for (const [name, value] of Object.entries(capture?.conditions ?? {})) {
		// The rules may have been edited since, so that none names it.
		const isThere = name in gateway.observe().conditions;
		if (isThere && !(name in conditions))
			gateway.operate({ kind: "condition", name, write: `${value}` });
	}
	return { gateway, setup, assumptions, refused };
}

/** It may show the line that is refused, below what is wrong with it. */
function refusal(message: string): InputError {
	const [what = "", ...shown] = message.split("\n");
	return new InputError(
		what,
		shown.map((line) => line.replace(/^ {2}/, "")),
	);
}

/** @throws InputError where both ways are meant: a packet takes one */
function assumptionsOf({ assume = new Map() }: TraceOptions): Assumptions {
	for (const [key, value] of assume)
		if (value === "either")
			throw new InputError(
				`--assume ${key}=either: a packet that is traced goes one way`,
				`Say which: --assume ${key}=yes, or no.`,
			);
	return new Assumptions(Object.fromEntries(assume));
}

/** @throws InputError that names the option, where a setting is wrong */
function gatewayOf(
	setup: GatewaySetup,
	ports: ConstructorParameters<typeof ModelGateway>[1],
): ModelGateway {
	try {
		return new ModelGateway(setup, ports);
	} catch (error) {
		if (!(error instanceof SetupError) || error.sysctl === null) throw error;
		const { message, sysctl } = error;
		throw new InputError(
			`--sysctl ${sysctl}=${setup.sysctls[sysctl]}: ${message}`,
		);
	}
}

function setupOf(options: TraceOptions, given: GivenWorld): GatewaySetup {
	const interfaces =
		options.address.length > 0
			? interfacesOf(options.address)
			: (given.interfaces ?? RECIPE_GATEWAY.interfaces);
	mustBeOnce("--route", options.route);
	// Routes lead over interfaces that were told with them.
	const told = interfaces === given.interfaces ? (given.routes ?? []) : [];
	return {
		...RECIPE_GATEWAY,
		...(given.linux === undefined ? {} : { linux: given.linux }),
		...(given.sets === undefined ? {} : { sets: given.sets }),
		...(given.geoip === undefined ? {} : { geoip: given.geoip }),
		interfaces,
		routes: [...options.route.map(readRoute), ...told],
		sysctls: {
			...RECIPE_GATEWAY.sysctls,
			...(interfaces === given.interfaces ? given.sysctls : {}),
			...Object.fromEntries(options.sysctl.map(readSysctl)),
		},
	};
}

/** @throws InputError for what is given twice, of which a router takes one */
function mustBeOnce(option: string, given: readonly string[]): void {
	const twice = given.find((one, index) => given.indexOf(one) < index);
	if (twice !== undefined)
		throw new InputError(`${option} ${twice} is given twice`, "Say it once.");
}

function interfacesOf(
	addresses: readonly Assignment[],
): readonly InterfaceSetup[] {
	const byName = new Map<string, string[]>();
	mustBeOnce(
		"--address",
		addresses.map(({ name, value }) => `${name}=${value}`),
	);
	for (const { name, value } of addresses)
		byName.set(name, [...(byName.get(name) ?? []), value]);
	return [...byName].map(([name, addresses]) => ({
		name,
		addresses,
		mtu: 1500,
	}));
}

/** `default via A dev IF`, `N/len dev IF`. */
function readRoute(text: string): RouteSetup {
	const found = /^(\S+)(?:\s+via\s+(\S+))?\s+dev\s+(\S+)$/.exec(text.trim());
	const [, destination, via, name] = found ?? [];
	if (destination === undefined || name === undefined)
		throw new InputError(
			`--route "${text}" cannot be read`,
			"Write it as '0.0.0.0/0 via 10.0.0.254 dev bond0.204'.",
		);
	return {
		destination: destination === "default" ? "0.0.0.0/0" : destination,
		via: via ?? null,
		interface: name,
	};
}

function readSysctl({ name, value }: Assignment): readonly [string, number] {
	const number = Number(value);
	if (value === "" || !Number.isInteger(number))
		throw new InputError(`--sysctl ${name}=${value}: not a whole number`);
	return [name.replace(/^net[./]/, ""), number];
}

function conditionError(
	gateway: ModelGateway,
	{ name, write }: Operation & { readonly kind: "condition" },
	file: string,
): InputError {
	const names = Object.keys(gateway.observe().conditions);
	const meant = nearest(name, names);
	return new InputError(
		`--condition ${name}=${write}: no rule of ${file} names the condition ${name}`,
		meant
			? `Did you mean ${meant}?`
			: names.length === 0
				? "None of its rules has -m condition."
				: `Its rules name ${names.join(", ")}.`,
	);
}
