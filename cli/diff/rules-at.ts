/** Rules as they were at a commit of a repository. */
import { execFile } from "node:child_process";
import { basename, dirname, resolve } from "node:path";
import { STANDARD, type Text } from "../files/files.ts";
import { InputError } from "../screen/input-error.ts";

/** As long as a ruleset may be that is read from a file. */
const MOST_OCTETS = 1 << 28;

/**
 * @param commit, a branch, a tag: what git takes for one
 * @throws InputError where git is not there, or has no such file
 */
export async function rulesAt(commit: string, file: string): Promise<Text> {
	if (file === STANDARD)
		throw new InputError(
			`--git ${commit}: standard input has no commits`,
			"Name a file that is in a repository.",
		);
	const { decodeOctets } = await import("../../sim/extension/values/octets.ts");
	const path = resolve(file);
	const octets = await gitShow(commit, path);
	return { name: `${file}@${commit}`, text: decodeOctets(octets) };
}

function gitShow(commit: string, path: string): Promise<Buffer> {
	// The commit stands in one word with the path, so none is taken for an option.
	const words = ["show", "--end-of-options", `${commit}:./${basename(path)}`];
	return new Promise((fulfil, reject) => {
		execFile(
			"git",
			words,
			{ cwd: dirname(path), encoding: "buffer", maxBuffer: MOST_OCTETS },
			(error, octets, said) => {
				if (error === null) return fulfil(octets);
				const reason =
					error.code === "ENOENT"
						? "git is not installed, or the folder is not there"
						: (said.toString().trim().split("\n")[0] ?? "git has failed");
				reject(
					new InputError(
						`cannot read ${path} as it was at ${commit}: ${reason}`,
						"Name a commit that has the file, or its rules themselves: marktwin diff OLD NEW",
					),
				);
			},
		);
	});
}
