/** The files that a name on the command line means: a file, a folder, or a pattern. */
import { realpath, stat } from "node:fs/promises";
import { join, normalize, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { codeOf } from "../../scenarios/files/file-failure.ts";

/** What a scenario file is called, so that it is found in a folder. */
export const OWN = "*.scenario.{ts,mts,js,mjs,json}";
const IGNORED = ["**/node_modules/**", "**/.git/**", "**/dist/**"];

/**
 * Scenario files in a folder and its subfolders, sorted; node_modules, .git and dist are left out.
 * Links to folders are not followed: one of them may lead out of the folder, to all of a disk.
 */
export async function scenarioFilesBelow(
	folder: string,
): Promise<readonly string[]> {
	const found = await glob([`**/${OWN}`], {
		cwd: folder,
		ignore: IGNORED,
		dot: true,
		expandDirectories: false,
		followSymbolicLinks: false,
	});
	return eachOnce(found.map((file) => join(folder, file)).sort());
}

/**
 * The files of a name, sorted. What is there by that very name comes first: a file whose name has the
 * signs of a pattern is that file.
 * @returns `null` where the name is none of a file, a folder or a pattern
 */
export async function filesOf(name: string): Promise<readonly string[] | null> {
	const there = await kindOf(name);
	if (there === "file") return [name];
	if (there === "folder") return scenarioFilesBelow(name);
	if (!isDynamicPattern(name)) return null;
	const found = await glob([name], {
		ignore: IGNORED,
		expandDirectories: false,
	});
	return eachOnce(found.map((file) => normalize(file)).sort());
}

/** Each file once, links among them, by whichever of its names comes first. */
export async function eachOnce(
	files: readonly string[],
): Promise<readonly string[]> {
	const byPath = new Map<string, string>();
	for (const file of files) {
		// What is not there says so when it is loaded.
		const path = await realpath(file).catch(() => resolve(file));
		if (!byPath.has(path)) byPath.set(path, file);
	}
	return [...byPath.values()];
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
	try {
		return (await stat(path)).isDirectory() ? "folder" : "file";
	} catch (error) {
		// What is there and cannot be read says so when it is loaded.
		return ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "") ? null : "file";
	}
}
