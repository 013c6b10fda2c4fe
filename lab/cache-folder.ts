/** Where the lab keeps what it has built: the XDG base directory specification's cache. */
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** `$XDG_CACHE_HOME/marktwin`, or `~/.cache/marktwin`. */
export function cacheFolder(
	environment: NodeJS.ProcessEnv = process.env,
): string {
	const { XDG_CACHE_HOME: given = "" } = environment;
	// The specification: a relative path is to be ignored.
	const base = isAbsolute(given) ? given : join(homedir(), ".cache");
	return join(base, "marktwin");
}
