/** No lab outlives this process, if the process gets to say anything before it ends. */

type Removal = () => Promise<void>;

const removals = new Set<Removal>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns takes it back: the lab was removed in the usual way, or is to stay */
export function onTermination(removal: Removal): () => void {
	if (removals.size === 0) listen();
	removals.add(removal);
	return () => {
		if (removals.delete(removal) && removals.size === 0) unlisten();
	};
}

/** A second signal finds nobody who listens, and ends the process at once: somebody else has to remove then. */
async function told(signal: NodeJS.Signals): Promise<void> {
	unlisten();
	process.stderr.write("\nremoving the lab …\n");
	try {
		await Promise.all([...removals].map((remove) => remove()));
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		process.stderr.write(
			`${why}\n  \`marktwin lab down\` removes what is left.\n`,
		);
	}
	// Whoever started us is to see that it was the signal that ended us.
	process.kill(process.pid, signal);
}

function listen(): void {
	for (const signal of SIGNALS) process.on(signal, told);
}

function unlisten(): void {
	for (const signal of SIGNALS) process.off(signal, told);
}
