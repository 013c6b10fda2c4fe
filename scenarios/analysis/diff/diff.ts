/**
 * What an edit of a ruleset changes. Packets that fit no rule which was removed or added meet the same rules in
 * both, so they are the same without a look; all others are taken apart, and one of each kind is walked
 * through both.
 */
import type { Rule, Ruleset } from "../../../sim/contract/ruleset.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import type { LintFinding } from "../lint/finding.ts";
import { lintRuleset } from "../lint/run/lint-ruleset.ts";
import type { Space } from "../spaces/space.ts";
import type { GivenWorld } from "../world/assumed-world.ts";
import { type Classes, classesIn } from "./classes.ts";
import { spaceOfService } from "./kinds/service-space.ts";
import { type Side, type Sides, sidesOf } from "./kinds/sides.ts";
import { touchedBy } from "./kinds/touched.ts";
import type { CounterLife } from "./remembered.ts";
import { countersOn } from "./remembered.ts";
import { type Loaded, standingIn } from "./standing.ts";

/** A ruleset that was checked, with its text. */
export interface DiffInput {
	readonly name: string;
	readonly text: string;
	readonly ruleset: Ruleset;
}

export interface Diff {
	readonly sides: Sides;
	readonly classes: Classes["classes"];
	readonly walked: number;
	readonly loaded: readonly Loaded[];
	readonly counters: readonly CounterLife[];
	readonly findings: {
		readonly before: readonly LintFinding[];
		readonly after: readonly LintFinding[];
	};
	/** What was not looked at: a sentence each. */
	readonly gaps: readonly string[];
	/** Changed rules that do something, and that no walked packet fits: others may. A sentence each. */
	readonly unmet: readonly string[];
	/** Packets of which it depends on what else is in them whether they get the same. */
	readonly open: Classes["open"];
	/** Some packets that changed rules may be about were not walked. */
	readonly isCut: boolean;
}

/**
 * @param given of the machine, which has both
 * @throws SetupError when what the machine told contradicts itself
 */
export function diffOf(
	before: DiffInput,
	after: DiffInput,
	given: GivenWorld,
): Diff {
	const sides = sidesOf(before.ruleset, after.ruleset, given);
	const findings = {
		before: findingsOf(after.name, before.text, sides.before),
		after: findingsOf(after.name, after.text, sides.after),
	};
	if (sides.alignment.isSame) {
		const nothing = { classes: [], walked: 0, loaded: [], counters: [] };
		return {
			sides,
			findings,
			...nothing,
			gaps: [],
			unmet: [],
			open: [],
			isCut: false,
		};
	}
	const touched = touchedBy(sides.alignment, sides.links, servicesOf(sides));
	const found = classesIn(touched, sides);
	// Where both keep the same of connections and no packet gets anything else, none of one that stands does.
	const isQuiet =
		found.kinds.length === 0 &&
		found.classes.every(({ comparison }) => comparison.verdict === "same");
	const standing = isQuiet
		? { loaded: [], gaps: [] }
		: standingIn(sides, found);
	const { backend } = sides.world.setup.linux ?? DEFAULT_LINUX;
	return {
		sides,
		findings,
		// Others than first packets, their answers and the next ones may fit it, unless rules in front take all of them.
		unmet: touched.acting
			.filter((rule) => !found.met.has(rule))
			.map(
				(rule) => `no packet that was walked fits ${unmetWords(rule, sides)}`,
			),
		classes: found.classes,
		open: found.open,
		walked: found.walked,
		loaded: standing.loaded,
		counters: countersOn(backend, sides),
		isCut: touched.isCut || found.gaps.length > 0,
		gaps: [
			...(touched.isCut
				? ["not all packets that changed rules are about were looked at"]
				: []),
			...touched.unmet.map(
				(rule) => `no packet that is compared fits ${unmetWords(rule, sides)}`,
			),
			...found.gaps,
			...standing.gaps,
			...gapsOf(sides.before, sides.after),
		],
	};
}

/** `line 4 of new.rules`: a rule for multicast, or for an interface that the machine does not have. */
function unmetWords(rule: Rule, { alignment: { chains } }: Sides): string {
	for (const { removed, added } of chains)
		for (const one of [...removed, ...added])
			if (one.rule === rule)
				return `the ${removed.includes(one) ? "removed" : "added"} rule of ${one.table}: ${one.text}`;
	return "a rule";
}

/** Rules may tell packets of a service apart behind the translation of its addresses, so all of them are looked at. */
function servicesOf({ before, after, links }: Sides): readonly Space[] {
	const all = [before, after].flatMap(({ analysis }) => analysis.services);
	const byKey = new Map(all.map((service) => [service.key, service]));
	return [...byKey.values()].map((service) => spaceOfService(service, links));
}

function findingsOf(
	file: string,
	text: string,
	{ analysis }: Side,
): readonly LintFinding[] {
	return lintRuleset({ file, ...analysis }, text).filter(
		({ suppressed }) => suppressed === null,
	);
}

/** What is unknown behind a match is told where packets come to it. */
function gapsOf(...sides: readonly Side[]): readonly string[] {
	const all = sides.flatMap(({ analysis }) => analysis.gaps);
	return [...new Set(all)].filter(
		(gap) => !gap.startsWith("what becomes of packets is unknown"),
	);
}
