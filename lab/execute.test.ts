import { expect, it } from "vitest";
import { missingPrograms, mustExecute } from "./execute.ts";

it.each([
	["/bin/sh: 1: pahole: not found", ["pahole"]],
	["sh: 12: bc: not found\nsh: 13: bc: not found", ["bc"]],
	["bash: line 1: flex: command not found", ["flex"]],
	["make[2]: gcc-12: No such file or directory", ["gcc-12"]],
	["make: /usr/bin/xz: No such file or directory", ["xz"]],
	["env: 'python3': No such file or directory", ["python3"]],
	["make: *** [Makefile:64: x.ko] Error 127", []],
	["cat: missing.txt: No such file or directory", []],
])("finds the program that is missing: %s", (said, programs) => {
	expect(missingPrograms(said)).toEqual(programs);
});

it("names the package of a program that a tool needs", async () => {
	const said = "echo '/bin/sh: 1: pahole: not found' >&2; exit 2";
	await expect(
		mustExecute("compiling modules", "sh", ["-c", said]),
	).rejects.toMatchObject({
		place: "compiling modules",
		message: expect.stringContaining("since pahole is not installed"),
		remedy: expect.stringMatching(/apt-get install .* dwarves$/),
	});
});
