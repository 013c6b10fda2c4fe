/**
 * One at a time, across processes. The kernel holds the lock (flock(2), by way of flock(1), since
 * Node has no call for it) and lets go of it with the process, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { LabError } from "../../lab-error.ts";

export interface Lock {
	release(): Promise<void>;
}

/**
 * Waits until nobody else holds the file.
 * @param file in a folder that is there
 * @param waiting is called once when somebody does
 */
export async function takeLock(
	file: string,
	waiting: () => void,
): Promise<Lock> {
	const first = await tryLock(file, ["--nonblock"]);
	if (first !== null) return first;
	waiting();
	const second = await tryLock(file, []);
	if (second !== null) return second;
	throw new LabError({
		code: "build",
		place: file,
		message: "cannot be locked",
		remedy: "Is the folder writable, on a file system that knows flock?",
	});
}

/** @returns `null` when it is taken */
function tryLock(
	file: string,
	options: readonly string[],
): Promise<Lock | null> {
	return new Promise((resolve, reject) => {
		// `cat` ends with our end of the pipe, that is, with us.
		const holder = spawn(
			"flock",
			[...options, file, "sh", "-c", "echo locked; exec cat"],
			// Ctrl-C is for us: the lock has to last until we are done with it.
			{ stdio: ["pipe", "pipe", "ignore"], detached: true },
		);
		holder.on("error", () =>
			reject(
				new LabError({
					code: "missing",
					place: "flock",
					message: "this program is not installed",
					remedy: "Debian: apt-get install util-linux",
				}),
			),
		);
		holder.stdin.on("error", () => {});
		holder.stdout.once("data", () => resolve(lockHeldBy(holder)));
		holder.once("exit", () => resolve(null));
	});
}

function lockHeldBy(holder: ChildProcess): Lock {
	return {
		release: () =>
			new Promise((resolve) => {
				holder.once("exit", () => resolve());
				holder.stdin?.end();
			}),
	};
}
