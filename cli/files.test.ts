import { execFileSync } from "node:child_process";
import {
	chmodSync,
	createReadStream,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { writeWhole } from "./files.ts";

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
