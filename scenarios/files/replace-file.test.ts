import { execFileSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { findTarget, replaceFile, replaceFileSync } from "./replace-file.ts";

const above = temporaryFolder();
const newFolder = () => mkdtempSync(join(above, "each-"));

/** A folder with one of each kind in it. */
function oneOfEach(): string {
	const folder = newFolder();
	writeFileSync(join(folder, "file"), "text");
	mkdirSync(join(folder, "folder"));
	execFileSync("mkfifo", [join(folder, "pipe")]);
	symlinkSync("file", join(folder, "link"));
	return folder;
}

const failing = function* () {
	yield "half";
	throw new Error("the source is gone");
};

describe("a file that a user names", () => {
	it("is replaced where its links lead, in pieces, with the mode that it has", async () => {
		const folder = oneOfEach();
		chmodSync(join(folder, "file"), 0o640);
		const target = await findTarget(join(folder, "link"));
		await replaceFile(target, ["new ", "", "text"]);
		expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
		expect(readFileSync(join(folder, "file"), "utf8")).toBe("new text");
		expect(statSync(join(folder, "file")).mode & 0o7777).toBe(0o640);
	});

	it.runIf(process.getuid?.() === 0)(
		"keeps its owner, and a set-user-ID bit with it",
		async () => {
			const file = join(oneOfEach(), "file");
			chownSync(file, 65_534, 65_533);
			chmodSync(file, 0o4711);
			await replaceFile(await findTarget(file), "new");
			const { uid, gid, mode } = statSync(file);
			expect({ uid, gid }).toEqual({ uid: 65_534, gid: 65_533 });
			expect(mode & 0o7777).toBe(0o4711);
		},
	);

	it("is made with the mode that the umask leaves, where a link leads to nothing yet", async () => {
		const folder = newFolder();
		symlinkSync("later", join(folder, "link"));
		await replaceFile(await findTarget(join(folder, "link")), "new");
		const { mode } = lstatSync(join(folder, "later"));
		expect(mode & 0o777).toBe(0o666 & ~process.umask());
	});

	it("stays as it was, with nothing beside it, when the text ends half way", async () => {
		const folder = oneOfEach();
		const before = readdirSync(folder);
		const target = await findTarget(join(folder, "file"));
		await expect(replaceFile(target, failing())).rejects.toThrow(
			"the source is gone",
		);
		expect(readdirSync(folder)).toEqual(before);
		expect(readFileSync(join(folder, "file"), "utf8")).toBe("text");
	});

	it("has no links in a circle", async () => {
		const folder = newFolder();
		symlinkSync("b", join(folder, "a"));
		symlinkSync("a", join(folder, "b"));
		await expect(findTarget(join(folder, "a"))).rejects.toMatchObject({
			code: "ELOOP",
		});
	});
});

describe("a file that a program keeps", () => {
	it("is put in the place of a link, and what that led to is left alone", () => {
		const folder = oneOfEach();
		const link = join(folder, "link");
		replaceFileSync(link, "new text", 0o644);
		expect(lstatSync(link).isSymbolicLink()).toBe(false);
		expect(readFileSync(link, "utf8")).toBe("new text");
		expect(lstatSync(link).mode & 0o7777).toBe(0o644);
		expect(readFileSync(join(folder, "file"), "utf8")).toBe("text");
	});

	it.each(["folder", "pipe", "nosuch/file"])(
		"does not take the place of a %s, and leaves nothing beside it",
		(name) => {
			const folder = oneOfEach();
			const before = readdirSync(folder);
			expect(() => replaceFileSync(join(folder, name), "x", 0o644)).toThrow();
			expect(readdirSync(folder)).toEqual(before);
		},
	);
});

it("removes what killed processes left: at once of this machine, after a day of others", async () => {
	const folder = newFolder();
	const file = join(folder, "file");
	// What this process calls its own files stands in the folder while one is written.
	let own = "";
	await replaceFile(
		await findTarget(file),
		(function* () {
			own = readdirSync(folder)[0] ?? "";
			yield "text";
		})(),
	);
	const [, machine = ""] = own.split("-");
	const named = (where: string, rest: string) =>
		`.marktwin-${where}-${rest}-${"0".repeat(18)}`;
	const gone = named(machine, "4194305-1");
	const running = own.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
	const elsewhere = named("00000000", "1-1");
	const longAgo = named("00000000", "2-1");
	// The sweep is made once for each folder and process.
	const other = newFolder();
	for (const name of [gone, running, elsewhere, longAgo, ".marktwin-notes"])
		writeFileSync(join(other, name), "");
	const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
	utimesSync(join(other, longAgo), twoDaysAgo, twoDaysAgo);
	replaceFileSync(join(other, "file"), "text", 0o644);
	expect(readdirSync(other).sort()).toEqual(
		[running, elsewhere, ".marktwin-notes", "file"].sort(),
	);
});
