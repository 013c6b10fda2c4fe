/** Finds the Docker engine. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { LabError } from "../../lab-error.ts";
import { loadPackage } from "./optional-package.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Connects to the engine that `DOCKER_HOST` names, or to the one at its usual place, and makes sure
 * that it answers.
 * @throws LabError (`missing`) when there is none that we may use, or the package dockerode is not installed
 */
export async function connectEngine(): Promise<Docker> {
	const { default: Engine } = await loadPackage(
		"dockerode",
		() => import("dockerode"),
	);
	const place = enginePlace();
	try {
		const docker = new Engine(
			place.socketPath === null ? {} : { socketPath: place.socketPath },
		);
		await docker.ping();
		return docker;
	} catch (error) {
		throw noEngine(place.name, error);
	}
}

interface EnginePlace {
	readonly name: string;
	/** `null`: dockerode reads `DOCKER_HOST` itself, with all that belongs to it (TLS, ssh). */
	readonly socketPath: string | null;
}

function enginePlace(
	environment: NodeJS.ProcessEnv = process.env,
): EnginePlace {
	const { DOCKER_HOST: given = "", XDG_RUNTIME_DIR: runtime = "" } =
		environment;
	if (given !== "") return { name: given, socketPath: null };
	// An engine that runs without root has its socket there.
	const own = join(runtime, "docker.sock");
	const socketPath =
		runtime !== "" && !existsSync(DEFAULT_SOCKET) && isOwnSocket(own)
			? own
			: DEFAULT_SOCKET;
	return { name: socketPath, socketPath };
}

/** Root may have inherited another user's XDG_RUNTIME_DIR. */
function isOwnSocket(path: string): boolean {
	const stats = statSync(path, { throwIfNoEntry: false });
	return stats?.isSocket() === true && stats.uid === process.getuid?.();
}

function noEngine(place: string, error: unknown): LabError {
	const { code = "", message = String(error) } = error as {
		readonly code?: string;
		readonly message?: string;
	};
	const isForbidden = code === "EACCES" || code === "EPERM";
	return new LabError({
		code: "missing",
		place: `Docker's engine at ${place}`,
		message: isForbidden
			? "this user may not speak to it"
			: `does not answer (${message})`,
		remedy: isForbidden
			? "Join its group (`sudo usermod -aG docker $USER`, then log in again), or name another engine in DOCKER_HOST."
			: "Start it (`sudo systemctl start docker`; Debian: `sudo apt-get install docker.io`), or name another engine in DOCKER_HOST.",
	});
}
