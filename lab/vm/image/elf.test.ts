import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { moduleInfo, neededLibraries } from "./elf.ts";

it.runIf(process.platform === "linux")(
	"a program says which libraries it needs",
	() => {
		const needed = neededLibraries(readFileSync(process.execPath));
		expect(needed).toContain("libc.so.6");
		expect(needed.every((name) => /^[\w+.-]+\.so[\d.]*$/.test(name))).toBe(
			true,
		);
	},
);

it("what is no ELF file needs nothing and says nothing", () => {
	const script = Buffer.from(`#!/bin/sh\n${"true\n".repeat(40)}`);
	expect(neededLibraries(script)).toEqual([]);
	expect(moduleInfo(script)).toEqual([]);
});
