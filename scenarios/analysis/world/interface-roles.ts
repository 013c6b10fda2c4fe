/** Which interface is there for what, as far as rules tell. */

import {
	type Behind,
	isWithin,
	type NamedAddresses,
	type RuleFacts,
} from "./rule-facts.ts";
import type { Interval } from "./rule-flow.ts";

export interface Roles {
	/** By which clients come, as far as rules name them. */
	readonly clients: readonly string[];
	/** With the default route; `null`: nothing says which. */
	readonly outer: string | null;
	/** For backends that no rule places; `null`: nothing says which. */
	readonly inner: string | null;
}

/** @param outerKnown the one with the default route, where that was given */
export function rolesOf(
	facts: RuleFacts,
	names: readonly string[],
	outerKnown: string | null,
): Roles {
	const clients = resolved(facts.clientInterfaces, names);
	const outer = outerKnown ?? outerOf(facts, names, clients);
	const isElsewhere = new Set([
		outer,
		...clients,
		...resolved(facts.masqueraded, names),
		...facts.behind.map((one) => one.interface),
	]);
	const inner = [...resolved(facts.forwardedTo, names), ...names].find(
		(name) => !isElsewhere.has(name),
	);
	return {
		clients: goesOut(facts) ? insiders(facts, names, outer) : clients,
		outer,
		inner: inner ?? null,
	};
}

/** Nothing is translated to backends: what is balanced comes from inside. */
export function goesOut({ backends, services }: RuleFacts): boolean {
	return backends.length === 0 && services.length === 0;
}

/** By which packets come that are marked, or that leave translated; those by which others leave come last. */
function insiders(
	facts: RuleFacts,
	names: readonly string[],
	outer: string | null,
): readonly string[] {
	const outside = new Set([...resolved(facts.masqueraded, names), outer]);
	const marked = resolved(facts.markedInterfaces, names);
	return marked.length === 0
		? names.filter((name) => !outside.has(name))
		: marked.toSorted(
				(a, b) => Number(outside.has(a)) - Number(outside.has(b)),
			);
}

/** Where clients come in and connections leave masqueraded, rather than where backends are. */
function outerOf(
	facts: RuleFacts,
	names: readonly string[],
	clients: readonly string[],
): string | null {
	const masqueraded = resolved(facts.masqueraded, names);
	const sides = new Set(
		facts.backends.map((one) => sideOf(facts, one)?.interface),
	);
	const worth = (name: string) =>
		(clients.includes(name) ? 4 : 0) +
		(masqueraded.includes(name) ? 2 : 0) -
		(sides.has(name) ? 5 : 0);
	const best = names
		.filter((name) => worth(name) > 0)
		.toSorted((a, b) => worth(b) - worth(a))[0];
	const elsewhere = masqueraded.find((name) => !sides.has(name));
	// Who comes from anywhere does not come by the one that a rule names for others.
	const first = facts.clientsAnywhere ? undefined : clients[0];
	return best ?? first ?? elsewhere ?? deliveredTo(facts, names);
}

/** Where all services are the gateway's own: the one interface by which rules let packets through to it. */
function deliveredTo(
	{ services, backends, deliveredFrom }: RuleFacts,
	names: readonly string[],
): string | null {
	if (services.length === 0 || backends.length > 0) return null;
	const [name, ...more] = resolved(deliveredFrom, names);
	return name === undefined || more.length > 0 ? null : name;
}

/** The narrowest network that rules let through by an interface, and that has all these addresses. */
export function sideOf(
	{ behind }: Pick<RuleFacts, "behind">,
	{ interval }: Pick<NamedAddresses, "interval">,
): Behind | null {
	let best: Behind | null = null;
	for (const one of behind)
		if (
			isWithin(interval, one.interval) &&
			(best === null || sizeOf(one.interval) < sizeOf(best.interval))
		)
			best = one;
	return best;
}

function sizeOf([least, greatest]: Interval): number {
	return greatest - least;
}

/** Names of rules, which may end in `+`, as names of interfaces. */
export function resolved(
	named: Iterable<string>,
	names: readonly string[],
): readonly string[] {
	const found = new Set<string>();
	for (const one of named)
		for (const name of names)
			if (one === name || (isPattern(one) && name.startsWith(stem(one))))
				found.add(name);
	return [...found];
}

/** Interfaces that are there because rules name them: `eth+` stands for eth0 where no other begins so. */
export function interfacesOf(named: readonly string[]): readonly string[] {
	const names = named.filter((name) => !isPattern(name) && isPossible(name));
	for (const one of named) {
		if (!isPattern(one) || names.some((name) => name.startsWith(stem(one))))
			continue;
		const name = `${stem(one)}0`;
		if (isPossible(name)) names.push(name);
	}
	return names;
}

/** `+` alone is any interface. */
function isPattern(name: string): boolean {
	return name.length > 1 && name.endsWith("+");
}

function stem(pattern: string): string {
	return pattern.slice(0, -1);
}

/** `dev_valid_name` and `sysctl_dev_name_is_allowed` (6.1): no other interface has IPv4; `lo` is always there. */
function isPossible(name: string): boolean {
	return (
		!["lo", "all", "default", ".", "..", "+", ""].includes(name) &&
		name.length <= 15 &&
		!/[/:\s]/.test(name)
	);
}
