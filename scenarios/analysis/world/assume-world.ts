/**
 * The machine around a ruleset, of what rules name and what the machine itself told. What neither says is
 * assumed, so that connections from clients reach services, and those to backends reach backends.
 */

import { interfaceInName } from "../../../sim/conntrack/settings/sysctl-name.ts";
import type { GatewaySetup } from "../../../sim/contract/gateway.ts";
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { tryIpCommands } from "../../../sim/routing/iproute/try-commands.ts";
import { Routes } from "../../../sim/routing/routes.ts";
import { AddressPlan, MTU } from "./address-plan.ts";
import type { AssumedWorld, Assumption, GivenWorld } from "./assumed-world.ts";
import { type Assuming, giveAddresses } from "./give-addresses.ts";
import {
	goesOut,
	interfacesOf,
	type Roles,
	resolved,
	rolesOf,
	sideOf,
} from "./interface-roles.ts";
import { routeBackends, routeDefault } from "./route-backends.ts";
import { type RuleFacts, ruleFacts } from "./rule-facts.ts";
import { type Interval, intervalOf, rulesMet } from "./rule-flow.ts";

/** Rules that ask for the time of day have an open answer, so it does not matter which it is. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/**
 * The gateway around a ruleset. `ModelGateway` takes its `setup`, whatever the ruleset is.
 * @param given what the machine told; `NOTHING_GIVEN`: the ruleset is all there is
 */
export function assumeWorld(ruleset: Ruleset, given: GivenWorld): AssumedWorld {
	const assumptions: Assumption[] = [];
	const { assume = {} } = given;
	const assuming =
		given.interfaces === null
			? fromRules(ruleset, assumptions)
			: aroundMachine(ruleset, given, assumptions);
	const { plan, roles } = assuming;
	const setup: GatewaySetup = {
		interfaces: plan.interfaces,
		routes: plan.routes,
		sysctls: sysctlsOf(ruleset, assuming, given.sysctls),
		...(given.linux === undefined ? {} : { linux: given.linux }),
		...(given.sets === undefined ? {} : { sets: given.sets }),
		...(given.geoip === undefined ? {} : { geoip: given.geoip }),
		listeners: [],
		epochMs: EPOCH_MS,
	};
	const { setup: routed, refused } = withRouting(setup, given);
	return {
		setup: routed,
		assume,
		assumptions: [
			...assumptions,
			...Object.entries(assume).map(([key, value]) => ({
				kind: "match" as const,
				text: `${key}=${value}`,
				because: "--assume says so",
				given: "",
			})),
		],
		markRoutes: given.markRoutes ?? [],
		areAddressesTold: given.interfaces !== null && given.hasAddresses === true,
		isRoutingTold:
			given.interfaces !== null &&
			given.routes !== null &&
			given.hasRoutingRules === true,
		clientInterfaces: roles.clients,
		notes: [...given.notes, ...refused, ...missing(assuming)],
	};
}

/** A gateway with those commands of the machine that work on it, and a sentence for each that does not. */
export function withRouting(
	setup: GatewaySetup,
	given: Pick<GivenWorld, "ip">,
): { readonly setup: GatewaySetup; readonly refused: readonly string[] } {
	const { tried } = tryIpCommands(new Routes(setup), given.ip ?? []);
	const ip = tried.flatMap(({ command, message }) =>
		message === null ? [command] : [],
	);
	return {
		setup: ip.length === 0 ? setup : { ...setup, ip },
		refused: tried.flatMap(({ command, message }) =>
			message === null ? [] : [`Left out: \`${command}\`: ${message}`],
		),
	};
}

/** Interfaces of rules that no packet meets, since the machine has none of them. */
function missing({ facts, plan, isKnown }: Assuming): readonly string[] {
	const names = ["lo", ...plan.interfaces.map(({ name }) => name)];
	const found = facts.interfaces.filter((one) => {
		return one !== "+" && resolved([one], names).length === 0;
	});
	return isKnown && found.length > 0
		? [`The router has no interface ${found.join(", ")}, which rules name.`]
		: [];
}

