/** No lab outlives this process, if the process gets to say anything before it ends. */
import { beforeSignalEnds } from "../../../scenarios/files/process-end.ts";

type Removal = () => Promise<void>;

const removals = new Set<Removal>();
let forget = () => {};

/**
 * Has something of a lab removed when a signal is to end the process.
 * @returns takes it back: it was removed in the usual way, or is to stay
 */
export function onTermination(removal: Removal): () => void {
	if (removals.size === 0) forget = beforeSignalEnds(removeAll);
	removals.add(removal);
	return () => {
		if (removals.delete(removal) && removals.size === 0) forget();
	};
}

async function removeAll(): Promise<void> {
	process.stderr.write("\nremoving the lab …\n");
	// All of them are waited for: one that fails leaves the others to be removed.
	const ended = await Promise.allSettled([...removals].map((one) => one()));
	for (const removal of ended) {
		if (removal.status === "fulfilled") continue;
		const { reason } = removal;
		const why = reason instanceof Error ? reason.message : String(reason);
		process.stderr.write(
			`${why}\n  \`marktwin lab down\` removes what is left.\n`,
		);
	}
}
