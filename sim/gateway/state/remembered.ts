/** What rules remember, for those who ask what an operation does to it. */
import type { GatewayState } from "./gateway-state.ts";
import { hashOf } from "./state-hash.ts";

/** Each rule that remembers something (an nth counter, the credit of `limit`), as TRACE names it, with a hash of what it remembers. */
export function rememberedIn({
	tables,
}: GatewayState): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (const { name } of tables.now().tables) {
		const program = tables.program(name);
		if (program === null) continue;
		for (const chain of program.table.chains)
			for (const [index, rule] of chain.rules.entries()) {
				const cells = rule.matches.flatMap((_, place) => {
					const cell = program.cells.of(rule, place);
					if (cell === null) return [];
					if (!(cell instanceof Float64Array))
						return [cell.seen?.() ?? cell.save()];
					// Of a match that remembers in another mode: nth does, random does not.
					return cell.length === 0 ? [] : [[...cell]];
				});
				if (cells.length > 0)
					found.set(`${name}:${chain.name}:rule:${index + 1}`, hashOf(cells));
			}
	}
	return found;
}

/** What rules share by a name (sets, and lists and quotas that several of them may write), each with a hash of it. */
export function sharedIn({
	sets,
	tables,
}: GatewayState): ReadonlyMap<string, string> {
	const found = new Map<string, string>();
	for (const [name, state] of tables.names.each())
		found.set(name, hashOf(state));
	for (const set of sets.all())
		found.set(`set ${set.name}`, hashOf(set.seen()));
	return found;
}
