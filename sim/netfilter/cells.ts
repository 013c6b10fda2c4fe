/**
 * The state of a table's rules: nth counters, the credit of `limit`, connlimit's lists. Each match declares
 * what a rule with it remembers (`MatchExtension.cell`); the table holds it here, by the rule's handle.
 */
import type { Rule, Table } from "../contract/ruleset.ts";
import type { Cell } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { invariant } from "../invariant.ts";
import { matches } from "../matches/index.ts";
import type { Stateful } from "../stateful.ts";

/**
 * Which rules keep their state when their table is replaced. `nothing`: every change of a table loads it
 * anew (`xt_replace_table`, net/netfilter/x_tables.c, 6.1). `untouched`: rules that the change leaves alone.
 */
export type Keeping = "nothing" | "untouched";

interface SavedCells {
	readonly numbers: Float64Array;
	readonly parts: readonly unknown[];
}

export class Cells implements Stateful<SavedCells> {
	/** Of all rules, in their order; each cell is a piece of it. */
	private readonly numbers: Float64Array;
	private readonly parts: readonly Stateful[];
	/** By the rule's handle, and by the place of the match in the rule. */
	private readonly cells = new Map<number, Map<number, Cell>>();

	/** @param table whose rules have handles; it is loaded at `ports.loadedMs` */
	constructor(table: Table, ports: ExtensionHost) {
		const declared = table.chains.flatMap(({ rules }) =>
			rules.flatMap((rule) => declaredBy(rule, ports)),
		);
		this.numbers = Float64Array.from(
			declared.flatMap(({ initial }) => (isPart(initial) ? [] : initial)),
		);
		this.parts = declared.flatMap(({ initial }) =>
			isPart(initial) ? initial : [],
		);
		let at = 0;
		for (const { handle, place, initial } of declared) {
			const end = isPart(initial) ? at : at + initial.length;
			const cell = isPart(initial) ? initial : this.numbers.subarray(at, end);
			at = end;
			let ofRule = this.cells.get(handle);
			if (ofRule === undefined) {
				ofRule = new Map();
				this.cells.set(handle, ofRule);
			}
			ofRule.set(place, cell);
		}
	}

	/** What a rule remembers for one of its matches. */
	of({ handle }: Rule, place: number): Cell {
		return this.cells.get(handle ?? NO_HANDLE)?.get(place) ?? null;
	}

	/** Takes the state of rules over that stood in `old` as well. */
	keep(old: Cells): void {
		for (const [handle, ofRule] of this.cells)
			for (const [place, cell] of ofRule) {
				const before = old.cells.get(handle)?.get(place) ?? null;
				if (cell instanceof Float64Array) {
					if (before instanceof Float64Array) cell.set(before);
				} else if (before !== null && !(before instanceof Float64Array))
					cell?.restore(before.save());
			}
	}

	save(): SavedCells {
		const { numbers, parts } = this;
		return {
			numbers: numbers.slice(),
			parts: parts.map((part) => part.save()),
		};
	}

	restore({ numbers, parts }: SavedCells): void {
		this.numbers.set(numbers);
		for (const [index, part] of this.parts.entries())
			part.restore(parts[index]);
	}

	seen(): unknown {
		return [this.numbers, this.parts];
	}
}

const NO_HANDLE = -1;

interface Declared {
	readonly handle: number;
	readonly place: number;
	readonly initial: readonly number[] | Stateful;
}

/** Of a rule with an open name nothing is modelled (`compileMatches`). */
function declaredBy(
	{ handle, matches: uses, asWritten }: Rule,
	ports: ExtensionHost,
): readonly Declared[] {
	if (asWritten !== undefined) return [];
	return uses.flatMap(({ name, options }, place) => {
		const match = matches.get(name);
		const initial = match?.cell?.(options, ports);
		if (initial === undefined || initial === null) return [];
		invariant(handle !== undefined, `a rule with -m ${name} was never loaded`);
		return { handle, place, initial };
	});
}

function isPart(initial: Declared["initial"]): initial is Stateful {
	return !Array.isArray(initial);
}
