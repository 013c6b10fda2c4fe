import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	createReadStream,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { appendText, mustBeWritable, readText, writeWhole } from "./files.ts";

const top = temporaryFolder();
let folders = 0;
const newFolder = (): string => {
	const folder = join(top, String(folders++));
	mkdirSync(folder);
	return folder;
};

describe("a file that is written whole", () => {
	it("is there, and nothing beside it", async () => {
		const folder = newFolder();
		await writeWhole(join(folder, "my.rules"), "*filter\n");
		expect(readFileSync(join(folder, "my.rules"), "utf8")).toBe("*filter\n");
		expect(readdirSync(folder)).toEqual(["my.rules"]);
	});

	it.each([0o600, 0o666, 0o640])("keeps its permissions: %o", async (mode) => {
		const file = join(newFolder(), "my.rules");
		writeFileSync(file, "before");
		chmodSync(file, mode);
		await writeWhole(file, "after");
		expect(readFileSync(file, "utf8")).toBe("after");
		expect(statSync(file).mode & 0o777).toBe(mode);
	});

	it("is written through a link, which stays one", async () => {
		const folder = newFolder();
		const link = join(folder, "rules.v4");
		writeFileSync(join(folder, "my.rules"), "before");
		symlinkSync("my.rules", link);
		await writeWhole(link, "after");
		expect(lstatSync(link).isSymbolicLink()).toBe(true);
		expect(readFileSync(join(folder, "my.rules"), "utf8")).toBe("after");
	});

	it("is made where a link leads that leads to nothing yet", async () => {
		const folder = newFolder();
		mkdirSync(join(folder, "kept"));
		symlinkSync("second", join(folder, "first"));
		symlinkSync("kept/my.rules", join(folder, "second"));
		await writeWhole(join(folder, "first"), "after");
		expect(lstatSync(join(folder, "first")).isSymbolicLink()).toBe(true);
		expect(lstatSync(join(folder, "second")).isSymbolicLink()).toBe(true);
		expect(readFileSync(join(folder, "kept", "my.rules"), "utf8")).toBe(
			"after",
		);
		symlinkSync("loop", join(folder, "loop"));
		await expect(writeWhole(join(folder, "loop"), "x")).rejects.toThrow(
			/cannot write .*loop/,
		);
		symlinkSync("no/such", join(folder, "lost"));
		await expect(writeWhole(join(folder, "lost"), "x")).rejects.toThrow(
			"no such file or folder",
		);
		expect(lstatSync(join(folder, "lost")).isSymbolicLink()).toBe(true);
	});

	it("may be no file at all: a pipe is written into, and stays one", async () => {
		const pipe = join(newFolder(), "pipe");
		execFileSync("mkfifo", [pipe]);
		const read = new Promise<string>((resolve) => {
			let text = "";
			createReadStream(pipe, "utf8")
				.on("data", (chunk) => {
					text += chunk;
				})
				.on("end", () => resolve(text));
		});
		await writeWhole(pipe, "*filter\n");
		expect(await read).toBe("*filter\n");
		expect(statSync(pipe).isFIFO()).toBe(true);
	});

	it("is refused where it is a pipe that no program reads", async () => {
		const pipe = join(newFolder(), "pipe");
		execFileSync("mkfifo", [pipe]);
		const words = "it is a named pipe, and no program reads it";
		await expect(writeWhole(pipe, "x")).rejects.toThrow(words);
		await expect(mustBeWritable(pipe)).rejects.toThrow(words);
		await expect(appendText(pipe, "x")).rejects.toThrow(words);
	});

	it("keeps a pipe's reader from being looked at and the write", async () => {
		const pipe = join(newFolder(), "pipe");
		execFileSync("mkfifo", [pipe]);
		const reader = spawn("cat", [pipe]);
		let read = "";
		reader.stdout.on("data", (text) => {
			read += text;
		});
		const ended = once(reader, "close");
		await mustBeWritable(pipe);
		await writeWhole(pipe, "x".repeat(200_000));
		await ended;
		expect(read).toHaveLength(200_000);
	});

	it("leaves nothing beside it when somebody stops the command", async () => {
		const folder = newFolder();
		const script = `
			import { writeWhole } from ${JSON.stringify(join(import.meta.dirname, "files.ts"))};
			const pieces = (function* () {
				for (let piece = 0; ; piece++) {
					if (piece === 10) process.kill(process.pid, "SIGINT");
					yield "x".repeat(1000);
				}
			})();
			await writeWhole(${JSON.stringify(join(folder, "my.json"))}, pieces);
		`;
		const { signal } = spawnSync(
			process.execPath,
			["--import", "tsx", "--input-type=module", "--eval", script],
			{ cwd: join(import.meta.dirname, "..") },
		);
		expect(signal).toBe("SIGINT");
		expect(readdirSync(folder)).toEqual([]);
	});

	it("leaves what a killed command left to the next one, which removes it", async () => {
		const folder = newFolder();
		const file = join(folder, "my.json");
		const script = `
			import { writeWhole } from ${JSON.stringify(join(import.meta.dirname, "files.ts"))};
			const pieces = (function* () {
				yield "x".repeat(100_000);
				process.kill(process.pid, "SIGKILL");
				yield "x";
			})();
			await writeWhole(${JSON.stringify(file)}, pieces);
		`;
		spawnSync(
			process.execPath,
			["--import", "tsx", "--input-type=module", "--eval", script],
			{ cwd: join(import.meta.dirname, "..") },
		);
		const [left = ""] = readdirSync(folder);
		expect(left).toMatch(/^\.marktwin-/);
		// Of a run that goes on, this one say.
		const kept = left.replace(
			/-\d+-\d+-/,
			`-${process.pid}-${readFileSync("/proc/self/stat", "latin1").split(") ")[1]?.split(" ")[19]}-`,
		);
		writeFileSync(join(folder, kept), "");
		// What looks like one and is none.
		mkdirSync(join(folder, left.replace(/-\d+-\d+-/, "-1-1-")));
		writeFileSync(join(folder, ".marktwin-notes"), "");
		await writeWhole(join(folder, "other.json"), "{}");
		expect(readdirSync(folder)).not.toContain(left);
		expect(readdirSync(folder)).toEqual(
			expect.arrayContaining([kept, ".marktwin-notes", "other.json"]),
		);
	});

	it("has a name as long as names may be", async () => {
		const file = join(newFolder(), "x".repeat(255));
		await writeWhole(file, "after");
		expect(readFileSync(file, "utf8")).toBe("after");
	});

	it("is added to by several at once, and nothing is lost", async () => {
		const file = join(newFolder(), "summary.md");
		const line = (index: number) => `${index} ${"x".repeat(100_000)}\n`;
		await Promise.all(
			Array.from({ length: 20 }, (_, index) => appendText(file, line(index))),
		);
		const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
		expect(new Set(lines)).toEqual(
			new Set(Array.from({ length: 20 }, (_, index) => line(index).trimEnd())),
		);
	});

	it("is left as it was when it cannot be written", async () => {
		const folder = newFolder();
		await expect(writeWhole(folder, "x")).rejects.toThrow("it is a folder");
		const lost = join(folder, "no", "such", "my.rules");
		await expect(writeWhole(lost, "x")).rejects.toThrow(
			"no such file or folder",
		);
		expect(readdirSync(folder)).toEqual([]);
	});
});

