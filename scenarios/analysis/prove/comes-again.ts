/** Rules that ask who came before: a proof begins with lists that are empty, and sets as they were given, and follows a client that comes once. */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { asksWhoCame, metBy, visitRules } from "../services/candidates.ts";
import { type Intervals, normalized } from "../spaces/intervals.ts";
import { linksOf } from "../spaces/links.ts";
import { everything, type Space } from "../spaces/space.ts";
import { endsOf, portOf } from "../walk/ends-of.ts";
import type { Walker } from "../walk/walker.ts";
import type { AssumedWorld } from "../world/assumed-world.ts";
import type { Result } from "./state/proof.ts";
import type { Subject } from "./state/subject.ts";

/** Why a proof about the client is none for one that comes again; `null`: no rule on its way asks. */
export function whyNotAgain(
	{ first, client }: Subject,
	{
		ruleset,
		world,
		walker,
	}: {
		readonly ruleset: Ruleset;
		readonly world: AssumedWorld;
		readonly walker: Pick<Walker, "rules" | "packetsWriteTo">;
	},
): string | null {
	const links = linksOf(world);
	const sent = endsOf(client.decision).flatMap(({ packet }) => packet ?? []);
	const packets = [first.packet, ...sent];
	const ports = packets.flatMap((packet) => portOf(packet) ?? []);
	const begin: Space = {
		...everything(links.names),
		destination: valuesOf(packets.map(({ destination }) => destination >>> 0)),
		...(ports.length === 0 ? {} : { destinationPort: valuesOf(ports) }),
	};
	const asking = new Set<Rule>();
	const look = ({ rule }: { readonly rule: Rule }) => {
		if (asksWhoCame(rule, walker)) asking.add(rule);
	};
	const { interfaces, where, filtered } = metBy(begin, links);
	for (const hooks of [where, filtered])
		visitRules(ruleset, { begin, interfaces }, look, hooks);
	const [rule] = asking;
	return rule === undefined
		? null
		: `${walker.rules.refOf(rule).rule} asks a list of who came before, and only clients that come for the first time are looked at`;
}

/** What was looked at in part is not known, unless it is violated there. */
export function unlessAgain(result: Result, why: string | null): Result {
	return why === null || result.kind !== "holds"
		? result
		: { kind: "unknown", why };
}

function valuesOf(values: readonly number[]): Intervals {
	return normalized(values.map((value) => [value, value] as const));
}
