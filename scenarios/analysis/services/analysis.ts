/** All that is computed of a ruleset before anything is judged: the machine around it, and what it balances. */
import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import type { UnmetRule } from "../walk/decision.ts";
import { Walker } from "../walk/walker.ts";
import { assumeWorld } from "../world/assume-world.ts";
import {
	type AssumedWorld,
	type GivenWorld,
	NOTHING_GIVEN,
} from "../world/assumed-world.ts";
import { findServices } from "./find-services.ts";
import type { ExemptTraffic, OtherTraffic } from "./found.ts";
import type { Service } from "./service.ts";

export interface Analysis {
	readonly ruleset: Ruleset;
	readonly world: AssumedWorld;
	/** The services, by what clients know of them. */
	readonly services: readonly Service[];
	/** Packets that move counters or draw, and that nothing balances. */
	readonly others: readonly OtherTraffic[];
	/** Rules that translate, take turns or draw, and that no packet which was walked matched. */
	readonly unmet: readonly UnmetRule[];
	/** Packets that no rule of nat meets, since rules exempt them from conntrack. */
	readonly exempt: readonly ExemptTraffic[];
	/** What was not looked at: a sentence each. */
	readonly gaps: readonly string[];
	/** The model with the ruleset, to walk more packets. */
	readonly walker: Walker;
}

function idleWords(key: string): string {
	return `What is assumed of ${key} was never used: no packet that was walked came to such a match that the model does not know.`;
}

function lackWords(program: string): string {
	return `the dump says that the machine has tables of ${program} besides, which packets pass as well: they were not looked at (where \`${program}-save\` prints no rule, --other-tables empty says so)`;
}

/**
 * @param ruleset that was checked: `checkRules` finds no fault in it
 * @param given what the machine told
 * @throws SetupError when what the machine told contradicts itself
 */
export function analyse(
	ruleset: Ruleset,
	given: GivenWorld = NOTHING_GIVEN,
): Analysis {
	const world = assumeWorld(ruleset, given);
	return analyseIn(world, ruleset, given, { ofClients: true });
}

/**
 * The same, on a machine of which all is given or assumed.
 * @param how.ofClients packets stand for all that clients send in their place; left out: for those alone that are like them
 */
export function analyseIn(
	world: AssumedWorld,
	ruleset: Ruleset,
	given: GivenWorld,
	how: { readonly ofClients?: boolean } = {},
): Analysis {
	const { assume } = world;
	const walker = new Walker(ruleset, world.setup, assume, how);
	const found = findServices(ruleset, world, walker);
	const idle = Object.keys(assume).filter(
		(key) => walker.assumptions.times(key) === 0,
	);
	const notes = [...world.notes, ...idle.map(idleWords)];
	const { lacks = "" } = given;
	const gaps = lacks === "" ? found.gaps : [...found.gaps, lackWords(lacks)];
	return { ruleset, world: { ...world, notes }, walker, ...found, gaps };
}
