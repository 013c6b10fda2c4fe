/** docs/model.md names the extensions that are not modelled: all of them, and no others. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { matches } from "../sim/matches/index.ts";
import { targets } from "../sim/targets/index.ts";

const DOCS = readFileSync(new URL("../docs/model.md", import.meta.url), "utf8");
const all = [...matches.values(), ...targets.values()];

/** Names in the row that begins with these words, behind their colon and before what else it says. */
function namesIn(row: string): readonly string[] {
	const [, text = ""] =
		new RegExp(`^\\| ${row}[^|]*\\|[^|:]*: ([^|;]*)`, "m").exec(DOCS) ?? [];
	return text.trim().split(/, /);
}

const namesOf = (extensions: Iterable<{ readonly name: string }>) =>
	[...extensions].map(({ name }) => name);

test("the matches and targets that are read and not modelled", () => {
	const notModelled = (known: typeof matches | typeof targets) =>
		[...known.values()].filter(
			({ compile, unchecked }) => compile === null && !unchecked,
		);
	expect(namesIn("matches")).toEqual(namesOf(notModelled(matches)));
	expect(namesIn("targets")).toEqual(namesOf(notModelled(targets)));
});

test("the extensions of which only the options' names are known", () => {
	expect(namesIn("xtables-addons")).toEqual(
		namesOf(all.filter(({ unchecked }) => unchecked)),
	);
});
