/**
 * What a ruleset balances, found by walking it: one packet for each set of packets that rules with a say
 * ask for, taken along every way.
 */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { ICMP, type Packet, TCP, UDP } from "../../../sim/packet/packet.ts";
import { splitOf } from "../split/split-of.ts";
import type { Decision, End, RuleRef } from "../walk/decision.ts";
import { type Arrival, TooManyWaysError, Walker } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import { candidates } from "./candidates.ts";
import { type ClassOfClients, clientClasses } from "./client-classes.ts";
import {
	aliveVector,
	conditionNames,
	reachable,
	rolesOf,
	type Vector,
	vectorsOf,
} from "./conditions.ts";
import { endsOf, type Meaning, meaningOf, whatIsBalanced } from "./ends.ts";
import { ALL, contains, isAll, normalized } from "./intervals.ts";
import { addressesText, portsText } from "./ranges-text.ts";
import { marksRoute, rulesThatMatter } from "./rules-that-matter.ts";
import { type Links, linksOf, sampleOf } from "./sample.ts";
import type {
	Backend,
	ClientClass,
	Ranges,
	Service,
	VectorSplit,
} from "./service.ts";
import { type Space, spaceText } from "./space.ts";

/** Packets that move counters or draw, and that nothing balances. @public */
export interface OtherTraffic {
	/** `tcp to any address, port 25, by eth0` */
	readonly name: string;
	readonly arrival: Arrival;
	readonly decision: Decision;
}

/** @public */
export interface FoundServices {
	readonly services: readonly Service[];
	readonly others: readonly OtherTraffic[];
	/** What was not looked at, in words: [] when all was. */
	readonly gaps: readonly string[];
}

/** A space of packets that are all treated alike, with the packet that was walked for them. */
interface Walked {
	readonly spaces: readonly Space[];
	readonly arrival: Arrival;
	readonly decision: Decision;
	/** Equal for spaces whose packets take the same ways to the same ends. */
	readonly signature: string;
}

/** Packets of one service, as its classes of clients. */
interface Found {
	readonly balances: Service["balances"];
	readonly walked: Walked;
}

/** @throws SetupError when the world contradicts itself */
export function findServices(
	ruleset: Ruleset,
	world: AssumedWorld,
	walker: Walker = new Walker(ruleset, world.setup),
): FoundServices {
	const links = linksOf(world);
	const { spaces, isCut } = candidates(ruleset, links);
	const gaps: string[] = isCut
		? ["the ruleset is too large: not all of its rules were looked at"]
		: [];
	const walked: Walked[] = [];
	for (const [index, space] of spaces.entries()) {
		const arrival = sampleOf(space, links, spaces.slice(0, index));
		// All of its packets belong to narrower spaces.
		if (arrival === null) continue;
		const decision = walkOrSay(walker, arrival, gaps);
		if (decision === null) continue;
		const signature = signatureOf(decision, (end) =>
			endText(end, arrival.packet, links),
		);
		join(walked, { spaces: [space], arrival, decision, signature });
	}
	const areForRouting = marksRoute(ruleset, world.markRoutes);
	const found: Found[] = [];
	const others: OtherTraffic[] = [];
	for (const one of walked) {
		const { decision, arrival } = one;
		const balances = whatIsBalanced(
			endsOf(decision),
			arrival.packet,
			areForRouting,
		);
		if (balances !== null) found.push({ balances, walked: one });
		else if (decision.kind === "fork")
			others.push({ name: trafficName(one), arrival, decision });
	}
	const known = new Map<Service["balances"], ReturnType<Context["matters"]>>();
	const matters: Context["matters"] = (balances) => {
		const rules =
			known.get(balances) ??
			rulesThatMatter(ruleset, balances, world.markRoutes);
		known.set(balances, rules);
		return rules;
	};
	const services = found.map((one) =>
		serviceOf(one, { ruleset, walker, links, world, gaps, matters }),
	);
	return { services: withUniqueKeys(services), others, gaps };
}

