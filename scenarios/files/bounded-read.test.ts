import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readBounded, TooLongError } from "./bounded-read.ts";

const folder = temporaryFolder();

describe("reading up to a bound", () => {
	test("a file of just that length is read", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "12345678");
		expect((await readBounded(createReadStream(file), 8)).toString()).toBe(
			"12345678",
		);
		await expect(readBounded(createReadStream(file), 7)).rejects.toThrow(
			TooLongError,
		);
	});

	test("a device that never ends is left", async () => {
		await expect(
			readBounded(createReadStream("/dev/zero"), 2 ** 22),
		).rejects.toThrow("it holds more than 4 MiB");
	});

	test("a stream that never ends is left", async () => {
		async function* endless() {
			for (;;) yield Buffer.alloc(1000);
		}
		await expect(readBounded(endless(), 2 ** 20)).rejects.toThrow(TooLongError);
	});
});