describe("a file that is read", () => {
	it("is not written over, by whatever name, unless it is meant", async () => {
		const folder = newFolder();
		const file = join(folder, "my.rules");
		writeFileSync(file, "before");
		symlinkSync("my.rules", join(folder, "link"));
		await readText(file);
		for (const name of ["my.rules", "link"])
			await expect(writeWhole(join(folder, name), "after")).rejects.toThrow(
				"is read, and is to be written over",
			);
		expect(readFileSync(file, "utf8")).toBe("before");
		await writeWhole(file, "after", { over: "what was read" });
		expect(readFileSync(file, "utf8")).toBe("after");
	});

	it("may not be longer than a text, and that is what is said of it", async () => {
		const file = join(newFolder(), "long.json");
		writeFileSync(file, "");
		truncateSync(file, 0x1fffffe8 + 1);
		await expect(readText(file, 2 ** 30)).rejects.toThrow(
			/long\.json is longer than a text may be: 536,870,889 bytes/,
		);
	});
});

describe("a text that is read", () => {
	it.each(["/dev/zero", "sparse"])("has a bound: %s", async (name) => {
		const file = name === "sparse" ? join(newFolder(), name) : name;
		if (name === "sparse") {
			writeFileSync(file, "");
			truncateSync(file, 3 * 2 ** 30);
		}
		await expect(readText(file)).rejects.toThrow(
			`cannot read ${file}: it holds more than 64 MiB`,
		);
	});
});
