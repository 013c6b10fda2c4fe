import { execFileSync } from "node:child_process";
import {
	closeSync,
	mkdirSync,
	mkdtempSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openPlainForWriting, readPlainFile } from "./plain-file.ts";

const above = temporaryFolder();

/** A folder with one of each kind in it. */
function oneOfEach(): string {
	const folder = mkdtempSync(join(above, "each-"));
	writeFileSync(join(folder, "file"), "text");
	mkdirSync(join(folder, "folder"));
	execFileSync("mkfifo", [join(folder, "pipe")]);
	symlinkSync("file", join(folder, "link"));
	symlinkSync("/dev/zero", join(folder, "device"));
	return folder;
}

const LIMIT = { mostOctets: 100_000 };

describe("reading", () => {
	const folder = oneOfEach();

	it("takes files, by links too, and what the kernel says has no length", () => {
		expect(readPlainFile(join(folder, "file"), LIMIT)).toBe("text");
		expect(readPlainFile(join(folder, "link"), LIMIT)).toBe("text");
		expect(readPlainFile("/proc/self/status", LIMIT)).toContain("Pid:");
	});

	it.each([
		["folder", "it is a folder"],
		["pipe", "it is a named pipe, not a file"],
		["device", "it is a device, not a file"],
	])("does not wait for a %s", (name, message) => {
		expect(() => readPlainFile(join(folder, name), LIMIT)).toThrow(message);
	});

	it("has an end", () => {
		writeFileSync(join(folder, "long"), "x".repeat(100_001));
		expect(() => readPlainFile(join(folder, "long"), LIMIT)).toThrow(
			"it is longer than 100000 octets",
		);
	});

	it("follows no link where the file has to be ours", () => {
		const ours = { ...LIMIT, isOurs: true };
		expect(readPlainFile(join(folder, "file"), ours)).toBe("text");
		expect(() => readPlainFile(join(folder, "link"), ours)).toThrow("ELOOP");
	});

	it.runIf(process.getuid?.() === 0)("takes no file of another user's", () => {
		const file = join(folder, "others");
		writeFileSync(file, "text");
		execFileSync("chown", ["65534", file]);
		expect(() => readPlainFile(file, { ...LIMIT, isOurs: true })).toThrow(
			"it belongs to another user",
		);
	});
});

describe("opening for writing", () => {
	const folder = oneOfEach();

	it("takes a file that is there", () => {
		closeSync(openPlainForWriting(join(folder, "file")));
		expect(() => openPlainForWriting(join(folder, "none"))).toThrow("ENOENT");
	});

	it.each(["pipe", "folder"])("does not wait for a %s", (name) => {
		expect(() => openPlainForWriting(join(folder, name))).toThrow();
	});

	it.each(["link", "device"])("does not follow a link to a %s", (name) => {
		expect(() => openPlainForWriting(join(folder, name))).toThrow(
			"it is a link, not a file",
		);
	});

	it("takes no device", () => {
		expect(() => openPlainForWriting("/dev/null")).toThrow(
			"it is a device, not a file",
		);
	});
});
