import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeOnVm } from "../../lab/vm/test-machine.ts";
import { marktwin } from "../../test/marktwin.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

describe("marktwin fuzz", () => {
	it.each([
		{ words: ["--runs", "0"], says: "It is a whole number, 1 or more." },
		{ words: ["--minutes", "soon"], says: "Minutes are a number above 0" },
		{ words: ["--path", "17:"], says: "A path is what a finding prints" },
		{ words: ["--shard", "4/3"], says: "Write it as 1/3, 2/3, 3/3." },
		{ words: ["--with", "docker"], says: "Allowed choices are vm." },
		{ words: ["--kernel", "none-such"], says: "none-such" },
		{
			words: ["--scoreboard", "/no/such/folder/x.md"],
			says: "/no/such/folder",
		},
	])("does not begin with $words", async ({ words, says }) => {
		const { code, err } = await marktwin(["fuzz", "--seed", "1", ...words]);
		expect(err).toContain(says);
		expect([2, 4]).toContain(code);
	});
});

describeOnVm("marktwin fuzz, on a kernel", () => {
	it("plays what its seed draws, tells what it covered, and agrees", async () => {
		const folder = temporaryFolder();
		const { code, out } = await marktwin(
			[
				"fuzz",
				"--seed",
				"5",
				"--runs",
				"4",
				"--machines",
				"1",
				"--scoreboard",
				"board.md",
			],
			{ cwd: folder },
		);
		expect(out).toMatch(/^seed 5\n/);
		expect(out).toMatch(/4 rulesets, \d{2,} packets.*: no divergence\n/);
		expect(code).toBe(0);
		expect(existsSync(join(folder, "fuzz-findings"))).toBe(false);
		const board = readFileSync(join(folder, "board.md"), "utf8");
		expect(board).toContain("| rulesets | 4 |");
		expect(board).toContain("| divergences | 0 |");
	});
});
