import { chmodSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { contentHash, contextFiles, hashFiles } from "./image-recipes.ts";

describe("the hash of what an image is made of", () => {
	const folder = temporaryFolder();
	const path = join(folder, "script");
	const file = { name: "script", path, fingerprint: null };
	writeFileSync(path, "echo a\n");
	const before = hashFiles("seed", [file]);

	it("stays when nothing but the time of a file changes", () => {
		utimesSync(path, 1000, 1000);
		expect(hashFiles("seed", [file])).toBe(before);
	});

	it("changes with the seed, a name, a mode and the content", () => {
		const seen = [before, hashFiles("other", [file])];
		seen.push(hashFiles("seed", [{ ...file, name: "other" }]));
		chmodSync(path, 0o755);
		seen.push(hashFiles("seed", [file]));
		writeFileSync(path, "echo b\n");
		seen.push(hashFiles("seed", [file]));
		expect(new Set(seen).size).toBe(seen.length);
	});

	it("does not read what has a fingerprint", () => {
		const long = { ...file, fingerprint: "v20 x64 99" };
		const hash = hashFiles("seed", [long]);
		writeFileSync(path, "echo c\n");
		expect(hashFiles("seed", [long])).toBe(hash);
		expect(hashFiles("seed", [{ ...long, fingerprint: "v22" }])).not.toBe(hash);
	});

	it("does not confuse where one file ends and the next begins", () => {
		const two = join(folder, "two");
		writeFileSync(path, "a");
		writeFileSync(two, "bc");
		const files = [file, { ...file, name: "two", path: two }];
		const one = hashFiles("seed", files);
		writeFileSync(path, "ab");
		writeFileSync(two, "c");
		expect(hashFiles("seed", files)).not.toBe(one);
	});
});

describe("an image", () => {
	it("depends on the one that it stands on", () => {
		expect(contentHash("mail", "sha256:a")).not.toBe(
			contentHash("mail", "sha256:b"),
		);
	});

	it("is made of its folder", () => {
		const names = contextFiles("mail").map(({ name }) => name);
		expect(names).toEqual([
			"Dockerfile",
			"kept-mail",
			"main.cf",
			"queued-mail",
			"slow-mail",
			"start-mail",
		]);
	});
});
