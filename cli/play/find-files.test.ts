import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { scenarioFilesBelow } from "./find-files.ts";

const folder = temporaryFolder();

function folderWith(names: readonly string[]): string {
	const at = mkdtempSync(join(folder, "case-"));
	for (const name of names) {
		mkdirSync(dirname(join(at, name)), { recursive: true });
		writeFileSync(join(at, name), "{}");
	}
	return at;
}

it("finds scenario files in a folder by their names, whatever signs those have", async () => {
	const names = [
		"\rx/[a]\\b.scenario.json",
		".hidden/.scenario.mjs",
		"a\n\r.scenario.ts",
		"é\u2028*.scenario.js",
	];
	const at = folderWith(names);
	expect(await scenarioFilesBelow(at)).toEqual(
		names.map((name) => join(at, name)).sort(),
	);
});

it("leaves out other files, what was installed or built, and links to folders", async () => {
	const at = folderWith([
		"one.scenario.json",
		"two.json",
		"scenario.ts",
		"three.scenario.json.bak",
		"node_modules/p/four.scenario.ts",
		"sub/dist/five.scenario.ts",
		".git/six.scenario.ts",
	]);
	symlinkSync(folderWith(["seven.scenario.json"]), join(at, "elsewhere"));
	expect(await scenarioFilesBelow(at)).toEqual([join(at, "one.scenario.json")]);
});

it("names a folder that cannot be read", async () => {
	await expect(scenarioFilesBelow(join(folder, "none"))).rejects.toThrow(
		/none: no such file or folder/,
	);
});
