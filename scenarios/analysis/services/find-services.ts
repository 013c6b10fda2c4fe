/**
 * What a ruleset balances, found by walking it: one packet for each set of packets that rules with a say
 * ask for, taken along every way.
 */
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import type { Packet } from "../../../sim/packet/packet.ts";
import { ALL } from "../spaces/intervals.ts";
import { linksOf } from "../spaces/links.ts";
import {
	isFromGateway,
	type Space,
	spaceText,
	withoutPortsOf,
} from "../spaces/space.ts";
import { splitOf } from "../split/split-of.ts";
import type { Decision, End, RuleRef, UnmetRule } from "../walk/decision.ts";
import { decisionText, endsOf, rulesIn } from "../walk/ends-of.ts";
import { type Arrival, TooManyWaysError, Walker } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import {
	candidates,
	isTold,
	rulesOnTheWayOut,
	unmetWithASay,
} from "./candidates.ts";
import { type ClassOfClients, clientClasses } from "./client-classes.ts";
import {
	conditionNames,
	type Roles,
	reachable,
	rolesOf,
	type Vector,
	vectorsOf,
} from "./conditions.ts";
import {
	type MeaningOf,
	meaningIn,
	meaningOf,
	sourcesNotSplit,
	unknownIn,
	whatIsBalanced,
} from "./ends.ts";
import type { Context, ExemptTraffic, Found, OtherTraffic } from "./found.ts";
import { withoutMetAgain } from "./met-again.ts";
import { misfitSets } from "./misfit-sets.ts";
import { marksRoute, rulesThatMatter } from "./rules-that-matter.ts";
import { sampleOf } from "./sample.ts";
import type { Backend, ClientClass, Service, VectorSplit } from "./service.ts";
import { movedBy } from "./service-drives.ts";
import {
	addressesOf,
	addressWords,
	GATEWAY_ITSELF,
	interfacesOf,
	namesOwn,
	protocolOf,
	rangesOf,
	serviceKey,
	trafficName,
	withUniqueKeys,
} from "./service-names.ts";

export interface FoundServices {
	readonly services: readonly Service[];
	readonly others: readonly OtherTraffic[];
	/** Rules that translate, take turns, draw or pick a mark, and that no packet which was walked matched. */
	readonly unmet: readonly UnmetRule[];
	/** Packets that rules exempt from conntrack, whichever way they take, and that nothing balances. */
	readonly exempt: readonly ExemptTraffic[];
	/** What was not looked at, in words: [] when all was. */
	readonly gaps: readonly string[];
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
	gaps.push(...misfitSets(ruleset, links, (rule) => walker.rules.refOf(rule)));
	const context: Context = {
		ruleset,
		walker,
		links,
		world,
		gaps,
		namesOwn: namesOwn(ruleset, links),
		areForRouting: marksRoute(ruleset, world.markRoutes),
		matters: oncePerKind((balances) =>
			rulesThatMatter(ruleset, balances, world.markRoutes),
		),
	};
	let found: readonly Found[] = [];
	const others: OtherTraffic[] = [];
	const exempt: ExemptTraffic[] = [];
	const met = new Set<string>();
	const onTheWayOut = new Set(
		rulesOnTheWayOut(ruleset, links).map((rule) => walker.rules.refOf(rule)),
	);
	for (const [index, whole] of spaces.entries()) {
		const narrower = spaces.slice(0, index);
		const space = withoutPortsOf(whole, narrower);
		const arrival = space && sampleOf(space, links, narrower);
		// All of its packets belong to narrower spaces.
		if (space === null || arrival === null) continue;
		const decision = walkOrSay(walker, arrival, gaps);
		if (decision === null) continue;
		for (const ref of rulesIn(decision))
			if (!isFromGateway(space) || onTheWayOut.has(ref)) met.add(ref.rule);
		const one =
			foundIn(space, { arrival, decision, narrower }, context) ??
			foundForOthers(space, { arrival, decision, narrower }, context);
		if (one !== null) found = joined(found, one);
		else gaps.push(...endsOf(decision).flatMap(unknownIn));
		if (
			one === null &&
			endsOf(decision).every(({ isUntracked }) => isUntracked)
		)
			exempt.push({ space, decision });
		if (one === null && decision.kind === "fork") {
			const name = trafficName(space, arrival, context);
			others.push({ name, arrival, decision });
		}
	}
	for (const { classesOf } of found)
		for (const { decision } of classesOf.flat())
			for (const { rule } of rulesIn(decision)) met.add(rule);
	found = withOwnConnections(found);
	const services = withUniqueKeys(found.map((one) => serviceOf(one, context)));
	const alone = unmetWithASay(ruleset, links, (rule) => {
		return met.has(walker.rules.refOf(rule).rule);
	}).map((rule) => {
		return { ...walker.rules.refOf(rule), isTold: isTold(rule, context) };
	});
	const unmet = withoutMetAgain(alone, found, walker);
	const moved = movedBy(found, services, { context, others });
	return {
		services: services.map((service, index) => {
			return { ...service, drives: moved[index] ?? [] };
		}),
		others,
		unmet,
		exempt,
		gaps: [...new Set([...gaps, ...services.flatMap(sourcesNotSplit)])],
	};
}

