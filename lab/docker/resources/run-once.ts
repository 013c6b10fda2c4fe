/** Containers that do one thing and are gone again. */
import type Docker from "dockerode";
import { LabError } from "../../lab-error.ts";
import { engineError, engineStatus } from "../engine/engine-error.ts";
import type { Ended } from "../engine/exec.ts";
import { collectText, demultiplex } from "../engine/output.ts";
import { onTermination } from "./live-labs.ts";

export interface OnceOptions {
	/** Id or name; it has to be here, nothing is asked of a registry. */
	readonly image: string;
	readonly words: readonly string[];
	/** So that it is found when we do not come to remove it. */
	readonly labels: Readonly<Record<string, string>>;
	/** Beyond none at all. */
	readonly capabilities?: readonly string[];
	/** `host`: it sees the processes of the host, and by them the namespaces of all containers. */
	readonly pidMode?: string;
	/** `none` when left out. */
	readonly networkMode?: string;
	/** `/host/path:/path:ro` */
	readonly binds?: readonly string[];
	/** `apparmor=unconfined`: where AppArmor forbids to enter another container's namespace. */
	readonly securityOptions?: readonly string[];
	readonly input?: string;
	readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Runs a program in a container of its own, and removes that, whatever happened. The engine's own
 * removal is not used: it may come before we have asked for the exit code.
 * @throws LabError when it cannot be started, or takes too long
 */
export async function runOnce(
	docker: Docker,
	options: OnceOptions,
): Promise<Ended> {
	const place = `${options.words[0]} in a container of ${options.image}`;
	const creating = docker.createContainer(description(options));
	// Told to end, we wait for the engine to have made it, and take it away again.
	const remove = async () => removeOnce(await creating);
	const forget = onTermination(remove);
	try {
		const container = await creating;
		try {
			return await runAttached(container, options, place);
		} finally {
			await removeOnce(container);
		}
	} catch (error) {
		throw engineError(place, error);
	} finally {
		forget();
	}
}

/** Somebody else may have removed it, or be at it. */
async function removeOnce(container: Docker.Container): Promise<void> {
	try {
		await container.remove({ force: true, v: true });
	} catch (error) {
		const status = engineStatus(error);
		if (status !== 404 && status !== 409) throw error;
	}
}

function description(options: OnceOptions): Docker.ContainerCreateOptions {
	const { image, words, labels, capabilities = [], binds = [] } = options;
	const { pidMode, networkMode = "none", securityOptions = [] } = options;
	return {
		Image: image,
		Entrypoint: [],
		Cmd: [...words],
		Labels: { ...labels },
		AttachStdin: true,
		AttachStdout: true,
		AttachStderr: true,
		OpenStdin: true,
		StdinOnce: true,
		HostConfig: {
			CapDrop: ["ALL"],
			CapAdd: [...capabilities],
			NetworkMode: networkMode,
			Binds: [...binds],
			SecurityOpt: [...securityOptions],
			...(pidMode === undefined ? {} : { PidMode: pidMode }),
		},
	};
}

async function runAttached(
	container: Docker.Container,
	{ input = "", timeoutMs = DEFAULT_TIMEOUT_MS }: OnceOptions,
	place: string,
): Promise<Ended> {
	const out = collectText();
	const err = collectText();
	// Before it starts: what it said until then would be lost.
	const stream = await container.attach({
		stream: true,
		hijack: true,
		stdin: true,
		stdout: true,
		stderr: true,
	});
	const streamEnded = demultiplex(container, stream, {
		onOut: out.take,
		onErr: err.take,
	});
	// Awaited below; until then it must not end the process.
	streamEnded.catch(() => {});
	await container.start();
	stream.end(input);
	let isLate = false;
	const late = setTimeout(() => {
		isLate = true;
		// It may have ended just now, and whether it has is seen below.
		container.kill().catch(() => {});
	}, timeoutMs);
	try {
		const { StatusCode: code } = (await container.wait()) as {
			readonly StatusCode: number;
		};
		await streamEnded;
		if (!isLate) return { code, out: out.text(), err: err.text() };
	} finally {
		clearTimeout(late);
	}
	throw new LabError({
		code: "hangs",
		place,
		message: `not done after ${timeoutMs / 1000} s`,
		remedy: "",
		console: `${out.text()}${err.text()}`.trimEnd().split("\n").slice(-20),
	});
}
