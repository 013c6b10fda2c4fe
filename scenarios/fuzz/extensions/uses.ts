/** Every extension's use, by its name. */

import type { ProgramPlan } from "../world/topology.ts";
import { ADDON_MATCHES, ADDON_TARGETS } from "./addons.ts";
import { HEADER_MATCHES } from "./header-matches.ts";
import { MACHINE_MATCHES } from "./machine-matches.ts";
import { NAT_TARGETS } from "./nat-targets.ts";
import { OCTET_MATCHES } from "./octet-matches.ts";
import { STATE_MATCHES } from "./state-matches.ts";
import { TARGETS, UNMODELLED_TARGETS } from "./targets.ts";
import { UNMODELLED_MATCHES } from "./unmodelled-matches.ts";
import type { MatchUse, TargetUse } from "./use.ts";

/** By what stands behind `-m`. */
export const MATCH_USES: ReadonlyMap<string, MatchUse> = new Map(
	[
		STATE_MATCHES,
		HEADER_MATCHES,
		OCTET_MATCHES,
		MACHINE_MATCHES,
		UNMODELLED_MATCHES,
		ADDON_MATCHES,
	].flatMap(Object.entries),
);

const ALLOWING = [...MATCH_USES].flatMap(([name, { allows }]) =>
	allows === undefined ? [] : [{ use: new RegExp(`-m ${name}\\b`), allows }],
);

/** Those of the programs of which the model knows what the rules in the text ask, wherever these stand in it. */
export function allowedBy(
	text: string,
	programs: readonly ProgramPlan[],
): readonly ProgramPlan[] {
	if (programs.length === 0) return programs;
	const rules = text.split(/(?=-[AIRD] [A-Z])/).slice(1);
	return programs.filter((program) =>
		ALLOWING.every(({ use, allows }) =>
			rules.every((rule) => !use.test(rule) || allows(program, rule)),
		),
	);
}

/** By what stands behind `-j`. */
export const TARGET_USES: ReadonlyMap<string, TargetUse> = new Map(
	[TARGETS, NAT_TARGETS, UNMODELLED_TARGETS, ADDON_TARGETS].flatMap(
		Object.entries,
	),
);

/** Names of all that generated rules and texts use. */
export function drawnExtensions(): {
	readonly matches: readonly string[];
	readonly targets: readonly string[];
} {
	const drawn = (uses: ReadonlyMap<string, MatchUse | TargetUse>) =>
		[...uses].flatMap(([name, { leftOut }]) =>
			leftOut === undefined ? [name] : [],
		);
	return { matches: drawn(MATCH_USES), targets: drawn(TARGET_USES) };
}
