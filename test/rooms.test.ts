/** What a room says of itself is true: its face, its entry points, and that no rooms import in a circle. */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { circles } from "./circles.ts";
import { roomOf, rooms } from "./rooms.ts";
import { sourceFiles } from "./source-files.ts";

const sources = sourceFiles().filter((file) => !file.isTest);
const all = rooms(sources);
const face = new Set(all.flatMap((room) => room.face));

/** Each import of another room: who, what, where. */
const across = sources.flatMap(({ path, imports }) =>
	imports.flatMap(({ file, line }) =>
		file === null || roomOf(file) === roomOf(path) || roomOf(file) === ""
			? []
			: [{ path, file, line }],
	),
);

describe("a room", () => {
	it.each(all)("$folder has a README.md that names it", ({ folder, text }) => {
		expect(text).toMatch(new RegExp(`^# ${folder}\n\n[A-Za-z\`].*\\.?\n`));
	});

	it("is imported through its face", () => {
		const wrong = across
			.filter(({ file }) => !face.has(file))
			.map(
				({ path, file, line }) =>
					`${path}:${line} imports ${file}: import a file of its face, or add it to "Face:" in ${roomOf(file)}/README.md`,
			);
		expect(wrong).toEqual([]);
	});

	it("shows nothing that no other room imports", () => {
		const imported = new Set(across.map(({ file }) => file));
		const paths = new Set(sources.map(({ path }) => path));
		const idle = all.flatMap(({ folder, face, entryPoints }) => {
			const said = (path: string, words: string) =>
				`${folder}/README.md: ${posix.relative(folder, path)} ${words}`;
			const missing = [...face, ...entryPoints].filter(
				(path) => !paths.has(path),
			);
			const own = face.filter((path) => paths.has(path) && !imported.has(path));
			return [
				...missing.map((path) =>
					said(path, "is named, and there is no such file"),
				),
				...own.map((path) =>
					said(
						path,
						"is in its face, and no other room imports it: take it off",
					),
				),
			];
		});
		expect(idle).toEqual([]);
	});

	it("imports no room that imports it back, not by way of others either, not even types", () => {
		const next = new Map<string, Set<string>>();
		for (const { path, file } of across) {
			const from = roomOf(path);
			const to = next.get(from) ?? new Set();
			next.set(from, to.add(roomOf(file)));
		}
		const found = circles(next.keys(), (room) => next.get(room) ?? []);
		expect(found).toEqual([]);
	});
});
