/** Kinds of packets that an edit may change, and what it does to each: those that it treats alike are one. */
import type { Rule } from "../../../sim/contract/ruleset.ts";
import type { Service } from "../services/service.ts";
import { isOnePort } from "../services/service-names.ts";
import { isWithin } from "../spaces/intervals.ts";
import type { Space } from "../spaces/space.ts";
import type { Decision, End } from "../walk/decision.ts";
import { endsOf } from "../walk/ends-of.ts";
import {
	answerTo,
	type LaterPackets,
	laterPackets,
} from "../walk/later-packets.ts";
import { type Arrival, TooManyWaysError } from "../walk/walker.ts";
import { anyPacketsOf } from "./any-packet.ts";
import {
	type Comparison,
	compareDecisions,
	comparisonText,
	placeWords,
	type Question,
} from "./compare.ts";
import { effectKey, effectOf, getsThrough } from "./effect.ts";
import { sizeOf } from "./kinds/measure.ts";
import { spaceOfService } from "./kinds/service-space.ts";
import { ruleIn, type Side, type Sides } from "./kinds/sides.ts";
import { joinedSpaces, type Touched } from "./kinds/touched.ts";
import { keepsOther, type Uniform, uniformSpaces } from "./kinds/uniform.ts";
import { type Meanings, meaningsOf, NO_MEANINGS } from "./values.ts";

/** Which packets of a connection. */
type Which = "first" | "answer" | "next" | "again";

/** Packets to which an edit does the same. */
export interface PacketClass {
	readonly which: Which;
	/** Of first packets, also where later ones are meant; apart from each other. */
	readonly spaces: readonly Space[];
	/** The first packet that stands for them. */
	readonly arrival: Arrival;
	/** What becomes of that one under the old rules. */
	readonly opening: Decision;
	/** The service that they ask for: the new one, where both have one. */
	readonly service: Service | null;
	readonly comparison: Comparison;
}

export interface Classes {
	/** Of first packets those that are the same as well, where a service has them. */
	readonly classes: readonly PacketClass[];
	/** Of those that are the same, such as may differ where rules ask for more of a packet than walks vary. */
	readonly open: readonly PacketClass[];
	readonly gaps: readonly string[];
	/** How many kinds of packets were walked. */
	readonly walked: number;
	/** Rules that some packet which was walked fitted. */
	readonly met: ReadonlySet<Rule>;
	/**
	 * First packets of each kind that gets the same, and of whose connection the rulesets treat a later packet
	 * differently or keep different things: what the old one has kept may be something else to the new one.
	 */
	readonly kinds: readonly PacketClass[];
}

/** Kinds of packets that are walked. */
const MOST_KINDS = 4000;
/** Ends of a kind whose later packets are walked. */
const MOST_ENDS = 64;

export function classesIn(
	{ spaces, affected, answered }: Touched,
	sides: Sides,
): Classes {
	const gaps = new Set<string>();
	const found = new Map<string, PacketClass>();
	const services = servicesOf(sides);
	const anyPackets = anyPacketsOf(sides);
	const met = new Set<Rule>();
	const other: PacketClass[] = [];
	let walked = 0;
	const open = new Map<string, PacketClass>();
	const add = (one: PacketClass) => addTo(found, one);
	const kinds = uniformSpaces(spaces, sides, affected, {
		budget: MOST_KINDS,
		answered,
		onGap: (gap) => gaps.add(gap),
	});
	for (const kind of kinds) {
		walked++;
		const service = services.find(kind);
		const asked = { sides, affected, service, kind, met };
		noteMet(asked, kind);
		const first = firstOf(asked, services.meanings(service));
		const { verdict } = first.comparison;
		const later =
			verdict === "changed" ? [] : [...laterOf(asked, (gap) => gaps.add(gap))];
		const isSame = verdict === "same" && later.length === 0;
		const why = isSame ? anyPackets.whyOpen(kind, questionOf(asked)) : [];
		if (why.length > 0) addTo(open, leftOpen(first, why));
		if (verdict !== "same" || service !== null) add(first);
		for (const one of later) add(one);
		if (verdict === "changed") continue;
		if (!isSame || keepsOther(kind.kept)) other.push(first);
	}
	return {
		classes: [...found.values()].map(withJoinedSpaces),
		open: [...open.values()].map(withJoinedSpaces),
		gaps: [...gaps],
		walked,
		met,
		kinds: other,
	};
}

/** Those to which the edit does the same are one. */
function addTo(classes: Map<string, PacketClass>, one: PacketClass): void {
	const key = `${one.which} ${one.service?.key} ${comparisonText(one.comparison)}`;
	const known = classes.get(key);
	if (known === undefined) {
		classes.set(key, one);
		return;
	}
	// The largest part has the example.
	const size = ({ spaces: [space] }: PacketClass) =>
		space === undefined ? 0n : sizeOf(space);
	const [first, second] = size(one) > size(known) ? [one, known] : [known, one];
	const spaces = [...first.spaces, ...second.spaces];
	classes.set(key, { ...first, spaces });
}

function withJoinedSpaces(one: PacketClass): PacketClass {
	return { ...one, spaces: joinedSpaces(one.spaces) };
}

/** Remembers the rules that a packet fits, on either side. */
function noteMet(
	{ sides, met }: Pick<Asked, "sides" | "met">,
	decisions: Pick<Uniform, "before" | "after">,
): void {
	for (const which of ["before", "after"] as const) {
		const { rules } = sides[which].analysis.walker;
		for (const end of endsOf(decisions[which]))
			for (const { rule: name } of end.rules) {
				const rule = rules.ruleAt(name);
				if (rule !== null) met.add(rule);
			}
	}
}

