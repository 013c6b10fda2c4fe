/** No machine outlives this process, if the process gets to say anything before it ends. */

/** What has to be done at once, without waiting for anything. */
type Cleanup = () => void;

const cleanups = new Set<Cleanup>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** @returns takes it back: the machine was shut down in the usual way */
export function atProcessEnd(cleanup: Cleanup): () => void {
	if (cleanups.size === 0) listen();
	cleanups.add(cleanup);
	return () => {
		if (cleanups.delete(cleanup) && cleanups.size === 0) unlisten();
	};
}

function cleanUp(): void {
	for (const cleanup of cleanups) cleanup();
	cleanups.clear();
}

function interrupted(signal: NodeJS.Signals): void {
	cleanUp();
	unlisten();
	// Whoever started us is to see that it was the signal that ended us.
	if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function listen(): void {
	process.on("exit", cleanUp);
	for (const signal of SIGNALS) process.on(signal, interrupted);
}

function unlisten(): void {
	process.off("exit", cleanUp);
	for (const signal of SIGNALS) process.off(signal, interrupted);
}
