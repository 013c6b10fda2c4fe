import { describe, expect, it } from "vitest";
import { DEFAULT_LINUX, parseLinux } from "../../../../sim/linux/linux.ts";
import type { Edit } from "../finding.ts";
import { rulesAlone } from "../test-facts.ts";
import { placeEdits } from "./place-edits.ts";

const place = (text: string, ...edits: readonly Edit[]) => {
	const lines = text
		.split("\n")
		.map((line, index) => ({ text: line, origin: index + 1 }));
	return placeEdits(rulesAlone(text).ruleset, lines, edits);
};
/** The new text, or why there is none. */
const placed = (text: string, ...edits: readonly Edit[]): string => {
	const made = place(text, ...edits);
	return made.kind === "refused"
		? made.why
		: made.lines.map((line) => line.text).join("\n");
};
const filter = (...lines: readonly string[]) =>
	["*filter", ...lines, "COMMIT", ""].join("\n");

const replace = (rule: string, text: string): Edit => ({
	kind: "replace",
	rule,
	text,
});
const insert = (
	side: "before" | "behind",
	rule: string,
	text: string,
): Edit => ({ kind: "insert", where: { side, rule }, table: "filter", text });
const append = (text: string, table = "filter"): Edit => ({
	kind: "insert",
	where: null,
	table,
	text,
});

describe("an edit", () => {
	it("is read by the iptables whose rules they are", () => {
		const text = filter("-A INPUT -j ACCEPT");
		// 1.8.9 alone takes the option for a part of the address.
		const edit = replace("filter:INPUT:rule:1", "-A INPUT -s10.0.0.9 -j DROP");
		const { ruleset } = rulesAlone(text);
		const lines = text
			.split("\n")
			.map((line, index) => ({ text: line, origin: index + 1 }));
		const on = (name: string) =>
			placeEdits(ruleset, lines, [edit], parseLinux(name) ?? DEFAULT_LINUX);
		expect(on("bookworm").kind).toBe("refused");
		expect(on("trixie").kind).toBe("placed");
	});

	it("replaces the rule of a line, and keeps its counters and all other lines", () => {
		const text = filter(
			":INPUT ACCEPT [3:180]",
			"# the web",
			"",
			"[12:720] -A INPUT -p tcp --dport 80 -j ACCEPT",
			'-A INPUT -m comment --comment "two words" -j DROP',
		);
		expect(
			placed(text, replace("filter:INPUT:rule:1", "-A INPUT -p tcp -j ACCEPT")),
		).toBe(text.replace("-p tcp --dport 80 -j ACCEPT", "-p tcp -j ACCEPT"));
	});

	it("inserts before a rule above the comments about it, behind it below its line", () => {
		const text = filter(
			"-A INPUT -i a -j DROP",
			"# of b",
			"-A INPUT -i b -j DROP",
		);
		expect(
			placed(
				text,
				insert("before", "filter:INPUT:rule:2", "-A INPUT -i x -j DROP"),
				insert("behind", "filter:INPUT:rule:2", "-A INPUT -i y -j DROP"),
			),
		).toBe(
			filter(
				"-A INPUT -i a -j DROP",
				"-A INPUT -i x -j DROP",
				"# of b",
				"-A INPUT -i b -j DROP",
				"-A INPUT -i y -j DROP",
			),
		);
	});

	it("appends behind the last rule of its chain, or to a chain without rules", () => {
		const text = filter(
			":OWN - [0:0]",
			"-A INPUT -i a -j DROP",
			"-A FORWARD -j DROP",
		);
		expect(
			placed(text, append("-A INPUT -j ACCEPT"), append("-A OWN -j RETURN")),
		).toBe(
			filter(
				":OWN - [0:0]",
				"-A INPUT -i a -j DROP",
				"-A INPUT -j ACCEPT",
				"-A FORWARD -j DROP",
				"-A OWN -j RETURN",
			),
		);
	});

	it("deletes the line of a rule; numbers are those before all edits", () => {
		const text = filter(
			"-A INPUT -i a -j DROP",
			"-A INPUT -i b -j DROP",
			"-A INPUT -i c -j DROP",
		);
		const made = place(
			text,
			{ kind: "delete", rule: "filter:INPUT:rule:1" },
			replace("filter:INPUT:rule:3", "-A INPUT -i d -j DROP"),
		);
		expect(made).toMatchObject({
			kind: "placed",
			changes: [
				{ line: 2, before: "-A INPUT -i a -j DROP", after: "" },
				{
					line: 4,
					before: "-A INPUT -i c -j DROP",
					after: "-A INPUT -i d -j DROP",
				},
			],
			formerNames: new Map([
				["filter:INPUT:rule:1", "filter:INPUT:rule:2"],
				["filter:INPUT:rule:2", "filter:INPUT:rule:3"],
			]),
		});
	});

	it("is made beside lines that put their rules elsewhere", () => {
		const text = filter(
			"-A INPUT -i a -j DROP",
			"-I INPUT -i b -j DROP",
			"-A INPUT -i c -j DROP",
		);
		expect(
			placed(
				text,
				insert("behind", "filter:INPUT:rule:2", "-A INPUT -i x -j DROP"),
			),
		).toBe(
			filter(
				"-A INPUT -i a -j DROP",
				"-A INPUT -i x -j DROP",
				"-I INPUT -i b -j DROP",
				"-A INPUT -i c -j DROP",
			),
		);
	});
});

describe("an edit is refused", () => {
	const DROP = "-A INPUT -i x -j DROP";
	it.each<readonly [string, string, readonly Edit[], string]>([
		[
			"at a line that inserts its rule",
			filter("-A INPUT -i a -j DROP", "-I INPUT -i b -j DROP"),
			[replace("filter:INPUT:rule:1", DROP)],
			"line 3 does not append its rule with -A",
		],
		[
			"at a line that replaces a rule",
			filter("-A INPUT -i a -j DROP", "-R INPUT 1 -i b -j DROP"),
			[insert("before", "filter:INPUT:rule:1", DROP)],
			"line 3 does not append its rule with -A",
		],
		[
			"at one of several rules of a line",
			filter("-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP"),
			[replace("filter:INPUT:rule:2", DROP)],
			"line 2 stands for several rules",
		],
		[
			"between two rules of a line",
			filter("-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP"),
			[insert("behind", "filter:INPUT:rule:1", DROP)],
			"the rules of INPUT would not come into the order that is meant",
		],
		[
			"where a later line counts rules",
			filter("-A INPUT -i a -j DROP", "-I INPUT 2 -i b -j DROP"),
			[insert("behind", "filter:INPUT:rule:1", DROP)],
			"the rules of INPUT would not come into the order that is meant",
		],
		[
			"for a rule that another one is for",
			filter("-A INPUT -i a -j DROP"),
			[
				replace("filter:INPUT:rule:1", DROP),
				{ kind: "delete", rule: "filter:INPUT:rule:1" },
			],
			"two edits are for line 2",
		],
		[
			"for a rule that is not there",
			filter("-A INPUT -i a -j DROP"),
			[replace("filter:INPUT:rule:2", DROP)],
			"there is no rule filter:INPUT:rule:2",
		],
		[
			"for a table that is not there",
			filter("-A INPUT -i a -j DROP"),
			[append("-A PREROUTING -j ACCEPT", "mangle")],
			"the file has no table mangle",
		],
		[
			"where its rule would not load",
			filter("-A INPUT -i a -j DROP"),
			[append("-A INPUT -j NOPE")],
			"the ruleset would not load: ",
		],
	])("%s", (_, text, edits, why) => {
		expect(placed(text, ...edits)).toContain(why);
	});
});
