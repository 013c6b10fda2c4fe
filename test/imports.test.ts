import { dirname } from "node:path/posix";
import { describe, expect, it } from "vitest";
import { circles } from "./circles.ts";
import {
	isImpure,
	PURE_FOLDERS,
	ROOMS,
	SIM_FOLDERS,
	SIM_GROUND,
} from "./import-directions.ts";
import {
	type Import,
	parseSource,
	type SourceFile,
	sourceFiles,
} from "./source-files.ts";

const sources = sourceFiles().filter((file) => !file.isTest);
const byPath = new Map(sources.map((file) => [file.path, file]));

/** `sim/packet/x.ts` → `sim`; `reports/page/x.tsx` → `reports/page`; `index.ts` → "". */
function roomOf(path: string): string {
	const [first = "", second = "", ...rest] = path.split("/");
	const inner = `${first}/${second}`;
	if (rest.length > 0 && inner in ROOMS) return inner;
	return path.includes("/") ? first : "";
}

/** `sim/packet/x.ts` → `packet`; `null` outside of `sim` and at its top. */
function simFolderOf(path: string): string | null {
	const [room, folder, ...rest] = path.split("/");
	return room === "sim" && rest.length > 0 ? (folder ?? null) : null;
}

/** All imports that `isWrong` objects to, one a line, as an editor opens them. */
function wrong(
	files: readonly SourceFile[],
	isWrong: (file: SourceFile, one: Import) => boolean,
): readonly string[] {
	return files.flatMap((file) =>
		file.imports
			.filter((one) => isWrong(file, one))
			.map((one) => `${file.path}:${one.line} imports ${one.specifier}`),
	);
}

describe("rooms", () => {
	it("are all declared", () => {
		const rooms = new Set(sources.map((file) => roomOf(file.path)));
		expect([...rooms].filter((room) => !ROOMS[room])).toEqual([]);
	});

	it("import only from the rooms below them", () => {
		const found = wrong(sources, (file, one) => {
			if (one.file === null) return false;
			const to = roomOf(one.file);
			const from = roomOf(file.path);
			if (to === from) return false;
			const room = ROOMS[from];
			if (room?.from.includes(to) || room?.from.includes(one.file))
				return false;
			return !(one.typeOnly && room?.typesFrom.includes(to));
		});
		expect(found).toEqual([]);
	});

	it("use no packages but their own", () => {
		const found = wrong(sources, (file, one) => {
			if (one.file !== null) return false;
			const room = ROOMS[roomOf(file.path)];
			if (one.specifier.startsWith("node:")) return room?.node !== true;
			const [scope = "", name = ""] = one.specifier.split("/");
			const owner = scope.startsWith("@") ? `${scope}/${name}` : scope;
			return !room?.packages.includes(owner);
		});
		expect(found).toEqual([]);
	});

	it("import no tests", () => {
		const found = wrong(
			sources,
			(_, one) => one.file !== null && parseSource(one.file, "").isTest,
		);
		expect(found).toEqual([]);
	});

	it("import files that are there, by their names", () => {
		const found = wrong(
			sources,
			(_, one) => one.file !== null && !byPath.has(one.file),
		);
		expect(found).toEqual([]);
	});
});

/** Small files of the other rooms that bring nothing along but Node's own and each other. */
const LIGHT: ReadonlySet<string | null> = new Set([
	"sim/edit-distance.ts",
	"sim/extension/values/octets.ts",
	"sim/in-line.ts",
	"sim/invariant.ts",
	"sim/linux/linux.ts",
	"reports/shorten.ts",
	"reports/visible.ts",
	"scenarios/analysis/prove/state/events.ts",
	"scenarios/files/bounded-read.ts",
	"scenarios/files/file-failure.ts",
	"scenarios/files/make-folders.ts",
	"scenarios/files/files-read.ts",
	"scenarios/files/plain-file.ts",
	"scenarios/files/process-end.ts",
	"scenarios/files/replace-file.ts",
	"scenarios/files/this-machine.ts",
	"scenarios/result/invocation.ts",
	"scenarios/load/syntax-place.ts",
]);

describe("the command", () => {
	it("has light files that import nothing else", () => {
		const found = wrong(
			sources.filter(({ path }) => LIGHT.has(path)),
			(_, { file, specifier }) =>
				!LIGHT.has(file) && !specifier.startsWith("node:"),
		);
		expect(found).toEqual([]);
	});

	it("loads nothing of the model before it is needed", () => {
		const found = wrong(
			sources.filter((file) => isLoadedAtStart(file.path)),
			(_, one) =>
				!one.typeOnly &&
				!one.dynamic &&
				one.file !== null &&
				roomOf(one.file) !== "cli" &&
				!LIGHT.has(one.file),
		);
		expect(found).toEqual([]);
	});
});