/** Adds what was walked to the space that is one service with it: it differs in addresses alone, or in ports alone. */
function join(walked: Walked[], one: Walked): void {
	const [space] = one.spaces as readonly [Space];
	const at = walked.findIndex(
		({ signature, spaces: [first] }) =>
			signature === one.signature &&
			first !== undefined &&
			DIFFERS_IN.some(
				(field) =>
					spaceText({ ...space, [field]: ALL }) ===
					spaceText({ ...first, [field]: ALL }),
			),
	);
	const known = walked[at];
	if (known === undefined) walked.push(one);
	else walked[at] = { ...known, spaces: [...known.spaces, space] };
}

const DIFFERS_IN = ["destination", "destinationPort", "source"] as const;

function walkOrSay(
	walker: Walker,
	arrival: Arrival,
	gaps: string[],
): Decision | null {
	try {
		return walker.walk(arrival);
	} catch (error) {
		if (!(error instanceof TooManyWaysError)) throw error;
		gaps.push(error.message);
		return null;
	}
}

/** The graph as text, with ends named relative to the packet. */
function signatureOf(decision: Decision, textOf: (end: End) => string): string {
	const numbers = new Map<Decision, number>();
	const lines: string[] = [];
	const visit = (one: Decision): number => {
		const known = numbers.get(one);
		if (known !== undefined) return known;
		const line =
			one.kind === "leaf"
				? textOf(one.end)
				: `${one.asked.key}:${one.ways.map(visit).join(",")}`;
		const number = lines.push(line) - 1;
		numbers.set(one, number);
		return number;
	};
	visit(decision);
	return lines.join("\n");
}

function endText(end: End, packet: Packet, { isOwn }: Links): string {
	const to = meaningOf(end, {
		balances: "destination",
		packet,
		keepsPort: true,
		markRoutes: [],
		isOwn,
	});
	const source = end.packet?.source === packet.source ? "" : end.packet?.source;
	return `${to.key} ${end.routingMark} ${source}`;
}

interface Context {
	readonly ruleset: Ruleset;
	readonly walker: Walker;
	readonly links: Links;
	readonly world: AssumedWorld;
	readonly gaps: string[];
	matters(
		balances: Service["balances"],
	): (table: string, rule: Rule) => boolean;
}

function serviceOf({ balances, walked }: Found, context: Context): Service {
	const { links, world } = context;
	const { arrival, spaces } = walked;
	const ports = rangesOf(spaces, "destinationPort");
	const meaning = (end: End, packet: Packet) =>
		meaningOf(end, {
			balances,
			packet,
			keepsPort: !isOnePort(ports),
			markRoutes: world.markRoutes,
			isOwn: links.isOwn,
		});
	const classes = clientClasses(walked, {
		...context,
		matters: context.matters(balances),
		signature: (decision, packet) =>
			signatureOf(decision, (end) => meaning(end, packet).key),
	});
	const backends = backendsOf(classes, meaning);
	const protocol = protocolOf(spaces[0] as Space);
	const addresses = rangesOf(spaces, "destination");
	const interfaces = interfacesOf(spaces, links);
	const roles = rolesOfService(classes, meaning);
	return {
		key: serviceKey(protocol, addresses, ports),
		name: null,
		protocol,
		addresses,
		ports,
		interfaces,
		balances,
		backends: backends.map((backend) => ({
			...backend,
			conditions: roles.roles
				.filter(({ backends: of }) => of.includes(backend.key))
				.map(({ name }) => name),
		})),
		conditions: roles.roles,
		classes: classes.map((one) => {
			const keyOf = (end: End) => meaning(end, one.arrival.packet).key;
			return clientClass(one, roles, keyOf);
		}),
		drives: [],
		sample: arrival,
	};
}

type MeaningOf = (end: End, packet: Packet) => Meaning;

interface Roles {
	readonly roles: Service["conditions"];
	readonly alive: Vector;
}

