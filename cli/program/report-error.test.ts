import { describe, expect, it } from "vitest";
import { InvariantError } from "../../sim/invariant.ts";
import { RulesetError } from "../../sim/ruleset/base/ruleset-error.ts";
import { InputError } from "../screen/input-error.ts";
import { reportError } from "./report-error.ts";

describe("an error", () => {
	it("of the user's says what to do", () => {
		const error = new InputError(
			"cannot read x: no such file",
			"Name another.",
		);
		expect(reportError(error, ["save", "x"])).toEqual({
			exitCode: 2,
			text: "marktwin: cannot read x: no such file\n  Name another.",
		});
	});

	it("quotes a name in its line, whatever the name holds", () => {
		const error = new InputError("cannot read a\n::x", ["Is a\n✓ b it?", "c"]);
		expect(reportError(error, []).text).toBe(
			"marktwin: cannot read a⟨U+000A⟩::x\n  Is a⟨U+000A⟩✓ b it?\n  c",
		);
	});

	it("of the user's ruleset is printed as it is", () => {
		const { exitCode, text } = reportError(new RulesetError([]), []);
		expect({ exitCode, text }).toEqual({ exitCode: 2, text: "" });
	});

	it.each([
		new InvariantError("bug in marktwin: entry 3 is free"),
		new TypeError("x is not a function"),
	])("of ours says so, and what to report: $name", (error) => {
		const { exitCode, text } = reportError(error, ["run", "split"]);
		expect(exitCode).toBe(70);
		expect(text).toMatch(/^This is a bug in marktwin/);
		expect(text).toContain(`Node ${process.version}`);
		expect(text).toContain("  marktwin run split\n");
		expect(text).toContain(error.message);
		// Where it happened.
		expect(text).toContain("report-error.test.ts");
	});
});
