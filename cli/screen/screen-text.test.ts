import { expect, it } from "vitest";
import { screenLines, screenText } from "./screen-text.ts";

it("shows signs that would hide, turn others around or speak to a terminal", () => {
	expect(screenText("a\u202eb\u001b[31mc\rd\r\ne")).toBe(
		"a⟨U+202E⟩b⟨U+001B⟩[31mc⟨U+000D⟩d\ne",
	);
});

it("cuts what nobody reads", () => {
	expect(screenText("x".repeat(10_000))).toMatch(
		/x… \(6000 more characters\)$/,
	);
});

it("commands nothing, wherever it is printed", () => {
	const lines = [
		"::error::forged",
		"    ::set-env name=a::b\n\t::stop",
		"\u001b[2m  ::x",
		"seen ##[error]forged",
		"a rule:: of b1",
	];
	expect(screenLines(lines)).toEqual([
		": :error::forged",
		"    : :set-env name=a::b",
		"\t: :stop",
		"\u001b[2m  : :x",
		"seen ## [error]forged",
		"a rule:: of b1",
	]);
});
