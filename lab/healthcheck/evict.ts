/** Deletes conntrack entries of a dead backend, so that its clients do not stick to it. */
import { evictionOf } from "../../sim/endpoint/health-checker.ts";
import {
	evictedCount,
	evictionCommands,
	untilEvicted,
} from "../kernel/conntrack-filter.ts";
import { commandEnd } from "./probes/run-command.ts";

/** How many are gone; `null` when the program did not say. Or why none could be deleted. */
type Eviction =
	| { readonly entries: number | null }
	| { readonly reason: string };

/** @param address where the entries' replies come from */
export type Evict = (address: string) => Promise<Eviction>;

const PATIENCE_MS = 10_000;

/** @param program the words that stand before conntrack's own */
export function evictWith(program: readonly string[]): Evict {
	return async (address) => {
		const [words = []] = evictionCommands(evictionOf(address));
		const { end } = await untilEvicted(
			() => commandEnd([...program, ...words], PATIENCE_MS),
			({ words: said }) => said,
		);
		const entries = evictedCount(end.words);
		// conntrack ends with 1 when there was nothing to delete.
		return entries !== null || end.code === 0
			? { entries }
			: { reason: end.words };
	};
}