/** Of all classes together: a condition belongs to a service, not to some of its clients. */
function rolesOfService(
	classes: readonly ClassOfClients[],
	meaning: MeaningOf,
): Roles {
	const names = [
		...new Set(classes.flatMap(({ decision }) => conditionNames(decision))),
	];
	const reach = (vector: Vector) =>
		new Set(
			classes.flatMap(({ decision, arrival }) => [
				...reachable(decision, vector, (end) => {
					const { kind, key } = meaning(end, arrival.packet);
					return kind === "backend" ? key : null;
				}),
			]),
		);
	return {
		roles: rolesOf(names, reach),
		alive: aliveVector(names, reach),
	};
}

function clientClass(
	{ name, sources, arrival, decision }: ClassOfClients,
	{ roles, alive }: Roles,
	keyOf: (end: End) => string,
): ClientClass {
	const vectors = vectorsOf(roles, alive).map(
		(vector): VectorSplit => ({
			...vector,
			split: splitOf(decision, {
				keyOf,
				conditions: new Map(Object.entries(vector.conditions)),
			}),
		}),
	);
	return {
		name,
		sources,
		interface: arrival.interface,
		packet: arrival.packet,
		decision,
		vectors,
	};
}

/** In the order in which a walk comes to them. */
function backendsOf(
	classes: readonly ClassOfClients[],
	meaning: MeaningOf,
): readonly Omit<Backend, "conditions">[] {
	const found = new Map<string, Omit<Backend, "conditions">>();
	for (const { decision, arrival } of classes)
		for (const end of endsOf(decision)) {
			const { backend } = meaning(end, arrival.packet);
			if (backend === null) continue;
			const known = found.get(backend.key);
			const rules = new Map<string, RuleRef>(
				known?.rules.map((rule) => [rule.rule, rule]),
			);
			const last = end.rules.at(-1);
			if (last !== undefined) rules.set(last.rule, last);
			found.set(backend.key, { ...backend, rules: [...rules.values()] });
		}
	return [...found.values()];
}

function rangesOf(
	spaces: readonly Space[],
	field: "destination" | "destinationPort",
): Ranges {
	const all = normalized(spaces.flatMap((space) => space[field]));
	return isAll(all) ? null : all;
}

function isOnePort(ports: Ranges): boolean {
	const [first] = ports ?? [];
	return ports?.length === 1 && first?.[0] === first?.[1];
}

function interfacesOf(
	spaces: readonly Space[],
	{ names }: Links,
): Service["interfaces"] {
	const all = [...new Set(spaces.flatMap(({ interfaces }) => interfaces))];
	return all.length === names.length ? null : all.sort();
}

function protocolOf({ protocol }: Space): Service["protocol"] {
	if (isAll(protocol)) return "any";
	if (contains(protocol, TCP)) return "tcp";
	if (contains(protocol, UDP)) return "udp";
	return contains(protocol, ICMP) ? "icmp" : "other";
}

function serviceKey(
	protocol: Service["protocol"],
	addresses: Ranges,
	ports: Ranges,
): string {
	const where = addresses === null ? "any address" : addressesText(addresses);
	const port = ports === null ? "" : `:${portsText(ports)}`;
	return `${protocol} ${where}${port}`;
}

function trafficName({ spaces, arrival }: Walked): string {
	const key = serviceKey(
		protocolOf(spaces[0] as Space),
		rangesOf(spaces, "destination"),
		rangesOf(spaces, "destinationPort"),
	);
	return `${key} by ${arrival.interface}`;
}

/** Services that differ in what a key does not name: interfaces, or the clients that their rules ask for. */
function withUniqueKeys(services: readonly Service[]): readonly Service[] {
	const counts = new Map<string, number>();
	for (const { key } of services) counts.set(key, (counts.get(key) ?? 0) + 1);
	const seen = new Map<string, number>();
	return services.map((service) => {
		const { key, interfaces } = service;
		if (counts.get(key) === 1) return service;
		const longer =
			interfaces === null ? key : `${key} by ${interfaces.join(",")}`;
		const before = seen.get(longer) ?? 0;
		seen.set(longer, before + 1);
		return {
			...service,
			key: before === 0 ? longer : `${longer} (${before + 1})`,
		};
	});
}
