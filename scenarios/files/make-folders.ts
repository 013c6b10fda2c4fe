/** Folders for what is written. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./file-failure.ts";

/**
 * Makes a folder and those above it, where they are missing. Node's own way (`recursive`) says ENOENT on a file system that is read-only, and does
 * not come back from one that takes no folders (/proc).
 * @throws the system's refusal, also where a file stands in the folder's place
 */
export function makeFolders(folder: string): void {
	const missing: string[] = [];
	for (let at = folder; !existsSync(at); at = dirname(at)) missing.unshift(at);
	for (const one of missing) makeOne(one);
	if (!statSync(folder).isDirectory()) mkdirSync(folder);
}

function makeOne(folder: string): void {
	try {
		mkdirSync(folder);
	} catch (error) {
		// Another process was quicker; what it made shows with the next one.
		if (codeOf(error) !== "EEXIST") throw error;
	}
}
