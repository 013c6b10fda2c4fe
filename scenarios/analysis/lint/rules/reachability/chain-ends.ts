/** Rules behind which no packet goes on in their chain. */
import type {
	Chain,
	Rule,
	Table,
} from "../../../../../sim/contract/ruleset.ts";
import { matches } from "../../../../../sim/matches/index.ts";
import { endOf } from "../../../../../sim/ruleset/rule-traits.ts";

/** Of one table: a class because it remembers chains. */
export class ChainEnds {
	private readonly chains: ReadonlyMap<string, Chain>;
	private readonly known = new Map<string, boolean>();

	constructor({ chains }: Table) {
		this.chains = new Map(chains.map((chain) => [chain.name, chain]));
	}

	/** What it matches does not come to the rule behind it. */
	endsChain({ target }: Rule): boolean {
		if (target === null) return false;
		if (target.kind === "jump") return this.never(target.chain);
		if (target.kind === "goto") return true;
		return (
			endOf(target) !== null ||
			(target.kind === "verdict" && target.name === "RETURN")
		);
	}

	/** Does no packet come back from the chain? No chain jumps in a circle: the kernel refuses it. */
	private never(name: string): boolean {
		const before = this.known.get(name);
		if (before !== undefined) return before;
		const rules = this.chains.get(name)?.rules ?? [];
		const last = rules.findIndex(
			(rule) => isUnconditional(rule) && this.endsWalk(rule),
		);
		const returns = rules
			.slice(0, last)
			.some(
				({ target }) =>
					target?.kind === "goto" ||
					(target?.kind === "verdict" && target.name === "RETURN"),
			);
		const never = last >= 0 && !returns;
		this.known.set(name, never);
		return never;
	}

	private endsWalk({ target }: Rule): boolean {
		if (target?.kind === "jump" || target?.kind === "goto")
			return this.never(target.chain);
		return endOf(target) !== null;
	}
}

function isUnconditional({ header, matches: uses }: Rule): boolean {
	return (
		header.source.mask === 0 &&
		header.destination.mask === 0 &&
		!header.source.inverted &&
		!header.destination.inverted &&
		header.inInterface === null &&
		header.outInterface === null &&
		header.protocol === 0 &&
		header.fragment === null &&
		uses.every(({ name }) => matches.get(name)?.alwaysMatches === true)
	);
}
