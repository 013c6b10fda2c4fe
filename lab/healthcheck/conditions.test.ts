import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { conditionFiles } from "./conditions.ts";
import { readConfig } from "./config/read-config.ts";

const folder = temporaryFolder();
const conditions = conditionFiles(folder);

test("a condition is written and read", async () => {
	writeFileSync(join(folder, "mail1up"), "0\n");
	expect(await conditions.write("mail1up", "1")).toBeNull();
	expect(readFileSync(join(folder, "mail1up"), "utf8")).toBe("1\n");
	expect(conditions.read?.("mail1up")).toBe("1");
	expect(await conditions.write("none", "1")).toBe("no such file or folder");
	expect(conditions.read?.("none")).toBeNull();
});

test("nothing is left of a longer text", async () => {
	const file = join(folder, "long");
	writeFileSync(file, "keep");
	expect(await conditions.write("long", "0")).toBeNull();
	expect(readFileSync(file, "utf8")).toBe("0\n");
});

test("a link in the place of a condition leads nowhere", async () => {
	const outside = join(folder, "outside");
	writeFileSync(outside, "precious");
	symlinkSync(outside, join(folder, "link"));
	expect(await conditions.write("link", "1")).toBe("it is a link, not a file");
	expect(readFileSync(outside, "utf8")).toBe("precious");
});

test.each([
	{ kind: "pipe", make: (file: string) => void execFileSync("mkfifo", [file]) },
	{ kind: "device", make: (file: string) => symlinkSync("/dev/zero", file) },
])(
	"nobody waits for a $kind in the place of a condition, or of the configuration",
	async ({ kind, make }) => {
		const file = join(folder, kind);
		make(file);
		expect(await conditions.write(kind, "1")).not.toBeNull();
		expect(conditions.read?.(kind)).toBeNull();
		expect(() => readConfig(file)).toThrow(`, not a file`);
	},
);
