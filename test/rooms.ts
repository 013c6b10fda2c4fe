/**
 * The rooms of the project: a folder with sources and a README.md that says what lives there and what
 * its face is, the files that other rooms may import.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { ROOT, type SourceFile } from "./source-files.ts";

/** A folder below one of these is one extension, which other rooms see through the registry. */
const WHOLE: readonly string[] = ["sim/matches", "sim/targets"];

export interface Room {
	/** From the root: `sim/conntrack/tcp`. */
	readonly folder: string;
	/** What the README says, whole; `null` where there is none. */
	readonly text: string | null;
	/** Paths of the files that other rooms may import. */
	readonly face: readonly string[];
	/** Paths of the files that no source imports: a person or a bundler begins with them. */
	readonly entryPoints: readonly string[];
}

/** The folder of the room that a file belongs to; `""` at the top level. */
export function roomOf(path: string): string {
	const folder = posix.dirname(path);
	const whole = WHOLE.find((one) => folder.startsWith(`${one}/`));
	return whole ?? (folder === "." ? "" : folder);
}

/** Every room that has sources. */
export function rooms(sources: readonly SourceFile[]): readonly Room[] {
	const folders = new Set(sources.map(({ path }) => roomOf(path)));
	folders.delete("");
	return [...folders].sort().map(readRoom);
}

function readRoom(folder: string): Room {
	const file = join(ROOT, folder, "README.md");
	const text = existsSync(file) ? readFileSync(file, "utf8") : null;
	const named = (label: string) => {
		const [, list = ""] =
			new RegExp(`^${label}: (.*)\\.$`, "m").exec(text ?? "") ?? [];
		return [...list.matchAll(/`([^`]+)`/g)].map(([, name = ""]) =>
			posix.join(folder, name),
		);
	};
	return {
		folder,
		text,
		face: named("Face"),
		entryPoints: named("Entry points"),
	};
}
