/**
 * Services and their shares as a document: what `marktwin split --json` writes. Fractions are exact, as text
 * (`8/27`); decimals stand beside them for those who draw.
 */
import { DEFAULT_LINUX, linuxName } from "../../../sim/linux/linux.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import {
	printPercent,
	printRational,
	type Rational,
	toNumber,
} from "../../../sim/rational.ts";
import type { Analysis } from "../services/analysis.ts";
import type {
	Backend,
	ClientClass,
	ConditionRole,
	Service,
} from "../services/service.ts";
import { chanceAllows } from "../split/chance.ts";
import type { Drive, Order, Part, Share } from "../split/split.ts";
import type { UnmetRule } from "../walk/decision.ts";
import { endsOf, hashIn } from "../walk/ends-of.ts";

/** A number that is exact. @public */
export interface Exact {
	/** `8/27`, `1` */
	readonly fraction: string;
	/** Of what the fraction counts: connections, or a part of all, from 0 to 1. */
	readonly decimal: number;
	/** `29.6 %` */
	readonly percent: string;
}

/** A part of all connections. @public */
export type ShareDocument =
	| { readonly kind: "exact"; readonly share: Exact }
	| {
			readonly kind: "interval";
			readonly least: Exact;
			readonly greatest: Exact;
			readonly on: string;
			/** What it depends on has an answer, which the model was not given: the members of a set. */
			readonly isUnknown: boolean;
	  }
	| { readonly kind: "unknown"; readonly why: string };

/** What one backend, or none, gets. @public */
export interface PartDocument {
	/** `10.20.0.11:80`, or `no backend: …`, `unknown: …` */
	readonly key: string;
	readonly isBackend: boolean;
	/** The network in which NETMAP gives each address that is asked for one of its own: the backend stands for all of them. */
	readonly standsFor: string | null;
	readonly share: ShareDocument;
	/** In connections; `null` where chance has a part, or it was not computed. */
	readonly deviation: {
		readonly anyWindow: Exact;
		readonly sinceLoad: Exact;
	} | null;
	/** How many of the connections that were asked about it gets, as far as chance allows; `null`: no draw has a part. */
	readonly chance: {
		readonly connections: number;
		readonly confidence: number;
		readonly least: number;
		readonly greatest: number;
	} | null;
}

/** Values of conditions, and what they come to. @public */
export interface VectorDocument {
	readonly name: string;
	readonly kind: "alive" | "dead" | "all-dead" | "other";
	readonly dead: readonly string[];
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	readonly method: "rates" | "orbit" | "none";
	/** In connections, as text: it may be very large. */
	readonly period: string | null;
	readonly byChance: boolean;
	readonly noDeviation: string | null;
	readonly best: Exact | null;
	readonly parts: readonly PartDocument[];
}

/** Clients that the ruleset treats alike. @public */
export interface ClassDocument {
	readonly name: string;
	readonly interface: string;
	/** The packet that was walked for it, in packet notation. */
	readonly packet: string;
	/** A hash of the client's address picks: each backend has an equal part of the clients, not of the connections. */
	readonly byHash: boolean;
	/** Of what: `pair`, of the client's address and the one that it asks for; `connection`, of ports as well; `mixed`: not it alone. */
	readonly hashOf: "client" | "pair" | "connection" | "mixed" | null;
	/** Rules remember clients (`-m recent`, `-j SET`): shares are those of clients that come for the first time. */
	readonly remembers: boolean;
	/** Rules ask a list or a set to which packets write: shares are those of clients that no earlier packet has put there. */
	readonly asksWhoCame: boolean;
	readonly vectors: readonly VectorDocument[];
}

/** How far the order of packets can drive a share. @public */
export type DriveDocument =
	| {
			readonly kind: "driven";
			readonly client: string;
			readonly key: string;
			readonly least: Exact;
			readonly greatest: Exact;
			/** `a, 2 × b, again and again`; `null`: too long. */
			readonly orderOfLeast: string | null;
			readonly orderOfGreatest: string | null;
	  }
	| { readonly kind: "unknown"; readonly client: string; readonly why: string };

