/** Finds the Docker engine. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { LabError } from "../lab-error.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Connects to the engine that `DOCKER_HOST` names, or to the one at its usual place, and makes sure
 * that it answers.
 * @throws LabError (`missing`) when there is none that we may use
 */
export async function connectEngine(): Promise<Docker> {
	const place = enginePlace();
	try {
		const docker = new Docker(
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
		runtime !== "" && !existsSync(DEFAULT_SOCKET) && existsSync(own)
			? own
			: DEFAULT_SOCKET;
	return { name: socketPath, socketPath };
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
