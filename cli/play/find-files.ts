/** The files that a name on the command line means: a file, a folder, or a pattern. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, normalize, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { InputError } from "../screen/input-error.ts";

/** What a scenario file is called, so that it is found in a folder. */
export const OWN = "*.scenario.{ts,mts,js,mjs,json}";
const SCENARIO_FILE = /\.scenario\.(ts|mts|js|mjs|json)$/;
/** Folders that are others': what was installed, stored or built there. */
const LEFT_OUT = ["node_modules", ".git", "dist"];

/**
 * Scenario files in a folder and its subfolders, sorted; node_modules, .git and dist are left out.
 * Links to folders are not followed: one of them may lead out of the folder, to all of a disk.
 * Names are compared as they are, and not by a pattern: a pattern's `*` ends at a line break in a name.
 */
export async function scenarioFilesBelow(
	folder: string,
): Promise<readonly string[]> {
	return eachOnce((await filesBelow(folder)).sort());
}

async function filesBelow(folder: string): Promise<string[]> {
	const found: string[] = [];
	for (const entry of await entriesOf(folder)) {
		const path = join(folder, entry.name);
		if (!entry.isDirectory()) {
			if (SCENARIO_FILE.test(entry.name)) found.push(path);
		} else if (!LEFT_OUT.includes(entry.name))
			found.push(...(await filesBelow(path)));
	}
	return found;
}

/** @throws InputError for a folder that cannot be read: its scenarios would be missing without a word */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
	try {
		return await readdir(folder, { withFileTypes: true });
	} catch (error) {
		throw new InputError(
			`${folder}: ${reasonOf(error)}`,
			"Make the folder readable, or name the scenario files themselves.",
		);
	}
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
		ignore: LEFT_OUT.map((name) => `**/${name}/**`),
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