/** Addresses and ports that clients know, and what becomes of their connections. @public */
export interface ServiceDocument {
	readonly key: string;
	readonly name: string | null;
	readonly protocol: "tcp" | "udp" | "icmp" | "other" | "any";
	readonly interfaces: readonly string[] | null;
	/** Whose connections they are: those of clients around, of the gateway's own programs, or of both alike. */
	readonly openedBy: "clients" | "gateway" | "both";
	readonly balances: "destination" | "mark" | "source";
	readonly backends: readonly {
		readonly key: string;
		readonly conditions: readonly string[];
		readonly lines: readonly number[];
	}[];
	readonly conditions: readonly ConditionRole[];
	readonly classes: readonly ClassDocument[];
	readonly drives: readonly DriveDocument[];
}

/** What a ruleset balances. @public */
export interface SplitDocument {
	readonly file: string;
	/** Which Linux it follows: `bookworm/legacy`. */
	readonly linux: string;
	readonly services: readonly ServiceDocument[];
	/** Packets that move counters and that nothing balances. */
	readonly others: readonly string[];
	readonly assumptions: readonly {
		readonly text: string;
		readonly because: string;
		readonly given: string;
	}[];
	/** Rules that translate, take turns or draw, and that no packet which was walked matched. */
	readonly unmet: readonly UnmetRule[];
	/** What the machine told and the model leaves out. */
	readonly notes: readonly string[];
	/** What was not looked at. */
	readonly gaps: readonly string[];
}

/** What is asked about chance. */
export interface ChanceOptions {
	/** How many connections. */
	readonly connections: number;
	/** The probability with which all is as it says. */
	readonly confidence: number;
}

/** Of 1,000 connections, with 99.9 % confidence. */
export const USUAL_CHANCE: ChanceOptions = {
	connections: 1000,
	confidence: 0.999,
};

export function splitDocument(
	file: string,
	{
		services,
		others,
		world,
		unmet,
		gaps,
	}: Omit<Analysis, "walker" | "ruleset">,
	chance: ChanceOptions = USUAL_CHANCE,
): SplitDocument {
	return {
		file,
		linux: linuxName(world.setup.linux ?? DEFAULT_LINUX),
		services: services.map((service) => serviceDocument(service, chance)),
		others: others.map(({ name }) => name),
		assumptions: world.assumptions.map(({ text, because, given }) => {
			return { text, because, given };
		}),
		unmet,
		notes: world.notes,
		gaps,
	};
}

function serviceDocument(
	service: Service,
	chance: ChanceOptions,
): ServiceDocument {
	const { key, name, protocol, interfaces, balances, conditions } = service;
	const { openedBy } = service;
	const backends = new Map(service.backends.map((one) => [one.key, one]));
	return {
		key,
		name,
		protocol,
		interfaces,
		openedBy,
		balances,
		backends: service.backends.map((backend) => ({
			key: backend.key,
			conditions: backend.conditions,
			lines: backend.rules.map(({ line }) => line).filter((line) => line > 0),
		})),
		conditions,
		classes: service.classes.map((one) =>
			classDocument(one, { service, backends, chance }),
		),
		drives: service.drives.map((drive) => driveDocument(drive, key)),
	};
}

function classDocument(
	one: ClientClass,
	{
		service,
		backends,
		chance,
	}: {
		readonly service: Service;
		readonly backends: ReadonlyMap<string, Backend>;
		readonly chance: ChanceOptions;
	},
): ClassDocument {
	const picked = hashIn(one.decision);
	const byHash = picked !== null;
	// All of its clients ask for one address.
	const [first, ...more] = service.addresses ?? [];
	const isOne =
		more.length === 0 && first !== undefined && first[0] === first[1];
	const hashOf =
		picked === "pair" && isOne && service.balances !== "source"
			? "client"
			: picked;
	const ends = endsOf(one.decision);
	return {
		name: one.name,
		interface: one.interface,
		packet: printPacket(one.packet),
		byHash,
		hashOf,
		remembers: ends.some(({ remembers }) => remembers),
		asksWhoCame: ends.some(({ asksWhoCame }) => asksWhoCame),
		vectors: one.vectors.map(({ name, kind, dead, conditions, split }) => {
			const { method, period, byChance, noDeviation, best, parts } = split;
			return {
				name,
				kind,
				dead,
				conditions,
				method,
				period: period === null ? null : `${period}`,
				byChance,
				noDeviation,
				best: best === null ? null : exact(best),
				parts: inOrder(parts, backends).map((part) =>
					partDocument(
						part,
						backends,
						// Where counters follow draws, runs may be longer than independent draws make them.
						byChance && !byHash && method === "rates" ? chance : null,
					),
				),
			};
		}),
	};
}

