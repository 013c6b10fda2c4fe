/** Finds the Docker engine. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { codeOf } from "../../../scenarios/files/file-failure.ts";
import { LabError } from "../../lab-error.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Connects to the engine that `DOCKER_HOST` names, or to the one at its usual place, and makes sure
 * that it answers.
 * @throws LabError (`missing`) when there is none that we may use, or the package dockerode is not installed
 */
export async function connectEngine(): Promise<Docker> {
	const Engine = await loadDockerode();
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

/** The package that speaks to the engine: with what it needs, most of what marktwin would install. */
const DOCKERODE = "dockerode";

/** The package is not installed: whether there is an engine is not known. */
export function lacksDockerode(error: unknown): boolean {
	return error instanceof LabError && error.place === DOCKERODE_PLACE;
}

const DOCKERODE_PLACE = `the package ${DOCKERODE}`;

/** It is an optional one, and loaded on use: a router that runs the health checker has no need of it. */
async function loadDockerode(): Promise<typeof import("dockerode")> {
	try {
		return (await import("dockerode")).default;
	} catch (error) {
		if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
		throw new LabError({
			code: "missing",
			place: DOCKERODE_PLACE,
			message: "it is not installed, and containers need it",
			remedy: `npm install ${DOCKERODE}   (where marktwin is installed; with --global if marktwin is)`,
		});
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
