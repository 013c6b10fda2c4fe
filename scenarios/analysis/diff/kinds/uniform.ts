/**
 * Takes spaces apart until no rule of either ruleset, and nothing in the stack, tells packets of one apart, and
 * walks one packet of each through both.
 */
import type { Rule } from "../../../../sim/contract/ruleset.ts";
import { sampleOf } from "../../services/sample.ts";
import {
	common,
	isFromGateway,
	OWN_INTERFACES,
	type Space,
} from "../../spaces/space.ts";
import type { Decision, End } from "../../walk/decision.ts";
import { endsOf, portOf } from "../../walk/ends-of.ts";
import { type Arrival, TooManyWaysError } from "../../walk/walker.ts";
import {
	type Cut,
	cutBy,
	cutByNetwork,
	cutByTranslation,
	cutOf,
	type Looking,
	networksOf,
	type Path,
	partsOf,
} from "./cut.ts";
import type { Side, Sides } from "./sides.ts";

/** Packets that are treated alike by both rulesets, and what becomes of one of them. */
export interface Uniform {
	readonly space: Space;
	readonly arrival: Arrival;
	readonly before: Decision;
	readonly after: Decision;
	/** Rules that may tell its packets apart by what no space can say. */
	readonly blurred: readonly Rule[];
	/** What both gateways keep of its connection, by each end of the walk. */
	readonly kept: Kept;
}

/** What gateways keep of connections, as texts: equal ones, equal connections. */
export interface Kept {
	readonly before: Set<string>;
	readonly after: Set<string>;
}

/** Does the one keep something else of connections than the other? */
export function keepsOther({ before, after }: Kept): boolean {
	return (
		before.size !== after.size || [...before].some((one) => !after.has(one))
	);
}

const BEFORE_ROUTING: Path = [
	["raw", "PREROUTING"],
	["mangle", "PREROUTING"],
	["nat", "PREROUTING"],
];
const FORWARDED: Path = [
	["mangle", "FORWARD"],
	["filter", "FORWARD"],
	["security", "FORWARD"],
];
const DELIVERED: Path = [
	["mangle", "INPUT"],
	["filter", "INPUT"],
	["security", "INPUT"],
	["nat", "INPUT"],
];
const OWN_BEFORE: Path = [
	["raw", "OUTPUT"],
	["mangle", "OUTPUT"],
	["nat", "OUTPUT"],
];
const OWN_FILTERED: Path = [
	["filter", "OUTPUT"],
	["security", "OUTPUT"],
];
const BY_LOOPBACK: Path = [
	["raw", "PREROUTING"],
	["mangle", "PREROUTING"],
];
const LEAVING: Path = [
	["mangle", "POSTROUTING"],
	["nat", "POSTROUTING"],
];

/** How far spaces are taken apart. */
export interface Limits {
	/** Kinds of packets that are walked. */
	readonly budget: number;
	/** First packets whose answers rules tell apart. */
	readonly answered: readonly Space[];
	/** Hears what was not looked at. */
	readonly onGap: (gap: string) => void;
}

/** @param affected rules that read what an edit writes otherwise */
export function* uniformSpaces(
	spaces: readonly Space[],
	sides: Sides,
	affected: ReadonlySet<Rule>,
	{ budget, answered, onGap }: Limits,
): Generator<Uniform> {
	const { links } = sides;
	const networks = networksOf(sides.world, links);
	const waiting = spaces.toReversed();
	let walks = 0;
	for (let space = waiting.pop(); space !== undefined; space = waiting.pop()) {
		const cut = cutByNetwork(space, networks) ?? cutByAll(space, answered);
		if (cut !== null) {
			waiting.push(...partsOf(space, cut).toReversed());
			continue;
		}
		if (walks >= budget) {
			onGap("packets that changed rules are about: too many kinds of them");
			return;
		}
		const found = oneOf(space, sides, affected, onGap);
		if (found === null) continue;
		if ("field" in found) waiting.push(...partsOf(space, found).toReversed());
		else {
			walks++;
			yield found;
		}
	}
}

