/** Gives the interfaces that rules name the addresses that rules name, and each one at least one address. */
import { formatAddress } from "../../../sim/packet/address.ts";
import {
	type AddressPlan,
	formatPlanNetwork,
	type Network,
	networkOf,
	networksOf,
	spanOf,
} from "./address-plan.ts";
import type { Assumption } from "./assumed-world.ts";
import { type Roles, resolved, sideOf } from "./interface-roles.ts";
import {
	isHost,
	isWithin,
	type NamedAddresses,
	type RuleFacts,
} from "./rule-facts.ts";
import type { Interval } from "./rule-flow.ts";

/** What an assumption is made of, and where it goes. */
export interface Assuming {
	readonly facts: RuleFacts;
	readonly roles: Roles;
	/** Interfaces and their addresses were given: none is made up. */
	readonly isKnown: boolean;
	readonly plan: AddressPlan;
	readonly assume: (one: Assumption) => void;
	/** The interface for hosts inside that no rule places; `null`: there is none yet. */
	readonly inner: { name: string | null };
	/** The same, made up where there is none; `null`: the default route leads to them. */
	readonly innerBecause: (reason: string) => string | null;
}

/** Of a range: more of its addresses are not given to an interface. */
const MOST_OF_RANGE = 16;

export function giveAddresses(assuming: Assuming): void {
	const { facts, plan } = assuming;
	const { services, sources } = facts;
	const backends = facts.backends.map(({ interval }) => interval);
	for (const [kind, named] of [
		["service", services],
		["source", sources],
	] as const)
		for (const one of named)
			for (const address of addressesOf(one.interval))
				if (
					isUsable(address) &&
					!plan.isLocal(address) &&
					!backends.some((backend) => isWithin([address, address], backend))
				)
					giveOwn(assuming, kind, one, address);
	for (const { name } of plan.interfaces)
		if (plan.linksOf(name).length === 0) giveOne(assuming, name);
}

/** Of a network, one that a host may have; of a long range, the first ones. */
function addressesOf([least, greatest]: Interval): readonly number[] {
	if (isHost([least, greatest])) return [least];
	const networks = networksOf([least, greatest]);
	const [whole] = networks;
	if (networks.length === 1 && whole !== undefined && whole.length <= 30)
		return [least + 1];
	const count = Math.min(greatest - least + 1, MOST_OF_RANGE);
	return Array.from({ length: count }, (_, index) => least + index);
}

/** An address that one host can have, and another one can reach. */
export function isUsable(address: number): boolean {
	const first = address >>> 24;
	return first !== 0 && first !== 127 && first < 224;
}

function giveOwn(
	assuming: Assuming,
	kind: "service" | "source",
	named: NamedAddresses,
	address: number,
): void {
	const { plan, assume } = assuming;
	const name =
		(kind === "source" && named.interfaces === null
			? besideBackend(assuming, address)
			: null) ?? interfaceOf(assuming, named, address);
	if (name === null) return;
	const text = plan.give(name, address, lengthOf(assuming, name, address));
	const does =
		kind === "service"
			? "matches connections to it"
			: "gives it to connections as their source";
	assume({
		kind: "address",
		text: `${name} has ${text}`,
		because: `${ruleIn(named.line)} ${does}`,
		given: "--addresses",
	});
}

/** The interface behind which its network is; else the one that the rule names, if nothing else is behind that. */
function interfaceOf(
	{ facts, roles, plan }: Assuming,
	{ interfaces }: NamedAddresses,
	address: number,
): string | null {
	const side = sideOf(facts, { interval: [address, address] });
	if (side !== null) return side.interface;
	const names = plan.interfaces.map(({ name }) => name);
	const placed = new Set(facts.behind.map((one) => one.interface));
	const named = resolved(interfaces ?? [], names);
	return (
		named.find((name) => !placed.has(name)) ??
		roles.outer ??
		named[0] ??
		names[0] ??
		null
	);
}

/** Where backends are, if one is in the same network: they see the gateway by this address. */
function besideBackend(
	{ facts, innerBecause }: Assuming,
	address: number,
): string | null {
	const around = spanOf(networkOf(address, 24));
	const backend = facts.backends.find((one) => {
		return isWithin(one.interval, around) && sideOf(facts, one) === null;
	});
	return backend === undefined ? null : innerBecause(placeless(backend));
}

