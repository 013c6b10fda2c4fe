/**
 * What is undone before this process ends: a file that is half written, a virtual machine, a lab of
 * containers. A signal ends the process after that, and it is the signal that ends it, so that a shell
 * sees what happened. A second signal ends it at once.
 *
 * signal-exit has no clean-up that is waited for, and a lab's is.
 */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface Undo {
	readonly now: () => void;
	/** Waited for after a signal; not carried out when the process ends by itself. */
	readonly later: () => Promise<void>;
}

const undos = new Set<Undo>();
/** A signal came, and what there was is being undone. */
let isEnding = false;

/**
 * Has something undone at once when the process ends, by itself or by a signal.
 * @param undo must not wait for anything, and must not throw
 * @returns takes it back: it was undone in the usual way
 */
export function atProcessEnd(undo: () => void): () => void {
	return register({ now: undo, later: async () => {} });
}

/**
 * Has something undone when a signal is to end the process, and waits for it.
 * @param undo must not reject: it reports its own failures
 * @returns takes it back: it was undone in the usual way, or is to stay
 */
export function beforeSignalEnds(undo: () => Promise<void>): () => void {
	return register({ now: () => {}, later: undo });
}

function register(undo: Undo): () => void {
	if (undos.size === 0 && !isEnding) listen();
	undos.add(undo);
	return () => {
		if (undos.delete(undo) && undos.size === 0) unlisten();
	};
}

async function interrupted(signal: NodeJS.Signals): Promise<void> {
	// From here on a signal finds no listener, and ends the process.
	isEnding = true;
	unlisten();
	const all = [...undos];
	undoNow();
	await Promise.all(all.map(({ later }) => later()));
	// What was begun while that took its time.
	undoNow();
	isEnding = false;
	// Where another part of the program listens, it decides when the process ends.
	if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function undoNow(): void {
	for (const { now } of undos) now();
	undos.clear();
}

function listen(): void {
	process.on("exit", undoNow);
	for (const signal of SIGNALS) process.on(signal, interrupted);
}

function unlisten(): void {
	process.off("exit", undoNow);
	for (const signal of SIGNALS) process.off(signal, interrupted);
}
