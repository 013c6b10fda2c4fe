import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible } from "../../reports/visible.ts";
import { commandLine, type Invocation, wordsOf } from "./invocation.ts";

/** The words that a shell hands on of each line, once for each of the shells that are there. */
function asShellTakes(
	lines: readonly string[],
): readonly (readonly string[])[] {
	const script = [
		`marktwin() { printf '%s\\0' marktwin "$@"; printf 'end\\0\\0'; }`,
		...lines,
	].join("\n");
	const out = execFileSync("sh", ["-c", script], { encoding: "utf8" });
	return out
		.split("end\0\0")
		.slice(0, -1)
		.map((words) => words.split("\0").slice(0, -1));
}

const nasty = fc.constantFrom(
	..."'\"`$\\*?[]{}()<>|&;#~!%=^\n\r\t \u001b\u0007\u00a0\u3164\u2800\ufe0f\u202eäß日🦑-",
	..."$HOME|$(id)|`id`|\\n|%s|%%|\\012|--|-e|''|\r\n|!!|${|sp ace".split("|"),
);
/** No NUL and no half of a surrogate pair: no operating system hands those on. */
const word = fc
	.array(fc.oneof(nasty, fc.string({ unit: "grapheme", maxLength: 5 })), {
		maxLength: 6,
	})
	.map((parts) => parts.join("").replaceAll("\0", ""))
	.filter((text) => !/\p{Cs}/u.test(text));
const invocation: fc.Arbitrary<Invocation> = fc.record({
	command: fc.constantFrom("run", "compare"),
	names: fc.array(word, { maxLength: 3 }),
	options: fc.array(fc.tuple(fc.constantFrom("--filter", "--rules"), word), {
		maxLength: 2,
	}),
});

describe("the line of a command", () => {
	it("is taken apart by a shell into the words that were meant, and can be seen whole", () => {
		const many = fc.array(invocation, { minLength: 20, maxLength: 20 });
		fc.assert(
			fc.property(many, (all) => {
				const lines = all.map(commandLine);
				expect(asShellTakes(lines)).toEqual(all.map(wordsOf));
				for (const line of lines) expect(visible(line)).toBe(line);
			}),
			{ numRuns: 50 },
		);
	});

	it("stands on one line, unless a word ends with a line end", () => {
		const line = commandLine({
			command: "run",
			names: ["a\nb's $x%/\u001b.ts", "plain.ts"],
			options: [],
		});
		expect(line).toBe(
			`marktwin run "$(printf 'a\\012b\\047s $x%%/\\033.ts')" plain.ts`,
		);
	});

	it("has names that begin with a hyphen behind --", () => {
		expect(
			commandLine({
				command: "run",
				names: ["-x.json"],
				options: [["--seed", "1"]],
			}),
		).toBe("marktwin run --seed 1 -- -x.json");
	});
});
