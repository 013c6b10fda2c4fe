/** What a proof is about: a service and one class of its clients, with what conditions mean for it. */
import type { Operation } from "../../../../sim/contract/gateway.ts";
import { passingBy } from "../../lint/connections.ts";
import type { Analysis } from "../../services/analysis.ts";
import {
	answeredPast,
	type Meaning,
	meaningOf,
	strayUplink,
} from "../../services/ends.ts";
import type { ClientClass, Service } from "../../services/service.ts";
import { isOnePort } from "../../services/service-names.ts";
import { contains } from "../../spaces/intervals.ts";
import { linksOf } from "../../spaces/links.ts";
import type { Decision, End } from "../../walk/decision.ts";
import { askedIn, endsOf } from "../../walk/ends-of.ts";
import type { Arrival } from "../../walk/walker.ts";
import { arrivalOf } from "./segments.ts";

/** Values of conditions. */
export type Values = Readonly<Record<string, 0 | 1>>;

/** A packet that belongs to no service, and what it is. */
export interface OtherArrival {
	readonly name: string;
	readonly arrival: Arrival;
}

export interface Subject {
	readonly service: Service;
	readonly client: ClientClass;
	readonly first: Arrival;
	/** Values of the conditions that its first packets ask about. */
	readonly vectors: readonly Values[];
	/** Not all vectors are looked at: the words for those that are; `null`: all are. */
	readonly partly: string | null;
	/** The rules send some of its connections to a backend. */
	readonly serves: boolean;
	/** Of all alive, those that all rules are about. */
	readonly alive: Values;
	meaning(end: End): Meaning;
	/** The uplink by which an answer leaves, and that the client did not come by; `null`: it does not. */
	stray(end: End): string | null;
	/** The network on which the backend answers the client directly, past the gateway; `null`: it does not. */
	past(end: Pick<End, "fate" | "packet">): string | null;
	/** Backends whose conditions say that they are dead. */
	deadIn(values: Values): ReadonlySet<string>;
	/** The values with this backend dead; `null`: it has no condition. */
	without(backend: string): Values | null;
}

/** All vectors of so many conditions are looked at. */
const MOST_CONDITIONS = 10;

export function subjectOf(
	service: Service,
	client: ClientClass,
	{ world, walker }: Pick<Analysis, "world" | "walker">,
): Subject {
	const links = linksOf(world);
	const packet = passingBy(client.packet, service, links);
	const keepsPort = !isOnePort(service.ports);
	const names = conditionsAsked(client.decision);
	const isAll = names.length <= MOST_CONDITIONS;
	const alive = client.vectors[0]?.conditions ?? {};
	const vectors = isAll
		? allVectors(names)
		: client.vectors.map(({ conditions }) => conditions);
	const first = arrivalOf(
		"first",
		{ interface: client.interface, packet },
		null,
	);
	const pastBy = new Map<string, string | null>();
	const meaning = (end: End) =>
		meaningOf(end, {
			balances: service.balances,
			packet,
			keepsPort,
			isForAll: false,
			world,
		});
	return {
		service,
		client,
		first,
		vectors,
		partly: isAll
			? null
			: `${vectors.length} of the 2^${names.length} values of conditions`,
		alive,
		serves: endsOf(client.decision).some(
			(end) => meaning(end).kind === "backend",
		),
		meaning,
		stray: (end) => strayUplink(end, client.interface, { world }),
		past(end) {
			const { fate, packet: sent } = end;
			if (fate.kind !== "forwarded" || sent === null) return null;
			const key = `${fate.interface} ${sent.source} ${sent.destination}`;
			const known = pastBy.get(key);
			if (known !== undefined) return known;
			const network = answeredPast(end, first, { world, walker });
			pastBy.set(key, network);
			return network;
		},
		deadIn: (values) =>
			new Set(
				service.conditions.flatMap(({ name, backends, alive: value }) =>
					value !== null && (values[name] ?? 0) !== value ? backends : [],
				),
			),
		without(backend) {
			const of = service.conditions.filter(
				({ backends, alive: value }) =>
					value !== null && backends.includes(backend),
			);
			if (of.length === 0) return null;
			const dead = of.map(
				({ name, alive: value }) => [name, value === 1 ? 0 : 1] as const,
			);
			return { ...alive, ...Object.fromEntries(dead) };
		},
	};
}

/**
 * Packets that belong to no service: those that were found, and those that ask for this one by a link at which
 * it has no clients. Where they take no turns they change nothing.
 */
export function otherArrivals(
	{ first, service }: Subject,
	{ world, others }: Pick<Analysis, "world" | "others">,
): readonly OtherArrival[] {
	const { own, hosts, interfaceTowards } = linksOf(world);
	const { interfaces, key } = service;
	if (interfaces === null) return others;
	const elsewhere = own.flatMap(({ address, interface: name }) => {
		const source = NEAR.map((by) => address + by).find(
			(one) => contains(hosts, one) && interfaceTowards(one) === name,
		);
		if (source === undefined || interfaces.includes(name)) return [];
		const packet = { ...first.packet, source: source | 0 };
		const arrival = { interface: name, packet };
		return [{ name: `${key}, by ${name}`, arrival }];
	});
	return [...elsewhere, ...others];
}

/** From an address of the gateway to one of a host beside it. */
const NEAR = [41, -41, 1, -1];

function conditionsAsked(decision: Decision): readonly string[] {
	const names = askedIn(decision).flatMap((asked) =>
		asked.kind === "condition" ? [asked.name] : [],
	);
	return [...new Set(names)].sort();
}

function allVectors(names: readonly string[]): readonly Values[] {
	return Array.from({ length: 2 ** names.length }, (_, bits) =>
		Object.fromEntries(
			names.map((name, at) => [name, ((bits >> at) & 1) as 0 | 1]),
		),
	);
}

export function conditionsTo(values: Values): readonly Operation[] {
	return Object.entries(values).map(([name, value]) => {
		return { kind: "condition", name, write: `${value}` };
	});
}
