/** Sets of ipset that rules name: each use is a reference, which keeps the set (`ip_set_nfnl_get_byindex`, xt_set.c, 6.1). */
import type { Ruleset } from "../contract/ruleset.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { usesOf } from "../ruleset/check/load-check.ts";
import { lookupsOf } from "../ruleset/rule-traits.ts";
import type { GatewayState } from "./state/gateway-state.ts";

/** How many matches and targets name it. */
export function usesOfSet({ tables }: Ruleset, name: string): number {
	let uses = 0;
	for (const { chains } of tables)
		for (const { rules } of chains)
			for (const rule of rules)
				for (const [{ needs }, { options }] of usesOf(rule))
					for (const need of needs?.(options, rule.header) ?? [])
						if (need.kind === "set" && need.name === name) uses++;
	return uses;
}

/**
 * A second gateway has the sets of the setup.
 * @throws UnknownSignal where rules of the first one name another
 */
export function mustHaveSets(
	second: GatewayState,
	{ tables, sets, setup }: GatewayState,
): void {
	if (setup.sets === undefined) return;
	for (const { name } of sets.all())
		if (usesOfSet(tables.now(), name) > 0 && second.sets.find(name) === null)
			throw new UnknownSignal(
				`the second gateway has no set ${name}, which the rules name`,
			);
}

/** Does one of these rules write to it what packets have? */
export function isWrittenBy(
	{ tables }: Ruleset,
	name: string,
	how: "adds" | "deletes",
): boolean {
	return tables.some(({ chains }) =>
		chains.some(({ rules }) =>
			rules.some((rule) =>
				lookupsOf(rule).some(
					(one) => one.list === "set" && one.how === how && one.name === name,
				),
			),
		),
	);
}

/**
 * Which sets there are, for those who load rules. Where the setup says nothing of sets, and in a walk that takes
 * every way, all that rules name are taken to be there: what is in them is not known.
 */
export function knownSets({ setup, sets, takesEveryWay }: GatewayState): {
	readonly hasSet?: (name: string) => boolean;
} {
	if (setup.sets === undefined || takesEveryWay) return {};
	return { hasSet: (name) => sets.find(name) !== null };
}