/** The first of these spaces that has a part of the space. */
function cutByAll(space: Space, others: readonly Space[]): Cut | null {
	for (const other of others) {
		const cut = common(space, other) === null ? null : cutOf(space, other);
		if (cut !== null) return cut;
	}
	return null;
}

/** @returns a cut, where the space is not uniform; `null`: it has no packet that could be walked */
function oneOf(
	space: Space,
	sides: Sides,
	affected: ReadonlySet<Rule>,
	onGap: (gap: string) => void,
): Cut | Uniform | null {
	const { links, before, after } = sides;
	const blurred = new Set<Rule>();
	const isOwn = isFromGateway(space);
	const looking: Looking = {
		links,
		blurred,
		affected,
		outInterface: null,
		interfaces: isOwn ? OWN_INTERFACES : links.names,
	};
	const path = isOwn ? OWN_BEFORE : BEFORE_ROUTING;
	for (const { ruleset } of [before, after]) {
		const found = cutBy(ruleset, path, space, looking);
		if (typeof found === "object" && found !== null) return found;
	}
	const arrival = sampleOf(space, links, []);
	if (arrival === null) return null;
	const decisions: Decision[] = [];
	const kept: Kept = { before: new Set(), after: new Set() };
	for (const which of ["before", "after"] as const) {
		const side = sides[which];
		const decision = walked(side, arrival, kept[which], onGap);
		if (decision === null) return null;
		const cut = cutBehind(side, space, { arrival, decision }, looking);
		if (cut !== null) return cut;
		decisions.push(decision);
	}
	const [one, other] = decisions as [Decision, Decision];
	const rules = [...blurred];
	return { space, arrival, before: one, after: other, blurred: rules, kept };
}

function walked(
	{ analysis: { walker } }: Side,
	arrival: Arrival,
	kept: Set<string>,
	onGap: (gap: string) => void,
): Decision | null {
	const ended = () => kept.add(walker.connections().join("\n"));
	try {
		return walker.walk(arrival, { from: walker.begin, ended });
	} catch (error) {
		if (!(error instanceof TooManyWaysError)) throw error;
		onGap(error.message);
		return null;
	}
}

/** What took the packet tells apart by what it translates to, and rules that packets meet once it is known where they go. */
function cutBehind(
	{ ruleset, analysis: { walker } }: Side,
	space: Space,
	{
		arrival: { packet },
		decision,
	}: { readonly arrival: Arrival; readonly decision: Decision },
	looking: Looking,
): Cut | null {
	const { links } = looking;
	const seen = new Set<string>();
	const names = endsOf(decision).flatMap(({ rules }) => rules);
	for (const name of new Set(names.map(({ rule }) => rule))) {
		const rule = walker.rules.ruleAt(name);
		const cut = rule && cutByTranslation(space, rule, packet.destination >>> 0);
		if (cut !== null) return cut;
	}
	for (const end of endsOf(decision)) {
		const { packet: sent, fate } = end;
		if (sent === null) continue;
		const key = [sent.destination, portOf(sent), nameOut(end)].join(" ");
		if (seen.has(key)) continue;
		seen.add(key);
		const port = portOf(sent);
		const behind: Space = {
			...space,
			...(sent.destination === packet.destination
				? {}
				: { destination: [[sent.destination >>> 0, sent.destination >>> 0]] }),
			...(port === null || port === portOf(packet)
				? {}
				: { destinationPort: [[port, port]] }),
		};
		const isHere = links.isOwn(sent.destination >>> 0);
		const filtered = isFromGateway(space)
			? [
					...OWN_FILTERED,
					...LEAVING,
					...(isHere ? [...BY_LOOPBACK, ...DELIVERED] : []),
				]
			: isHere
				? DELIVERED
				: [...FORWARDED, ...LEAVING];
		const found = cutBy(ruleset, filtered, behind, {
			...looking,
			outInterface: fate.kind === "forwarded" ? fate.interface : null,
		});
		if (typeof found === "object" && found !== null) return found;
	}
	return null;
}

function nameOut({ fate }: End): string {
	return fate.kind === "forwarded" ? fate.interface : fate.kind;
}