/** That of a network which rules place there, or which the interface has already; else 24. 32 where that is in the way. */
function lengthOf(
	{ facts, plan }: Assuming,
	name: string,
	address: number,
): number {
	const self: Interval = [address, address];
	const known = facts.behind
		.filter((one) => one.interface === name && isWithin(self, one.interval))
		.flatMap(({ interval }) => networksOf(interval))
		.filter((network) => isWithin(self, spanOf(network)));
	const has = plan.linksOf(name);
	const lengths = [
		...known,
		...has.filter((one) => isWithin(self, spanOf(one))),
	]
		.map(({ length }) => length)
		.filter((length) => length >= 8 && length <= 30);
	for (const length of [...lengths, 24]) {
		const network = networkOf(address, length);
		const isThere = has.some((one) => isSame(one, network));
		const fits = isThere || !plan.isTaken(network);
		if (fits && isHostOf(network, address) && !hidesOne(facts, network))
			return length;
	}
	return 32;
}

function isSame(one: Network, other: Network): boolean {
	return one.first === other.first && one.length === other.length;
}

/** The first stands for the network, the last for all of its hosts. */
function isHostOf(network: Network, address: number): boolean {
	const [least, greatest] = spanOf(network);
	return address !== least && address !== greatest;
}

/** What is sent to a network's broadcast address is not forwarded: no backend may be there. */
function hidesOne({ backends }: RuleFacts, network: Network): boolean {
	const [, last] = spanOf(network);
	return backends.some(({ interval }) => isWithin([last, last], interval));
}

/** Gives an address to an interface of which no rule names one. */
export function giveOne(assuming: Assuming, name: string): void {
	const { facts, plan, assume } = assuming;
	for (const { network, because } of networksFor(assuming, name)) {
		if (plan.isTaken(network) || hidesOne(facts, network)) continue;
		const host = plan.freeHost(network);
		if (host === null) continue;
		const text = plan.give(name, host, network.length);
		assume({
			kind: "address",
			text: `${name} has ${text}`,
			because,
			given: "--addresses",
		});
		return;
	}
	const { first } = plan.freeNetwork();
	assume({
		kind: "address",
		text: `${name} has ${plan.give(name, first + 1, 24)}`,
		because: "an interface has an address, and no rule names one of it",
		given: "--addresses",
	});
}

interface Reason {
	readonly network: Network;
	readonly because: string;
}

/** Networks that an interface may be in, the likely ones first. */
function networksFor(
	{ facts, inner }: Assuming,
	name: string,
): readonly Reason[] {
	const behind = facts.behind
		.filter((one) => one.interface === name)
		.flatMap(({ interval, line }) =>
			networksOf(interval).map((network) => ({
				network,
				because: `${ruleIn(line)} has ${formatPlanNetwork(network)} behind ${name}`,
			})),
		);
	const backends = facts.backends
		.filter((one) => {
			const side = sideOf(facts, one);
			return (side?.interface ?? inner.name) === name;
		})
		.map(({ interval: [least], line }) => ({
			network: networkOf(least, 24),
			because: `${formatAddress(least)} is a backend (line ${line})`,
		}));
	// A host whose connections leave translated is on the link, with others around it: the same interval, not an equal
	// one, is behind an interface because of that alone, and not because another rule places it.
	const leaving = new Set(facts.leaving.map(({ interval }) => interval));
	const hosts = facts.behind
		.filter(
			({ interval, interface: by }) =>
				by === name && isHost(interval) && leaving.has(interval),
		)
		.map(({ interval: [address], line }) => ({
			network: networkOf(address, 24),
			because: `${ruleIn(line)} translates what ${formatAddress(address)} sends`,
		}));
	return [
		...behind.filter(({ network: { length } }) => length >= 8 && length <= 30),
		...hosts.filter(({ network }) => isUsable(network.first)),
		...backends.filter(({ network }) => isUsable(network.first)),
	];
}

/** Why an interface is made up for a backend. */
export function placeless({ interval, line }: NamedAddresses): string {
	return `no rule says by which interface the backend ${formatAddress(interval[0])} (line ${line}) is reached`;
}

export function ruleIn(line: number): string {
	return line === 0 ? "a rule" : `the rule in line ${line}`;
}
