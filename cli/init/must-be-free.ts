import { readFile } from "node:fs/promises";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { InputError } from "../screen/input-error.ts";

/** @throws InputError when a file of the user's would be lost: it is there, and holds another text */
export async function mustBeFree(path: string, text: string): Promise<void> {
	let there: string;
	try {
		there = await readFile(path, "utf8");
	} catch (error) {
		if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return;
		throw new InputError(`cannot read ${path}: ${reasonOf(error)}`);
	}
	if (there !== text)
		throw new InputError(
			`${path} is there already, and differs: nothing was written`,
			"Name another file (--output FILE), print it (--output -), or write over it (--force).",
		);
}
