/** The uses of an extension in its table of cases, for tests of what extensions declare. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Rule } from "../contract/ruleset.ts";
import { checkRuleset } from "../ruleset/parse.ts";
import { parseCases, rulesetOfCase } from "./test-cases.ts";

const SIM = fileURLToPath(new URL("..", import.meta.url));

type Folder = "matches" | "targets";

/** The options of the first case that loads, as behind `-m NAME` or `-j NAME`. */
export function firstUse(folder: Folder, name: string): string {
	const path = join(SIM, folder, casesOf(folder, name));
	const use = new RegExp(`^[^;#]*-[mj] ${name}(?: ([^;]*))? ; .*; OK$`, "m");
	return use.exec(readFileSync(path, "utf8"))?.[1] ?? "";
}

/** Its table of cases, from the folder. */
function casesOf(folder: Folder, name: string): string {
	const file = `${name.toLowerCase()}.cases`;
	const files = readdirSync(join(SIM, folder), {
		recursive: true,
		encoding: "utf8",
	});
	return files.find((one) => basename(one) === file) ?? file;
}

/** A use of an extension, and the rule that it stands in. */
export interface CaseUse {
	readonly input: string;
	readonly options: object;
	readonly rule: Rule;
}

/** The uses of a match or target in the cases of its table that load. */
export function usesOf(folder: Folder, name: string): readonly CaseUse[] {
	const path = join(folder, casesOf(folder, name));
	const text = readFileSync(join(SIM, path), "utf8");
	return parseCases(text, path)
		.filter(({ outcome }) => outcome.kind === "OK" || outcome.kind === "needs")
		.flatMap((one) => {
			const { ruleset } = checkRuleset(rulesetOfCase(one));
			const rules = ruleset?.tables.flatMap(({ chains }) =>
				chains.flatMap((chain) => chain.rules),
			);
			return (rules ?? []).flatMap((rule) =>
				optionsIn(rule, folder, name).map((options) => ({
					input: one.input,
					options,
					rule,
				})),
			);
		});
}

function optionsIn(
	{ matches, target }: Rule,
	folder: Folder,
	name: string,
): readonly object[] {
	if (folder === "matches")
		return matches
			.filter((use) => use.name === name)
			.map(({ options }) => options);
	return target?.kind === "extension" && target.name === name
		? [target.options]
		: [];
}
