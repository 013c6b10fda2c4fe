/** One build of one image, by the engine. */
import { stripVTControlCharacters } from "node:util";
import type Docker from "dockerode";
import { lastLines } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { packFiles } from "../engine/archive.ts";
import type { ContextFile } from "./image-recipes.ts";

export interface BuildRequest {
	/** What it is called in messages: `image mail`. */
	readonly place: string;
	/** The name that it gets once it is whole. */
	readonly tag: string;
	readonly files: readonly ContextFile[];
	readonly labels: Readonly<Record<string, string>>;
	readonly arguments: Readonly<Record<string, string>>;
}

/** One line of what the engine says while it works. */
interface Progress {
	readonly stream?: string;
	readonly status?: string;
	readonly error?: string;
}

/** How many lines of a failing build are shown. */
const LAST_LINES = 30;
/** The tools image copies the Node that runs us; it says so when that does not run there. */
const NODE_DOES_NOT_RUN = "marktwin: this Node does not run here";

/**
 * @param say is told each step of the Dockerfile
 * @throws LabError (`build`) with the last lines
 */
export async function buildImage(
	docker: Docker,
	{ place, tag, files, labels, arguments: buildargs }: BuildRequest,
	say: (line: string) => void,
): Promise<void> {
	const stream = await docker.buildImage(await packFiles(files), {
		t: tag,
		labels,
		buildargs,
		// What containers of a build have left is removed, whether it went well or not.
		rm: true,
		forcerm: true,
		// Some engines have no other network from which a mirror is to be reached.
		networkmode: "host",
	});
	await followBuild(docker, stream, place, say);
}

/**
 * Waits until the engine is done with whatever it streams the progress of.
 * @throws LabError (`build`) with the last lines
 */
export function followBuild(
	docker: Docker,
	stream: NodeJS.ReadableStream,
	place: string,
	say: (line: string) => void,
): Promise<void> {
	// It comes in pieces that need not be lines, and in colour.
	let said = "";
	const note = ({ stream: text, status, error }: Progress) => {
		said += text ?? `${status ?? error ?? ""}\n`;
		if (text !== undefined && /^Step \d/.test(text))
			say(`${place}: ${text.trimEnd()}`);
	};
	return new Promise((resolve, reject) => {
		docker.modem.followProgress(
			stream,
			(error, all: readonly Progress[]) => {
				const failure = error?.message ?? all.find((one) => one.error)?.error;
				if (failure === undefined) resolve();
				else reject(buildFailed(place, failure, said));
			},
			note,
		);
	});
}

function buildFailed(place: string, failure: string, said: string): LabError {
	const lines = lastLines(stripVTControlCharacters(said), LAST_LINES);
	if (lines.some((line) => line.startsWith(NODE_DOES_NOT_RUN)))
		return new LabError({
			code: "unsupported",
			place: process.execPath,
			message:
				"this Node does not run in the lab's containers, which are Debian 12",
			remedy:
				"Start marktwin with a Node from nodejs.org or from Debian's packages.",
			console: lines.slice(-6),
		});
	return new LabError({
		code: "build",
		place,
		message: failure.trim(),
		remedy: /apt-get|install-packages/.test(failure)
			? "Is Debian's mirror to be reached from the host? `apt-get update` tells."
			: "",
		console: lines,
	});
}
