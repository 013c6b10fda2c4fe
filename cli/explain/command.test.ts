import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";

describe("marktwin explain", () => {
	it("lists all rules of the linter by category", async () => {
		const { code, out, err } = await marktwin(["explain"]);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(/^syntax\n {2}MT801 {2}old-name /m);
		expect(out).toMatch(/^linter\n {2}MT901 {2}ignore-without-reason /m);
	});

	it.each(["MT801", "mt801", "old-name"])(
		"prints the page of %s",
		async (word) => {
			const { code, out } = await marktwin(["explain", word]);
			expect(code).toBe(0);
			expect(out).toMatch(/^MT801 old-name \(note: worth knowing\)\n/);
			expect(out).toContain("marktwin fix does it.");
			expect(out).toContain("# marktwin-ignore MT801: reason");
			expect(out).toContain("  -A INPUT -m state --state");
			expect(out).toMatch(/docs\/lint\/MT801\.md\n$/);
		},
	);

	it("names the nearest rule where there is none of that name", async () => {
		const { code, out, err } = await marktwin(["explain", "MT8O1"]);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain("the linter has no rule MT8O1");
		expect(err).toContain("Did you mean MT801?");
	});
});
