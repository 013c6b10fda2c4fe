/** What the engine answers when it does not do what it was asked for. */
import { LabError } from "../../lab-error.ts";

/** The status of the engine's answer, or `null` when it was no answer. */
export function engineStatus(error: unknown): number | null {
	const { statusCode } = Object(error) as { readonly statusCode?: unknown };
	return typeof statusCode === "number" ? statusCode : null;
}

/**
 * Says it in our words; an error of ours stays what it is.
 * @param place what it was about: `the helper container`
 */
export function engineError(place: string, error: unknown): LabError {
	if (error instanceof LabError) return error;
	const status = engineStatus(error);
	return new LabError({
		code: status === 404 ? "missing" : status === 409 ? "died" : "start",
		place,
		message: engineMessage(error),
		remedy:
			status === null
				? "Does the engine still run? `docker info` tells."
				: "`marktwin lab status` shows what runs.",
	});
}

/** What nobody answers with, but a socket: the engine is gone, or goes. */
const SOCKET_CODES: ReadonlySet<unknown> = new Set([
	"ECONNREFUSED",
	"ECONNRESET",
	"ENOENT",
	"EPIPE",
	"ETIMEDOUT",
]);

/**
 * What was thrown while something was done with the engine: in our words when the engine, or that it
 * is gone, is the reason, and as it is when it has nothing to do with it.
 */
export function ifEngines(place: string, error: unknown): unknown {
	const { code, syscall } = Object(error) as Partial<NodeJS.ErrnoException>;
	// A file that is not there is something else than a socket.
	const isSockets =
		SOCKET_CODES.has(code) && (code !== "ENOENT" || syscall === "connect");
	const isEngines = engineStatus(error) !== null || isSockets;
	return isEngines ? engineError(place, error) : error;
}

/** The engine's own words, without the library's around them. */
export function engineMessage(error: unknown): string {
	const { json, message } = Object(error) as {
		readonly json?: { readonly message?: unknown };
		readonly message?: unknown;
	};
	return String(json?.message ?? message ?? error)
		.replace(/^\(HTTP code \d+\) [^-]+ - /, "")
		.trim();
}
