/**
 * What a fuzz has found: each a scenario in a file of its own, as small as it got, whose story says what
 * was wrong. They are built in, so every comparison plays them.
 */
import { readdir, readFile } from "node:fs/promises";
import { validateScenarioFile } from "../language/check/validate.ts";
import type { Scenario } from "../language/scenario.ts";

const FOLDER = new URL("./", import.meta.url);

/** In the order of their names. */
export async function readRegressions(): Promise<readonly Scenario[]> {
	const names = (await readdir(FOLDER)).filter((name) =>
		name.endsWith(".json"),
	);
	const files = await Promise.all(
		names.sort().map(async (name) => {
			const text = await readFile(new URL(name, FOLDER), "utf8");
			return validateScenarioFile(JSON.parse(text), name);
		}),
	);
	return files.flat();
}