/** Reached from `cli/main.ts` without an `import(…)` on the way. */
function isLoadedAtStart(path: string): boolean {
	return reachable("cli/main.ts").has(path);
}

function reachable(from: string): ReadonlySet<string> {
	const seen = new Set<string>([from]);
	for (const path of seen) for (const one of valueImports(path)) seen.add(one);
	return seen;
}

/** The files that a file loads when it is loaded. */
function valueImports(path: string): readonly string[] {
	return (byPath.get(path)?.imports ?? [])
		.filter((one) => !one.typeOnly && !one.dynamic)
		.flatMap((one) => one.file ?? []);
}

describe("sim", () => {
	const files = sources.filter((file) => roomOf(file.path) === "sim");

	it("has no folder that is not declared", () => {
		const folders = new Set(
			files.flatMap((file) => simFolderOf(file.path) ?? []),
		);
		expect([...folders].filter((folder) => !SIM_FOLDERS[folder])).toEqual([]);
	});

	it("uses values only of the folders below", () => {
		const found = wrong(files, (file, one) => {
			const from = simFolderOf(file.path);
			const to = simFolderOf(one.file ?? "");
			if (from === null || to === null || from === to) return false;
			return !one.typeOnly && !SIM_FOLDERS[from]?.includes(to);
		});
		expect(found).toEqual([]);
	});

	it("rests on packets, chance and time, which know nobody", () => {
		const found = wrong(files, (file, one) => {
			const from = simFolderOf(file.path);
			const to = simFolderOf(one.file ?? "");
			return SIM_GROUND.includes(from ?? "") && to !== null && to !== from;
		});
		expect(found).toEqual([]);
	});

	it("has no circle of files", () => {
		const paths = files.map((file) => file.path);
		expect(circles(paths, valueImports)).toEqual([]);
	});

	it("has no circle of folders, not even by types", () => {
		const below = new Map<string, Set<string>>();
		for (const { path, imports } of files) {
			const from = dirname(path);
			const to = imports.flatMap(({ file }) => (file ? dirname(file) : []));
			const known = below.get(from) ?? new Set();
			below.set(from, known);
			for (const folder of to) if (folder !== from) known.add(folder);
		}
		const found = circles(below.keys(), (folder) => below.get(folder) ?? []);
		expect(found).toEqual([]);
	});
});

describe("what has to be pure", () => {
	const files = sources.filter((file) =>
		PURE_FOLDERS.some((folder) => file.path.startsWith(`${folder}/`)),
	);

	it("asks neither the machine nor the time nor chance", () => {
		const found = files.flatMap((file) =>
			file.globals
				.filter(({ name }) => isImpure(name))
				.map(({ name, line }) => `${file.path}:${line} uses ${name}`),
		);
		expect(found).toEqual([]);
	});

	it("imports nothing of Node", () => {
		const found = wrong(files, (_, one) => one.specifier.startsWith("node:"));
		expect(found).toEqual([]);
	});
});

describe("the reader of imports", () => {
	it("sees every way to import", () => {
		const text = [
			'import type { A } from "./a.ts";',
			'import { type B } from "./b.ts";',
			'import { type C, c } from "./c.ts";',
			'import "./d.ts";',
			'export * from "./e.ts";',
			'export type { F } from "./f.ts";',
			'const g = await import("./g.ts");',
			'type H = import("./h.ts").H;',
			"await import(g);",
		].join("\n");
		const { imports } = parseSource("sim/packet/x.ts", text);
		const seen = imports.map((one) =>
			[
				one.line,
				one.specifier,
				one.typeOnly ? "type" : one.dynamic ? "dynamic" : "value",
			].join(" "),
		);
		expect(seen.sort()).toEqual([
			"1 ./a.ts type",
			"2 ./b.ts type",
			"3 ./c.ts value",
			"4 ./d.ts value",
			"5 ./e.ts value",
			"6 ./f.ts type",
			"7 ./g.ts dynamic",
			"8 ./h.ts type",
			"9 * dynamic",
		]);
	});

	it("sees what is used of the machine", () => {
		const text =
			"Date.now();\nnew Date();\nMath.random();\nMath.max();\nfetch();\nDate.UTC(0);";
		const { globals } = parseSource("sim/x.ts", text);
		const impure = globals.filter(({ name }) => isImpure(name));
		expect(impure.map(({ line }) => line)).toEqual([1, 2, 3, 5]);
	});
});
