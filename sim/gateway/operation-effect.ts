/** Whether an operation that succeeded has changed anything. Said only where it is certain that it has not. */
import type { Operation } from "../contract/gateway.ts";
import type { Ruleset } from "../contract/ruleset.ts";
import { matches } from "../matches/index.ts";
import { printRuleset } from "../ruleset/print.ts";
import { readConditions } from "./condition-files.ts";
import type { GatewayState } from "./state/gateway-state.ts";
import { PARTS } from "./state/parts.ts";
import { hashOf } from "./state/state-hash.ts";

/** Rules of more are not compared: it would take longer than the operation. */
const MOST_RULES = 2_000;
/** What asks, and is not meant to change anything. */
const ASKS = {
	iptables: /(?:^|\s)(?:-[CLSVh]\b|--(?:check|list|list-rules|version|help)\b)/,
	ipset: /^\s*(?:ipset\s+)?(?:test|list|save|-[TLS])\b/,
};

/**
 * Looks at what the operation is about before it is carried out.
 * @returns asked afterwards: is all as it was? `null`: it is not looked at
 */
export function beforeOperation(
	gateway: GatewayState,
	operation: Operation,
): (() => boolean) | null {
	const look = lookFor(gateway, operation);
	if (look === null) return null;
	const before = look();
	return () => look() === before;
}

function lookFor(
	gateway: GatewayState,
	operation: Operation,
): (() => string) | null {
	const seen = (...names: readonly string[]) =>
		hashOf(names.map((name) => seenPart(gateway, name)));
	switch (operation.kind) {
		case "restore":
			return rulesOf(gateway);
		case "iptables":
			return ASKS.iptables.test(operation.command) ? null : rulesOf(gateway);
		case "condition":
			return () => hashOf(readConditions(gateway.tables.names));
		case "ipset":
			return ASKS.ipset.test(operation.command) ? null : () => seen("sets");
		case "sysctl":
			return () => seen("settings");
		case "link":
			return () => seen("routes");
		case "ip":
			return () => seen("routes", "neighbours", "settings");
		case "forget-neighbour":
			return () => seen("neighbours");
		// The one says itself what it deleted, the other puts another gateway in the place of this one.
		case "evict":
		case "take-over":
			return null;
	}
}

function seenPart(gateway: GatewayState, name: string): unknown {
	const part = PARTS.get(name);
	return part?.seen?.(gateway) ?? part?.save(gateway);
}

/** With their counters, and what has a name: conditions, lists of `recent`. Of rules that remember something themselves it is not seen whether they lost it. */
function rulesOf({ tables, setup }: GatewayState): (() => string) | null {
	if (!isLookedAt(tables.now())) return null;
	return () => {
		const rules = printRuleset(tables.now(), {
			counters: true,
			...(setup.linux && { linux: setup.linux }),
		});
		return `${rules}${hashOf(tables.names)}`;
	};
}

function isLookedAt({ tables }: Ruleset): boolean {
	const rules = tables.flatMap(({ chains }) =>
		chains.flatMap((chain) => chain.rules),
	);
	return (
		rules.length <= MOST_RULES &&
		rules.every((rule) =>
			rule.matches.every(({ name }) => matches.get(name)?.cell === undefined),
		)
	);
}
