/** Where the lab keeps what it has built: the XDG base directory specification's cache. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { LabError } from "./lab-error.ts";

/** What it is for, and how another one is named: for messages. */
export const CACHE_USE =
	"where kernels and packages are kept; XDG_CACHE_HOME names another one";

/**
 * `$XDG_CACHE_HOME/marktwin`, or `~/.cache/marktwin`.
 * @throws LabError for a user without a home
 */
export function cacheFolder(
	environment: NodeJS.ProcessEnv = process.env,
): string {
	const { XDG_CACHE_HOME: given = "" } = environment;
	// The specification: a relative path is to be ignored.
	const base = isAbsolute(given) ? given : join(home(), ".cache");
	return join(base, "marktwin");
}

function home(): string {
	try {
		return homedir();
	} catch {
		// No HOME, and no such user in the passwd file: a container that runs with any number.
		throw new LabError({
			code: "missing",
			place: "the cache",
			message: "this user has no home to keep it in",
			remedy: "Name a folder in XDG_CACHE_HOME.",
		});
	}
}
