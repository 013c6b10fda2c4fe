import { expect, it } from "vitest";
import { comparisonReport, sampleReport } from "./contract/test-report.ts";
import { emptyWords } from "./wording.ts";

it("never says of a scenario without expectations that something holds", () => {
	const entries = [...sampleReport().entries, ...comparisonReport().entries];
	expect([...new Set(entries.map(emptyWords))].sort()).toEqual([
		"It expects nothing, so nothing is shown.",
		"It expects nothing; how the two compare stands above.",
	]);
});
