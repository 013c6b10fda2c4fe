import { posix } from "node:path";
import type { Container } from "dockerode";
import { LabError } from "../../lab-error.ts";
import { firstEntry } from "./archive.ts";

/** As many links as Linux follows (`MAXSYMLINKS`). */
const MOST_LINKS = 40;

/**
 * A file out of a container, whether it runs or not. Links are followed, inside of the container.
 * @param path absolute
 * @throws the engine's error when it is not there, LabError when it is no file
 */
export async function readFileIn(
	container: Pick<Container, "getArchive">,
	path: string,
): Promise<string> {
	let at = path;
	for (let links = 0; links <= MOST_LINKS; links++) {
		const archive = await container.getArchive({ path: at });
		const { type, linkName, octets } = await firstEntry(archive);
		if (type === "file") return octets.toString("utf8");
		if (type !== "symlink") throw noFile(path, `it is a ${type}, not a file`);
		at = posix.resolve(posix.dirname(at), linkName);
	}
	throw noFile(path, "too many links lead to one another");
}

function noFile(path: string, message: string): LabError {
	const place = `the file ${path} in a container`;
	return new LabError({ code: "unsupported", place, message, remedy: "" });
}