/** A packet of a space that was walked, and the narrower spaces, which have their own. */
interface Sampled {
	readonly arrival: Arrival;
	readonly decision: Decision;
	readonly narrower: readonly Space[];
}

/** @returns `null`: packets of this space are not balanced */
function foundIn(
	space: Space,
	{ arrival, decision, narrower }: Sampled,
	context: Context,
): Found | null {
	const { world, areForRouting, matters } = context;
	const balances = whatIsBalanced(
		endsOf(decision),
		arrival.packet,
		areForRouting,
	);
	if (balances === null) return null;
	const signature = (one: Decision, packet: Packet) =>
		decisionText(
			one,
			(end) =>
				meaningOf(end, {
					balances,
					packet,
					keepsPort: true,
					isForAll: true,
					world,
				}).key,
		);
	// Where connections come from is what rules for their source ask; where they go to, all clients may ask for.
	const isOwn = isFromGateway(space);
	const source = balances === "source" || isOwn ? space.source : ALL;
	const classes = clientClasses(
		{ space: { ...space, source }, arrival, decision, avoid: narrower },
		{ ...context, matters: matters(balances), signature },
	);
	const decisions = classes.map((one) =>
		signature(one.decision, one.arrival.packet),
	);
	return {
		balances,
		openedBy: isOwn ? "gateway" : "clients",
		decisions,
		spaces: [space],
		classesOf: [classes],
		arrival,
		classes,
		signature: [
			balances,
			...classes.map((one, index) => `${one.name} ${decisions[index]}`),
		].join("\n\n"),
	};
}

/** Where the packet that was walked is not balanced, those of other clients may be, if they belong to no narrower space. */
function foundForOthers(
	space: Space,
	{ arrival, decision, narrower }: Sampled,
	context: Context,
): Found | null {
	const { areForRouting, matters } = context;
	const classes = clientClasses(
		{ space, arrival, decision, avoid: narrower },
		{
			...context,
			matters: matters("destination"),
			signature: (one, packet) =>
				`${whatIsBalanced(endsOf(one), packet, areForRouting)}`,
		},
	);
	const other = classes.find(
		(one) =>
			whatIsBalanced(
				endsOf(one.decision),
				one.arrival.packet,
				areForRouting,
			) !== null,
	);
	return other === undefined
		? null
		: foundIn(
				space,
				{ arrival: other.arrival, decision: other.decision, narrower },
				context,
			);
}

/** Adds a space to the ones that are one service with it: it differs in addresses alone, or in ports alone. */
function joined(found: readonly Found[], one: Found): readonly Found[] {
	const [space] = one.spaces as readonly [Space];
	const at = found.findIndex(
		({ signature, spaces: [first] }) =>
			signature === one.signature &&
			first !== undefined &&
			DIFFERS_IN.some(
				(field) =>
					spaceText({ ...space, source: ALL, [field]: ALL }) ===
					spaceText({ ...first, source: ALL, [field]: ALL }),
			),
	);
	const known = found[at];
	if (known === undefined) return [...found, one];
	return found.with(at, {
		...known,
		spaces: [...known.spaces, space],
		classesOf: [...known.classesOf, one.classes],
	});
}

/** What the gateway itself opens is a service of its own, unless clients around are treated alike. */
function withOwnConnections(found: readonly Found[]): readonly Found[] {
	const ofClients = found.filter(({ openedBy }) => openedBy === "clients");
	const own = found.filter(({ openedBy }) => openedBy === "gateway");
	const byAsked = new Map<string, Found[]>();
	for (const one of ofClients)
		for (const space of one.spaces) {
			const asked = textOfAsked(space);
			byAsked.set(asked, [...(byAsked.get(asked) ?? []), one]);
		}
	const alike = new Map(
		own.map((one) => {
			const some = byAsked.get(textOfAsked(one.spaces[0] as Space)) ?? [];
			return [one, some.find((other) => isAlike(other, one))] as const;
		}),
	);
	const opened = new Set(alike.values());
	return [
		...ofClients.map((one): Found => {
			return opened.has(one) ? { ...one, openedBy: "both" } : one;
		}),
		...own.filter((one) => alike.get(one) === undefined),
	];
}

/** Do all connections of the gateway's own go where those of some clients go, by the same ways? */
function isAlike(ofClients: Found, own: Found): boolean {
	const asked = new Set(ofClients.spaces.map(textOfAsked));
	return (
		ofClients.balances === own.balances &&
		own.spaces.every((space) => asked.has(textOfAsked(space))) &&
		own.decisions.every((one) => ofClients.decisions.includes(one))
	);
}

