/** Writes what a user begins with. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import { EXIT } from "../base/exit-code.ts";
import { makeOutputFolder, writeWhole } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";
import { out } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { RECIPE_SCENARIO } from "./recipe-scenario.ts";

interface ExampleFile {
	readonly name: string;
	readonly text: string;
	readonly about: string;
}

/** @returns the exit code */
export async function writeExample(folder: string): Promise<number> {
	const files = await exampleFiles();
	await mustBeFree(folder, files);
	makeOutputFolder(folder);
	for (const { name, text } of files)
		await writeWhole(join(folder, name), text);
	const width = Math.max(...files.map(({ name }) => join(folder, name).length));
	const names = folder === "." ? [] : [folder];
	out.show([
		...files.map(
			({ name, about }) =>
				`${nameText(join(folder, name)).padEnd(width)}  ${about}`,
		),
		"",
		`Play them: ${commandLine({ command: "run", names })}`,
	]);
	return EXIT.holds;
}

async function exampleFiles(): Promise<readonly ExampleFile[]> {
	const rules = (name: string) =>
		readFile(
			new URL(`../../scenarios/suites/recipe/${name}`, import.meta.url),
			"utf8",
		);
	return [
		{
			name: "recipe.rules",
			text: await rules("recipe.rules"),
			about: "balances SMTP over two mail servers",
		},
		{
			name: "as-published.rules",
			text: await rules("as-published.rules"),
			about: "the same as people find it: it does not load",
		},
		{
			name: "recipe.scenario.ts",
			text: RECIPE_SCENARIO,
			about: "two scenarios that play recipe.rules",
		},
	];
}

/** @throws InputError when a file of the user's would be lost */
async function mustBeFree(
	folder: string,
	files: readonly ExampleFile[],
): Promise<void> {
	for (const { name, text } of files) {
		const path = join(folder, name);
		const there = await textAt(path);
		if (there !== null && there !== text)
			throw new InputError(
				`${path} is there already, and differs: nothing was written`,
				"Name another folder: marktwin example FOLDER.",
			);
	}
}

async function textAt(path: string): Promise<string | null> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return null;
		throw new InputError(`cannot read ${path}: ${reasonOf(error)}`);
	}
}
