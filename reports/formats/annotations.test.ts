import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Entry, RuleAt } from "../contract/report.ts";
import { entry, expectation } from "../contract/test-entries.ts";
import {
	comparisonReport,
	findingReport,
	fuzzReport,
	sampleReport,
} from "../contract/test-report.ts";
import { visible } from "../wording.ts";
import { githubAnnotations } from "./annotations.ts";

function annotationsOf(entries: readonly Entry[]): readonly string[] {
	return githubAnnotations(sampleReport({ entries }), () => true);
}

function violated(
	name: string,
	parts: { readonly seen?: string; readonly file?: string } = {},
): Entry {
	const { seen = "b2", file = "" } = parts;
	const rule: RuleAt = {
		place: "nat:PREROUTING:rule:1",
		file,
		line: 3,
		text: "",
	};
	return entry({
		name,
		suite: "own",
		title: "Own",
		status: "violated",
		expectations: [
			expectation({ status: "violated", expected: "b1", seen, rule }),
		],
	});
}

/** What GitHub's runner makes of a line (ActionCommand.TryParseV2, actions/runner). */
function received(line: string) {
	const [, level = "", properties = "", data = ""] =
		/^::(\w+) (.*?)::(.*)$/s.exec(line) ?? [];
	const plain = (text: string) =>
		text
			.replaceAll("%0D", "\r")
			.replaceAll("%0A", "\n")
			.replaceAll("%3A", ":")
			.replaceAll("%2C", ",")
			.replaceAll("%25", "%");
	const pairs = properties.split(",").map((pair) => {
		const [name = "", ...value] = pair.split("=");
		return [name, plain(value.join("="))] as const;
	});
	const message = data
		.replaceAll("%0D", "\r")
		.replaceAll("%0A", "\n")
		.replaceAll("%25", "%");
	return { level, properties: Object.fromEntries(pairs), message };
}

describe("annotations of a fuzz", () => {
	it("are none where it found nothing: what it did not meet is no fault", () => {
		expect(githubAnnotations(fuzzReport(), () => true)).toEqual([]);
	});

	it("tell of each finding, and of chance", () => {
		const all = githubAnnotations(findingReport(), () => true).map(received);
		expect(all.map(({ properties }) => properties)).toEqual([
			{ title: "fuzz-3-17: fuzz-3-17" },
			{ title: "fuzz: chance decides as often as it has to" },
		]);
		expect(all[1]?.message.split("\n")).toEqual([
			"1 of 2 rules of chance matched too often or too seldom",
			expect.stringContaining("kernel 1,112; 891 to 1,109 are right"),
			"replay: marktwin fuzz --seed 3 --runs 1000",
		]);
	});
});

describe("annotations", () => {
	it("stand at the rule, if one is to blame, and say how to replay", () => {
		const lines = githubAnnotations(sampleReport(), () => true);
		expect(lines.filter((line) => !line.includes("own-hostile"))).toEqual([
			"::error file=firewall/my.rules,line=5,title=failover-b2-dead%3A Backend 2 is dead%3A every new connection goes to backend 1::expected none of the connections at b2; seen 4 of 8 connections%0Abecause mail2up is 1%0Areplay: marktwin run --filter failover-b2-dead --seed 1",
			"::error title=failover-host-vanishes%3A Backend 1's host vanishes under load::expected at most 2600 ms from each failure of b1; seen 5050 ms (61 connections lost)%0Areplay: marktwin run --filter failover-host-vanishes --seed 1",
			"::error title=failover-host-vanishes%3A Backend 1's host vanishes under load::expected exactly 0 of the connections read-timeout; seen 3 of 300 connections%0Areplay: marktwin run --filter failover-host-vanishes --seed 1",
			"::error title=failover-recovery%3A Backend 1 comes back%3A half and half again::virtual machine (tcg): the guest's kernel broke down%0Areplay: marktwin run --filter failover-recovery --seed 1 --on vm",
			"::warning file=firewall/my.rules,line=17,title=own-queue%3A A program decides::unknown: packets handed to programs are not modelled%0Areplay: marktwin run --filter own-queue --seed 1",
		]);
	});

	it("tell where two drivers diverge", () => {
		expect(
			githubAnnotations(comparisonReport(), () => true).map((line) => {
				const [first] = received(line).message.split("\n");
				return `${received(line).level}: ${first}`;
			}),
		).toEqual([
			"error: packets differ at 51 ms: bond0.204 ← tcp 10.0.0.10:40002 > 10.0.0.1:25 S",
			"error: conntrack differ at 5486 ms: show yourself",
			"warning: unknown: the table was full",
		]);
	});

	it("are none when everything holds", () => {
		expect(annotationsOf([])).toEqual([]);
	});
});

describe("of many annotations", () => {
	const many = Array.from({ length: 12 }, (_, index) =>
		violated(`plain-${index}`),
	);
	const placed = violated("placed", { file: "my.rules" });

	it("ten are shown, those in a file first, and the last one says how many are not", () => {
		const lines = annotationsOf([...many, placed]);
		expect(lines).toHaveLength(10);
		expect(received(lines[0] ?? "").properties.title).toBe("placed: Own");
		const telling = lines.filter((line) => /\d+ more/.test(line));
		expect(telling).toEqual([lines[9]]);
		expect(received(lines[9] ?? "").message).toMatch(
			/^expected b1; seen b2\n.*\nand 3 more that are not shown here$/,
		);
	});

	it("ten are ten", () => {
		const lines = annotationsOf(many.slice(0, 10));
		expect(lines).toHaveLength(10);
		expect(lines.filter((line) => /\d+ more/.test(line))).toEqual([]);
	});

	it("warnings take no room from errors", () => {
		const unknown = entry({
			name: "unknown",
			suite: "own",
			title: "Own",
			status: "unknown",
			unknown: { reason: "not modelled", rule: null },
		});
		const levels = annotationsOf([unknown, ...many]).map(
			(line) => received(line).level,
		);
		expect(levels).toEqual([...Array(10).fill("error"), "warning"]);
	});
});

test("whatever a text holds, it arrives, and commands nothing", () => {
	const pieces = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.constantFrom(
			"\n",
			"\r\n",
			"::",
			"%0A",
			"%25",
			",",
			"\n::error::",
			"\ud800",
		),
	);
	const texts = fc.array(pieces, { maxLength: 8 }).map((all) => all.join(""));
	fc.assert(
		fc.property(texts, texts, (text, name) => {
			const file = `f${name}`;
			const [line = "", ...more] = annotationsOf([
				violated(text, { seen: text, file }),
			]);
			expect(more).toEqual([]);
			expect(line).not.toMatch(/[\r\n]/);
			const { level, properties, message } = received(line);
			expect(level).toBe("error");
			expect(properties).toEqual({
				file: visible(file),
				line: "3",
				title: visible(`${text}: Own`),
			});
			expect(message).toContain(visible(`expected b1; seen ${text}\n`));
		}),
	);
});