/** Backends in the order of their rules, then what gets no backend. */
function inOrder(
	parts: readonly Part[],
	backends: ReadonlyMap<string, Backend>,
): readonly Part[] {
	const order = [...backends.keys()];
	const placeOf = ({ key }: Part) =>
		backends.has(key) ? order.indexOf(key) : order.length;
	return parts.toSorted((one, other) => placeOf(one) - placeOf(other));
}

function partDocument(
	{ key, share, deviation }: Part,
	backends: ReadonlyMap<string, Backend>,
	chance: ChanceOptions | null,
): PartDocument {
	const backend = backends.get(key);
	return {
		key,
		isBackend: backend !== undefined,
		standsFor: backend === undefined ? null : mappedNetwork(backend),
		share: shareDocument(share),
		deviation:
			deviation === null
				? null
				: {
						anyWindow: exact(deviation.anyWindow),
						sinceLoad: exact(deviation.sinceLoad),
					},
		chance:
			chance === null || share.kind !== "exact"
				? null
				: allowed(share.value, chance),
	};
}

/** As iptables prints it. */
const NETMAP_TO = / -j NETMAP --to (\S+)$/;

function mappedNetwork({ rules }: Backend): string | null {
	const networks = rules.flatMap(({ text }) => NETMAP_TO.exec(text)?.[1] ?? []);
	return networks.find((network) => !network.endsWith("/32")) ?? null;
}

function allowed(
	share: Rational,
	{ connections, confidence }: ChanceOptions,
): PartDocument["chance"] {
	const { low, high } = chanceAllows(share, connections, confidence);
	return { connections, confidence, least: low, greatest: high };
}

/** Options of commands that tell how the machine really is of which something is assumed. */
export function optionsThatTell(
	assumptions: readonly { readonly given: string }[],
): readonly string[] {
	const options = assumptions.flatMap(({ given }) => given.split(/,? or |, /));
	return [...new Set([...options.filter((one) => one !== ""), "--capture"])];
}

export function shareDocument(share: Share): ShareDocument {
	switch (share.kind) {
		case "exact":
			return { kind: "exact", share: exact(share.value) };
		case "interval":
			return {
				kind: "interval",
				least: exact(share.least),
				greatest: exact(share.greatest),
				on: share.on,
				isUnknown: share.isUnknown,
			};
		case "unknown":
			return share;
	}
}

export function driveDocument(drive: Drive, service: string): DriveDocument {
	// Within a service its own name is left out.
	const short = (client: string) =>
		client === service
			? "the service"
			: client.startsWith(`${service}, `)
				? client.slice(service.length + 2)
				: client;
	if (drive.kind === "unknown")
		return { ...drive, client: short(drive.client) };
	const { kind, client, key, least, greatest } = drive;
	return {
		kind,
		client: short(client),
		key,
		least: exact(least),
		greatest: exact(greatest),
		orderOfLeast: orderText(drive.orderOfLeast, short),
		orderOfGreatest: orderText(drive.orderOfGreatest, short),
	};
}

/** `one connection of port 80, then 2 of port 443, and so on` */
function orderText(
	order: Order | null,
	short: (client: string) => string,
): string | null {
	if (order === null) return null;
	const words = (runs: Order["first"]) =>
		runs
			.map(({ client, connections }) => `${connections} of ${short(client)}`)
			.join(", then ");
	const repeated = `${words(order.repeated)}, and so on`;
	return order.first.length === 0
		? repeated
		: `${words(order.first)}, and from then on ${repeated}`;
}

function exact(value: Rational): Exact {
	return {
		fraction: printRational(value),
		decimal: toNumber(value),
		percent: printPercent(value),
	};
}
