import { describe, expect, it } from "vitest";
import { lastWords } from "./console.ts";

const numbered = (count: number) =>
	Array.from({ length: count }, (_, index) => `line ${index}`);

describe("the last words of a machine", () => {
	it("are its last lines", () => {
		const { isBroken, lines } = lastWords(
			`${numbered(100).join("\r\n")}\r\n\r\n`,
		);
		expect(isBroken).toBe(false);
		expect(lines).toHaveLength(25);
		expect(lines.at(-1)).toBe("line 99");
	});

	it("begin where the kernel broke, however much it said about it", () => {
		const panic =
			"[    2.66] Kernel panic - not syncing: sysrq triggered crash";
		const { isBroken, lines } = lastWords(
			[...numbered(5), panic, ...numbered(80)].join("\n"),
		);
		expect(isBroken).toBe(true);
		expect(lines[0]).toBe(panic);
		expect(lines).toContain("…");
		expect(lines.at(-1)).toBe("line 79");
	});

	it("keep what came just before, where that was little", () => {
		const { lines } = lastWords("loading\nOops: 0002\nRIP\n");
		expect(lines).toEqual(["loading", "Oops: 0002", "RIP"]);
	});
});
