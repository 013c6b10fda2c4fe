import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible, withoutCommand } from "../../reports/visible.ts";
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
const invocation: fc.Arbitrary<Invocation> = fc.record(
	{
		command: fc.constantFrom("run", "compare"),
		names: fc.array(word, { maxLength: 3 }),
		filter: word,
		seed: fc.nat(),
		rules: fc.array(fc.record({ name: word, file: word }), { maxLength: 2 }),
		kernel: word,
	},
	{ requiredKeys: ["command", "names"] },
);

describe("the line of a command", () => {
	it("is taken apart by a shell into the words that were meant, and can be seen whole", () => {
		const many = fc.array(invocation, { minLength: 20, maxLength: 20 });
		fc.assert(
			fc.property(many, (all) => {
				const lines = all.map(commandLine);
				expect(asShellTakes(lines)).toEqual(all.map(wordsOf));
				for (const line of lines) {
					expect(line).not.toContain("\n");
					expect(withoutCommand(visible(line))).toBe(line);
				}
			}),
			{ numRuns: 50 },
		);
	});

	it("shows what cannot be seen, and what commands a CI system or a shell at the keyboard", () => {
		const names = ["a\nb's $x%/\u001b.ts", "##[a]", "plain.ts", "!a\n.ts"];
		expect(commandLine({ command: "run", names })).toBe(
			[
				"marktwin run",
				`"$(printf 'a\\012b\\047s $x%%/\\033.ts')"`,
				`"$(printf '\\043\\043[a]')"`,
				"plain.ts",
				`"$(printf '\\041a\\012.ts')"`,
			].join(" "),
		);
	});

	it("stands on one line also where a word ends with a line end", () => {
		expect(commandLine({ command: "run", names: ["it's \n"] })).toBe(
			`eval "$(printf 'marktwin run \\047it\\047\\134\\047\\047s \\012\\047')"`,
		);
	});

	it("has names that begin with a hyphen behind --", () => {
		expect(commandLine({ command: "run", names: ["-x.json"], seed: 1 })).toBe(
			"marktwin run --seed 1 -- -x.json",
		);
	});
});
