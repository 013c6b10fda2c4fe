/** Every table of cases beside an extension, tried on the parser and the printer. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { targets } from "../targets/index.ts";
import { parseCases, type RuleCase } from "./test-cases.ts";
import { tryCase } from "./test-try-case.ts";

for (const folder of ["matches", "targets"] as const) {
	const url = new URL(`../${folder}/`, import.meta.url);
	const files = readdirSync(url, { recursive: true, encoding: "utf8" }).filter(
		(name) => name.endsWith(".cases"),
	);

	for (const file of files)
		describe(`${folder}/${file}`, () => {
			const cases = readCases(new URL(file, url), file);
			test.each(
				cases.map(
					(one) => [`${one.line}: ${one.chain} ${one.input}`, one] as const,
				),
			)("%s", (_, one) => tryCase(one));
		});

	test(`every one of the ${folder} has a table of cases`, () => {
		const known = folder === "matches" ? matches : targets;
		const without = [...known.values()]
			.map(({ name }) => `${name.toLowerCase()}.cases`)
			.filter((name) => !files.some((file) => basename(file) === name));
		expect(without).toEqual([]);
	});
}

/** A file that cannot be read is a failure of its own, not of all the others. */
function readCases(url: URL, file: string): readonly RuleCase[] {
	try {
		return parseCases(readFileSync(url, "utf8"), file);
	} catch (error) {
		test("is a table of cases", () => {
			throw error;
		});
		return [];
	}
}