/** What is asked for, whoever asks. */
function textOfAsked(space: Space): string {
	return spaceText({ ...space, source: ALL, sourcePort: ALL, interfaces: [] });
}

const DIFFERS_IN = ["destination", "destinationPort"] as const;

function oncePerKind<Value>(
	make: (balances: Service["balances"]) => Value,
): (balances: Service["balances"]) => Value {
	const known = new Map<Service["balances"], Value>();
	return (balances) => {
		const value = known.get(balances) ?? make(balances);
		known.set(balances, value);
		return value;
	};
}

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

function serviceOf(
	{ balances, arrival, spaces, classes, openedBy }: Found,
	{ links, world, walker, namesOwn: areNamed }: Context,
): Service {
	const meaning = meaningIn({ balances, spaces }, { world });
	const ports = rangesOf(spaces, "destinationPort");
	const backends = backendsOf(classes, meaning, balances);
	const protocol = protocolOf(spaces[0] as Space);
	const addresses = addressesOf(spaces, links);
	const interfaces = interfacesOf(spaces, links);
	const roles = rolesOfService(classes, meaning);
	return {
		key: `${serviceKey(protocol, addressWords(spaces, links, areNamed), ports)}${openedBy === "gateway" ? ` from ${GATEWAY_ITSELF}` : ""}`,
		openedBy,
		name: nameIn(classes, { meaning, walker }),
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

/** The comment that all ways to backends have in common, the one nearest to the backends. */
function nameIn(
	classes: readonly ClassOfClients[],
	{ meaning, walker }: { meaning: MeaningOf; walker: Walker },
): string | null {
	const ways = classes.flatMap(({ decision, arrival }) =>
		endsOf(decision)
			.filter((end) => meaning(end, arrival.packet).kind === "backend")
			.map(({ rules, beforeRouting }) =>
				rules
					.slice(0, beforeRouting)
					.flatMap(({ rule }) => walker.rules.commentOf(rule) ?? []),
			),
	);
	const [first = [], ...others] = ways;
	const name = first.findLast((comment) =>
		others.every((comments) => comments.includes(comment)),
	);
	// A name stands in titles and headings: on one line, of visible characters.
	return name?.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim() || null;
}

/** Of all classes together: a condition belongs to a service, not to some of its clients. */
function rolesOfService(
	classes: readonly ClassOfClients[],
	meaning: MeaningOf,
): Roles {
	const names = [
		...new Set(classes.flatMap(({ decision }) => conditionNames(decision))),
	];
	// Each class may have conditions of its own for the same backends.
	const pairs = new Map<string, string>();
	const lost = classes.map((one) => alwaysLost(one, meaning));
	const reach = (vector: Vector) =>
		new Set(
			classes.flatMap(({ decision, arrival }, index) => {
				const found = reachable(decision, vector, (end) => {
					const { kind, key, chosen } = meaning(end, arrival.packet);
					if (kind === "backend") return key;
					return lost[index]?.has(chosen) === true ? chosen : null;
				});
				return [...found].map((backend) => {
					const pair = `${index} ${backend}`;
					pairs.set(pair, backend);
					return pair;
				});
			}),
		);
	const { roles, alive } = rolesOf(names, reach);
	return {
		alive,
		roles: roles.map((role) => ({
			...role,
			backends: [
				...new Set(role.backends.map((pair) => pairs.get(pair) ?? pair)),
			],
		})),
	};
}

/** Backends that are chosen, and that no way leads to, whatever conditions say: a rule of filter was forgotten, say. */
function alwaysLost(
	{ decision, arrival }: ClassOfClients,
	meaning: MeaningOf,
): ReadonlySet<string> {
	const meant = endsOf(decision).map((end) => meaning(end, arrival.packet));
	const reached = new Set(
		meant.flatMap(({ kind, key }) => (kind === "backend" ? [key] : [])),
	);
	return new Set(
		meant.flatMap(({ kind, key, chosen }) =>
			kind === "none" && chosen !== key && !reached.has(chosen) ? [chosen] : [],
		),
	);
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

/** The rule that sends a connection where it goes. */
function lastRule(
	{ rules, beforeRouting }: End,
	balances: Service["balances"],
): RuleRef | undefined {
	return balances === "source" ? rules.at(-1) : rules[beforeRouting - 1];
}

/** In the order of their rules. */
function backendsOf(
	classes: readonly ClassOfClients[],
	meaning: MeaningOf,
	balances: Service["balances"],
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
			const last = lastRule(end, balances);
			if (last !== undefined) rules.set(last.rule, last);
			found.set(backend.key, { ...backend, rules: [...rules.values()] });
		}
	// As they stand in the file: an end's last rule is the one that sends a connection there.
	const lineOf = ({ rules }: Omit<Backend, "conditions">) =>
		Math.min(...rules.map(({ line }) => line));
	return [...found.values()].sort((one, other) => lineOf(one) - lineOf(other));
}
