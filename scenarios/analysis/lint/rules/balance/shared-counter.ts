import type { Ruleset } from "../../../../../sim/contract/ruleset.ts";
import type { Service } from "../../../services/service.ts";
import type { Drive, Order } from "../../../split/split.ts";
import type { Decision } from "../../../walk/decision.ts";
import { askedIn } from "../../../walk/ends-of.ts";
import { balancersOf } from "../../cascades/balancers.ts";
import { type Counted, countedIn } from "../../cascades/cascade.ts";
import { oncePerRule, partAt } from "../../cascades/findings.ts";
import { ruleOf } from "../../cascades/rule-edits.ts";
import { listText, shareText } from "../../cascades/words.ts";
import { eachRule } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** A counter that connections of several services move. */
export const sharedCounter: LintRule = {
	code: "MT105",
	name: "shared-counter",
	category: "balance",
	since: "0.2.0",
	severity: "warning",
	confidence: "certain",
	fix: "none",
	message:
		"Connections of several services, or other packets, move one counter.",
	help: "Give each service rules of its own that count, or draw (`--mode random`) in place of counting.",
	why: `A counter counts the packets that meet its rule, whatever service they belong to. Where a browser opens a
connection to port 80 and is sent on to port 443, and both services call one chain with \`--every 2\`, each service meets
the counter at every second value: one backend gets all connections to port 80, the other one all to port 443. In the
sum the split is right.`,
	examples: {
		bad: `*nat
:WEB - [0:0]
-A PREROUTING -d 203.0.113.40/32 -p tcp -m tcp --dport 80 -j WEB
-A PREROUTING -d 203.0.113.40/32 -p tcp -m tcp --dport 443 -j WEB
-A WEB -p tcp -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.9.1
-A WEB -j DNAT --to-destination 10.20.9.2
COMMIT
`,
		good: `*nat
:TLS - [0:0]
:WEB - [0:0]
-A PREROUTING -d 203.0.113.40/32 -p tcp -m tcp --dport 80 -j WEB
-A PREROUTING -d 203.0.113.40/32 -p tcp -m tcp --dport 443 -j TLS
-A TLS -p tcp -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.9.1
-A TLS -j DNAT --to-destination 10.20.9.2
-A WEB -p tcp -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.9.1
-A WEB -j DNAT --to-destination 10.20.9.2
COMMIT
`,
	},
	check: (facts) => {
		const users = usersOf(facts);
		return oncePerRule(
			facts.services.flatMap((service) => {
				const found = foundIn(facts, users, service);
				return found === null ? [] : [{ service: service.key, found }];
			}),
		);
	},
};

/** Counters on which it depends where connections of services go. */
interface Users {
	readonly byService: ReadonlyMap<Service, readonly Counted[]>;
	readonly byCounter: ReadonlyMap<string, readonly Service[]>;
}

function usersOf(facts: Facts): Users {
	const byService = new Map<Service, Counted[]>();
	const byCounter = new Map<string, Service[]>();
	for (const balancer of balancersOf(facts)) {
		const { service } = balancer;
		for (const one of countedIn(balancer)) {
			if (one.kind !== "turn") continue;
			byService.set(service, [...(byService.get(service) ?? []), one]);
			const known = byCounter.get(one.key);
			if (known === undefined) byCounter.set(one.key, [service]);
			else if (!known.includes(service)) known.push(service);
		}
	}
	return { byService, byCounter };
}

type Driven = Extract<Drive, { readonly kind: "driven" }>;

function foundIn(facts: Facts, users: Users, service: Service): Found | null {
	const driven = service.drives.find((one) => one.kind === "driven");
	if (driven === undefined) return null;
	const shared = sharedIn(facts, users, service);
	if (shared === null) return null;
	const { at, with: others } = shared;
	return {
		at: at.at,
		part: partAt(facts.ruleset, at.at),
		message: `the counter of this rule is moved by connections to ${service.key} and by ${listText(others.slice(0, 3))}: ${driven.key} gets from ${shareText(driven.least)} to ${shareText(driven.greatest)} of ${driven.client}, by the order in which they come`,
		happens: orderText(driven),
		remedy:
			"Give each of them rules of its own that count, or draw (`--mode random`) in place of counting.",
		related: [],
		path: [],
		repair: [],
	};
}

/** Who moves a counter of a service besides; `null`: none does. */
function sharedIn(
	facts: Facts,
	{ byService, byCounter }: Users,
	service: Service,
): { readonly at: Counted; readonly with: readonly string[] } | null {
	for (const counted of byService.get(service) ?? []) {
		// What one rule sends there is meant to be counted together.
		const isCalled = callersOf(facts.ruleset, counted) > 1;
		const services = byCounter.get(counted.key) ?? [];
		const others = [
			...(isCalled ? services : [])
				.filter((other) => !isSameService(other, service))
				.map(({ key }) => `connections to ${key}`),
			...facts.others
				.filter(({ decision }) => asks(decision, counted.key))
				.map(({ name }) => `packets that are not balanced (${name})`),
		];
		if (others.length > 0) return { at: counted, with: others };
		// Ports that several rules send there are services of their own to clients.
		const hasPorts = (service.ports?.length ?? 0) > 1;
		if (hasPorts && isCalled)
			return { at: counted, with: ["those to its other ports"] };
	}
	return null;
}

/** The same to clients: it came by another interface, or from clients that other rules ask for. */
function isSameService(one: Service, other: Service): boolean {
	const textOf = ({ protocol, addresses, ports }: Service) =>
		JSON.stringify([protocol, addresses, ports]);
	return one === other || textOf(one) === textOf(other);
}

function asks(decision: Decision, key: string): boolean {
	return askedIn(decision).some((asked) => asked.key === key);
}

/** Rules that lead to the chain of a counter, or to one from which it is called. */
function callersOf(ruleset: Ruleset, { at }: Counted): number {
	let placed = ruleOf(ruleset, at.rule);
	while (placed !== null) {
		const { table, chain } = placed;
		const callers = eachRule(ruleset).filter(
			(one) =>
				one.table === table &&
				(one.rule.target?.kind === "jump" ||
					one.rule.target?.kind === "goto") &&
				one.rule.target.chain === chain.name,
		);
		if (callers.length !== 1) return callers.length;
		placed = callers[0] ?? null;
	}
	return 0;
}

function orderText({ key, client, least, orderOfLeast }: Driven): string {
	if (orderOfLeast === null)
		return `An order of connections comes to each of the two; it is too long to print.`;
	return `In this order, again and again, ${key} gets ${shareText(least)} of ${client}: ${runsText(orderOfLeast)}.`;
}

function runsText({ repeated }: Order): string {
	return repeated
		.map(({ client, connections }) => `${connections} of ${client}`)
		.join(", ");
}