function aroundMachine(
	ruleset: Ruleset,
	{ interfaces, routes }: GivenWorld,
	assumptions: Assumption[],
): Assuming {
	const some = interfaces ?? [];
	const names = some.map(({ name }) => name);
	const facts = factsAmong(ruleFacts(ruleset), names);
	const known = routes?.find(({ destination }) => destination === "0.0.0.0/0");
	const roles = rolesOf(facts, names, known?.interface ?? null);
	const outer =
		roles.outer ??
		some.find(({ addresses }) => addresses.length > 0)?.name ??
		null;
	const assuming: Assuming = {
		facts,
		roles: withOuter(roles, outer, facts),
		plan: new AddressPlan(some, namedIn(ruleset, facts)),
		isKnown: true,
		assume: (one) => assumptions.push(one),
		inner: { name: null },
		innerBecause: () => null,
	};
	if (routes !== null) assuming.plan.addRoutes(routes);
	else {
		routeBackends(assuming);
		routeDefault(assuming);
	}
	return assuming;
}

function fromRules(ruleset: Ruleset, assumptions: Assumption[]): Assuming {
	const assume = (one: Assumption) => assumptions.push(one);
	const ofRules = ruleFacts(ruleset);
	const named = interfacesOf(ofRules.interfaces);
	const facts = factsAmong(ofRules, named);
	const found = rolesOf(facts, named, null);
	const outer = found.outer ?? freshName("wan", named);
	const names = found.outer === null ? [...named, outer] : named;
	const plan = new AddressPlan(
		names.map((name) => ({ name, addresses: [], mtu: MTU })),
		namedIn(ruleset, facts),
	);
	assumeInterfaces(facts, named, found.outer === null ? outer : null, assume);
	const inner: Assuming["inner"] = { name: found.inner };
	const innerBecause = (because: string) => {
		if (inner.name !== null) return inner.name;
		inner.name = freshName("lan", names);
		plan.addInterface(inner.name);
		assume({
			kind: "interface",
			text: `there is an interface ${inner.name}, with hosts inside`,
			because,
			given: "--addresses",
		});
		return inner.name;
	};
	const roles = comesFromInside(facts, named, found)
		? {
				...found,
				outer,
				clients: [
					innerBecause(
						"no rule says by which interface they come whose connections leave translated",
					),
					...found.clients,
				],
			}
		: withOuter(found, outer, facts);
	const assuming: Assuming = {
		facts: goesOut(facts) ? withInsiders(facts, roles) : facts,
		roles,
		isKnown: false,
		plan,
		assume,
		inner,
		innerBecause,
	};
	giveAddresses(assuming);
	routeBackends(assuming);
	routeDefault(assuming);
	return assuming;
}

/** Connections leave translated, and by none of the interfaces that rules name can they have come. */
function comesFromInside(
	facts: RuleFacts,
	names: readonly string[],
	{ clients }: Roles,
): boolean {
	const outside = resolved(facts.masqueraded, names);
	const areAllOutside =
		facts.marksAnywhere && names.every((name) => outside.includes(name));
	return (
		goesOut(facts) &&
		facts.masqueraded.length > 0 &&
		(clients.length === 0 || areAllOutside)
	);
}

/** Networks whose connections leave translated are where connections come from, unless rules place them elsewhere. */
function withInsiders(facts: RuleFacts, { clients, outer }: Roles): RuleFacts {
	const [inside, ...more] = clients.filter((name) => name !== outer);
	if (inside === undefined || more.length > 0) return facts;
	const found = facts.leaving
		.filter((one) => sideOf(facts, one) === null)
		.map((one) => ({ ...one, interface: inside }));
	return { ...facts, behind: [...facts.behind, ...found] };
}

/** @param outer where it is made up */
function assumeInterfaces(
	{ interfaces }: RuleFacts,
	names: readonly string[],
	outer: string | null,
	assume: Assuming["assume"],
): void {
	for (const [pattern, name] of standIns(interfaces, names))
		assume({
			kind: "interface",
			text: `there is an interface ${name}`,
			because: `rules name ${pattern}, and no other interface begins so`,
			given: "--addresses",
		});
	if (outer !== null)
		assume({
			kind: "interface",
			text: `there is an interface ${outer}, by which clients come`,
			because: "no rule says by which interface they do",
			given: "--addresses",
		});
	assume({
		kind: "interface",
		text: `each interface has an MTU of ${MTU}`,
		because: "rules do not tell it",
		given: "--addresses",
	});
}