interface Asked {
	readonly sides: Sides;
	readonly affected: ReadonlySet<Rule>;
	readonly service: Service | null;
	readonly kind: Uniform;
	readonly met: Set<Rule>;
}

function leftOpen(one: PacketClass, why: readonly string[]): PacketClass {
	const nothing = { before: [], after: [], vectors: [] };
	return { ...one, comparison: { verdict: "unknown", why, ...nothing } };
}

function questionOf(
	{ sides, affected, kind }: Asked,
	meanings: Meanings = NO_MEANINGS,
): Question {
	const { space, arrival, before, after } = kind;
	return {
		sides,
		affected,
		before,
		after,
		packet: arrival.packet,
		keepsPort: !isOnePort(space.destinationPort),
		meanings,
	};
}

function firstOf(asked: Asked, meanings: Meanings): PacketClass {
	const { sides, service, kind } = asked;
	const { space, arrival, before, blurred } = kind;
	const comparison = compareDecisions(questionOf(asked, meanings));
	return {
		which: "first",
		spaces: [space],
		arrival,
		opening: before,
		service,
		comparison: blurredBy(comparison, blurred, sides),
	};
}

/** What one packet shows is not shown of those that such a rule tells apart. */
function blurredBy(
	comparison: Comparison,
	blurred: readonly Rule[],
	{ alignment: { chains } }: Sides,
): Comparison {
	const [rule] = blurred;
	if (rule === undefined || comparison.verdict !== "same") return comparison;
	const chain = chains.find(({ before, after }) =>
		[before, after].some((one) => one?.rules.includes(rule)),
	);
	const why = `packets of one kind may differ for a rule of ${chain?.table} ${chain?.name}${placeWords({ rule: chain?.name ?? "", line: rule.line, text: "" })}: it asks for bits, octets, or lists that the edit may fill otherwise`;
	return { ...comparison, verdict: "unknown", why: [why] };
}

/** Packets of a connection whose first one gets through on both sides alike. */
function* laterOf(
	asked: Asked,
	onGap: (gap: string) => void,
): Generator<PacketClass> {
	const { sides, kind } = asked;
	const { arrival } = kind;
	const olds = endsByKey(sides.before, kind, kind.before);
	const news = endsByKey(sides.after, kind, kind.after);
	const keys = [...olds.keys()].filter((key) => news.has(key));
	if (keys.length > MOST_ENDS)
		onGap(
			`later packets of connections: of ${keys.length} ways to backends the first ${MOST_ENDS} were compared`,
		);
	for (const key of keys.slice(0, MOST_ENDS)) {
		const end = olds.get(key) as End;
		const one = laterIn(sides, "before", { kind, end }, onGap);
		const then = news.get(key) as End;
		const other = laterIn(sides, "after", { kind, end: then }, onGap);
		if (one === null || other === null) continue;
		for (const which of ["again", "answer", "next"] as const) {
			const before = one[which];
			const after = other[which];
			// There is no next packet on one side: what becomes of the answer tells why.
			if (before === null || after === null) continue;
			noteMet(asked, { before, after });
			const { packet } = (which === "answer" ? answerTo(end) : null) ?? arrival;
			const comparison = compareDecisions({
				sides,
				affected: asked.affected,
				before,
				after,
				packet,
				keepsPort: false,
				meanings: NO_MEANINGS,
			});
			if (comparison.verdict === "same") continue;
			yield {
				which,
				spaces: [kind.space],
				arrival,
				opening: kind.before,
				service: asked.service,
				comparison,
			};
		}
	}
}

function laterIn(
	sides: Sides,
	which: "before" | "after",
	{ kind, end }: { readonly kind: Uniform; readonly end: End },
	onGap: (gap: string) => void,
): LaterPackets | null {
	const { walker } = sides[which].analysis;
	const kept = kind.kept[which];
	try {
		return laterPackets(walker, kind.arrival, end, () =>
			kept.add(walker.connections().join("\n")),
		);
	} catch (error) {
		if (!(error instanceof TooManyWaysError)) throw error;
		onGap(error.message);
		return null;
	}
}

/** The first end of each kind that gets through. */
function endsByKey(
	side: Side,
	{ arrival: { packet } }: Uniform,
	decision: Decision,
): ReadonlyMap<string, End> {
	const found = new Map<string, End>();
	for (const end of endsOf(decision)) {
		const effect = effectOf(end, {
			packet,
			keepsPort: false,
			marksRoute: false,
			ruleOf: (name) => ruleIn(side, name),
		});
		const key = effectKey(effect);
		if (getsThrough(effect) && !found.has(key)) found.set(key, end);
	}
	return found;
}

interface Services {
	/** The service that a packet asks for: of the new rules, or else of the old ones. */
	find(kind: Uniform): Service | null;
	meanings(service: Service | null): Meanings;
}

function servicesOf({ before, after, links }: Sides): Services {
	const olds = new Map(before.analysis.services.map((one) => [one.key, one]));
	const news = new Map(after.analysis.services.map((one) => [one.key, one]));
	const all = [
		...news.values(),
		...[...olds.values()].filter(({ key }) => !news.has(key)),
	].map((service) => ({ service, space: spaceOfService(service, links) }));
	return {
		find: ({ space }) =>
			all.find((one) => isPartOf(space, one.space))?.service ?? null,
		meanings(service) {
			if (service === null) return NO_MEANINGS;
			return meaningsOf(olds.get(service.key), news.get(service.key));
		},
	};
}

/** Whatever the source is: clients are told apart within a service. */
function isPartOf(space: Space, whole: Space): boolean {
	return (
		isWithin(space.destination, whole.destination) &&
		isWithin(space.destinationPort, whole.destinationPort) &&
		isWithin(space.protocol, whole.protocol) &&
		space.interfaces.every((name) => whole.interfaces.includes(name))
	);
}
