/** Rules that draw, and what is asked behind the draw. */

import type { MatchUse, Ruleset } from "../../../sim/contract/ruleset.ts";
import { matches } from "../../../sim/matches/index.ts";

export class DrawingRules {
	private readonly rulesetNow: () => Ruleset;
	/** Matches behind the first draw, by the rule's name in the kernel. */
	private readonly behind = new Map<string, readonly MatchUse[]>();

	constructor(rulesetNow: () => Ruleset) {
		this.rulesetNow = rulesetNow;
	}

	/** The ruleset may have changed. */
	forget(): void {
		this.behind.clear();
	}

	/** Does the rule match whenever what was drawn says so? */
	tells(rule: string): boolean {
		return this.behindDraw(rule).length === 0;
	}

	/** Does it note something where what was drawn says yes, whether it matches or not? */
	remembers(rule: string): boolean {
		return this.behindDraw(rule).some(
			(use) => matches.get(use.name)?.stateful === true && !draws(use),
		);
	}

	private behindDraw(rule: string): readonly MatchUse[] {
		const known = this.behind.get(rule);
		if (known !== undefined) return known;
		const found = this.find(rule);
		this.behind.set(rule, found);
		return found;
	}

	/** @param name `mangle:PREROUTING:rule:1` */
	private find(name: string): readonly MatchUse[] {
		const [, table, chain, number] = /^(\w+):(.*):rule:(\d+)$/.exec(name) ?? [];
		const rules = this.rulesetNow()
			.tables.find((one) => one.name === table)
			?.chains.find((one) => one.name === chain)?.rules;
		const uses = rules?.[Number(number) - 1]?.matches ?? [];
		const at = uses.findIndex(draws);
		return uses
			.slice(at + 1)
			.filter(({ name }) => !matches.get(name)?.alwaysMatches);
	}
}

function draws({ name, options }: MatchUse): boolean {
	return matches.get(name)?.draws?.(options) ?? false;
}