function withOuter(
	roles: Roles,
	outer: string | null,
	{ clientsAnywhere }: RuleFacts,
): Roles {
	const isAdded =
		outer !== null &&
		!roles.clients.includes(outer) &&
		(clientsAnywhere || roles.clients.length === 0);
	return {
		...roles,
		clients: isAdded ? [outer, ...roles.clients] : roles.clients,
		outer,
	};
}

/** What is behind interfaces that are there, by their own names. */
function factsAmong(facts: RuleFacts, names: readonly string[]): RuleFacts {
	return {
		...facts,
		behind: facts.behind.flatMap((one) => {
			const [name] = resolved([one.interface], names);
			return name === undefined ? [] : [{ ...one, interface: name }];
		}),
	};
}

function freshName(stem: string, names: readonly string[]): string {
	for (let number = 0; ; number++) {
		const name = `${stem}${number}`;
		if (!names.includes(name)) return name;
	}
}

/** Patterns, each with the interface that stands for it. */
function standIns(
	named: readonly string[],
	names: readonly string[],
): readonly (readonly [pattern: string, name: string])[] {
	return named.flatMap((pattern) => {
		const [name] = resolved([pattern], names);
		return name === undefined || named.includes(name)
			? []
			: [[pattern, name] as const];
	});
}

/** Addresses of rules, which nothing that is assumed may have, and which may be clients'. */
function namedIn(
	{ tables }: Ruleset,
	{ backends, services, sources }: RuleFacts,
): readonly Interval[] {
	const rules: readonly Rule[] = tables.flatMap(({ chains }) =>
		chains.flatMap((chain) => chain.rules),
	);
	const hosts = rules.flatMap(({ header }) =>
		[header.source, header.destination].flatMap((one) => {
			const interval = intervalOf(one);
			return interval !== null && interval[0] === interval[1] ? [interval] : [];
		}),
	);
	return [
		...hosts,
		...[...backends, ...services, ...sources].map(({ interval }) => interval),
	];
}

const LOOPBACK: Interval = [0x7f00_0000, 0x7fff_ffff];

/** The line of a rule that translates what the gateway itself sends to 127.0.0.0/8; `null`: there is none. */
function leavesFromLoopback({ tables }: Ruleset): number | null {
	const nat = tables.find(({ name }) => name === "nat");
	if (nat === undefined) return null;
	const found = rulesMet(nat).find(
		({ way, ends }) =>
			way.hooks.has("OUTPUT") &&
			ends.translatesDestination &&
			way.destinations?.every(
				([least, greatest]) => least >= LOOPBACK[0] && greatest <= LOOPBACK[1],
			),
	);
	return found?.rule.line ?? null;
}

/** Redirects tell a host of a shorter way. They change no packet's way, and are not modelled. */
function sysctlsOf(
	ruleset: Ruleset,
	{ plan, assume }: Assuming,
	given: GivenWorld["sysctls"],
): Readonly<Record<string, number>> {
	const redirects = ["all", ...plan.interfaces.map(({ name }) => name)].map(
		(who) => [`ipv4.conf.${interfaceInName(who)}.send_redirects`, 0] as const,
	);
	const isForwarding = "ipv4.ip_forward" in given;
	if (!isForwarding)
		assume({
			kind: "sysctl",
			text: "net.ipv4.ip_forward is 1",
			because: "nothing reaches a backend without it",
			given: "--capture",
		});
	const isLocalnetGiven = Object.keys(given).some((name) =>
		name.endsWith(".route_localnet"),
	);
	const line = isLocalnetGiven ? null : leavesFromLoopback(ruleset);
	if (line !== null)
		assume({
			kind: "sysctl",
			text: "net.ipv4.conf.all.route_localnet is 1",
			because: `the rule in line ${line} sends elsewhere what programs of the gateway send to a loopback address`,
			given: "--capture",
		});
	return {
		...(isForwarding ? {} : { "ipv4.ip_forward": 1 }),
		...(line === null ? {} : { "ipv4.conf.all.route_localnet": 1 }),
		...given,
		...Object.fromEntries(redirects),
	};
}
