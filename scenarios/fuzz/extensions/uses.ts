/** Every extension's use, by its name. */

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

const ASKING_SOCKETS = [...MATCH_USES].flatMap(([name, { asksSockets }]) =>
	asksSockets ? [`-m ${name} `] : [],
);

/** Is there a rule in the text that asks what is not modelled of the sockets of programs? */
export const asksSockets = (text: string): boolean =>
	ASKING_SOCKETS.some((words) => text.includes(words));

/** By what stands behind `-j`. */
export const TARGET_USES: ReadonlyMap<string, TargetUse> = new Map(
	[TARGETS, NAT_TARGETS, UNMODELLED_TARGETS, ADDON_TARGETS].flatMap(
		Object.entries,
	),
);
