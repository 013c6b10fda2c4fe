/** The library: what it exports is marked, documented and complete, and docs/api.md says it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, sourceFiles } from "../source-files.ts";
import { parseDocComment } from "./doc-comment.ts";
import { type PublicName, publicApi } from "./public-api.ts";
import { renderApi } from "./render.ts";

const sections = publicApi("index.ts");
const names = sections.flatMap((section) => section.names);

/** `file:line name`, as an editor opens it. */
function wrong(isWrong: (one: PublicName) => boolean): readonly string[] {
	return names
		.filter(isWrong)
		.map(({ file, line, name }) => `${file}:${line} ${name}`);
}

describe("the library", () => {
	it("is described in docs/api.md as it is: npm run docs", () => {
		const page = readFileSync(join(ROOT, "docs", "api.md"), "utf8");
		expect(page === renderApi(sections), "run `npm run docs`").toBe(true);
	});

	it("has a doc comment on each name", () => {
		expect(wrong(({ doc }) => !doc?.text)).toEqual([]);
	});

	it("marks what is public, and nothing else, with @public", () => {
		expect(wrong(({ doc }) => !doc?.isPublic)).toEqual([]);
		const places = new Set(names.map(({ file, line }) => `${file}:${line}`));
		const surplus = sourceFiles().flatMap(({ path, comments }) =>
			comments
				.filter(({ name }) => name.startsWith("*"))
				.filter(({ name }) => parseDocComment(name).isPublic)
				.map(({ name, line }) => `${path}:${line + name.split("\n").length}`)
				.filter((place) => !places.has(place)),
		);
		expect(surplus).toEqual([]);
	});

	it("exports each type that its declarations mention", () => {
		const known = new Set(names.map(({ name }) => name));
		expect(
			wrong(({ mentions }) => mentions.some((type) => !known.has(type))),
		).toEqual([]);
	});

	it("says which errors it throws", () => {
		expect(wrong(({ throws, doc }) => throws && !doc?.throws.length)).toEqual(
			[],
		);
	});

	it("exports the errors that it throws", () => {
		const known = new Set([...names.map(({ name }) => name), "RangeError"]);
		expect(
			wrong(({ doc }) =>
				(doc?.throws ?? []).some(
					(text) => !known.has(text.split(" ")[0] ?? ""),
				),
			),
		).toEqual([]);
	});

	it("has numbers whose names or comments say their unit", () => {
		expect(wrong(({ bareNumbers }) => bareNumbers.length > 0)).toEqual([]);
	});
});

describe("a doc comment", () => {
	it("is a text and tags", () => {
		const doc = parseDocComment(
			"*\n * Steps at a time.\n *\n *     at(1, x)\n * @param atMs when,\n *   in ms @throws ScenarioError for x\n * @public\n ",
		);
		expect(doc).toEqual({
			text: "Steps at a time.\n\n    at(1, x)",
			parameters: [{ name: "atMs", text: "when, in ms" }],
			returns: null,
			throws: ["ScenarioError for x"],
			examples: [],
			isPublic: true,
		});
	});
});
