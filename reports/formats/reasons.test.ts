import { describe, expect, it } from "vitest";
import { printDivergence } from "../../scenarios/compare/lockstep/divergence.ts";
import type { Entry } from "../contract/report.ts";
import { entry, expectation } from "../contract/test-entries.ts";
import { comparisonReport, sampleReport } from "../contract/test-report.ts";
import { visible } from "../wording.ts";
import { reasonsOf } from "./reasons.ts";

function reasonsIn(entries: readonly Entry[], name: string) {
	const found = entries.find((one) => one.name === name);
	expect(found, name).toBeDefined();
	return found === undefined ? [] : reasonsOf(found);
}

describe("reasons", () => {
	const { entries } = sampleReport();

	it("are none where an entry holds, and some where it does not", () => {
		const all = [...entries, ...comparisonReport().entries];
		const wrong = all.filter((one) => reasonsOf(one).length > 0);
		expect(wrong).toEqual(all.filter(({ status }) => status !== "holds"));
	});

	it("are the violated expectations, with the rule to look at", () => {
		const reasons = reasonsIn(entries, "failover-b2-dead");
		expect(reasons).toMatchObject([
			{
				status: "violated",
				sentence:
					"expected none of the connections at b2; seen 4 of 8 connections",
				rule: { file: "firewall/my.rules", line: 5 },
			},
		]);
		expect(reasons[0]?.parts.map(({ name }) => name)).toEqual([
			"expected",
			"because",
			"seen",
			"connections",
		]);
	});

	it("say why in the same words everywhere: the first in the sentence, all of them apart", () => {
		const [reason] = reasonsOf(
			entry({
				name: "a",
				suite: "a",
				title: "",
				status: "violated",
				expectations: [
					expectation({
						status: "violated",
						expected: "e",
						seen: "s",
						connections: [3],
						concerned: 9,
						why: [
							{ connection: 3, count: 5, text: "SYN → dropped" },
							{ connection: 7, count: 1, text: "SYN → out eth1" },
						],
					}),
				],
			}),
		);
		expect(reason?.sentence).toBe(
			"expected e; seen s; #3 and 4 more: SYN → dropped",
		);
		expect(reason?.parts.find(({ name }) => name === "why")?.text).toBe(
			"#3 and 4 more: SYN → dropped\n#7: SYN → out eth1\n3 more connections in other ways",
		);
	});

	it("name a few connections, and say how many more there are", () => {
		const [reason] = reasonsOf(
			entry({
				name: "a",
				suite: "a",
				title: "",
				status: "violated",
				expectations: [
					expectation({
						status: "violated",
						expected: "",
						seen: "",
						connections: [1, 2],
						concerned: 1_033,
					}),
				],
			}),
		);
		expect(reason?.parts).toEqual([
			{ name: "connections", text: "#1, #2 and 1,031 more" },
		]);
	});

	it("say once what is unknown, not once for each expectation", () => {
		expect(reasonsIn(entries, "own-queue")).toMatchObject([
			{
				status: "unknown",
				sentence: "unknown: packets handed to programs are not modelled",
				rule: { place: "filter:FORWARD:rule:1" },
			},
		]);
	});

	it("begin with the first line of what the lab said", () => {
		expect(reasonsIn(entries, "failover-recovery")).toMatchObject([
			{
				status: "failed",
				sentence: "virtual machine (tcg): the guest's kernel broke down",
				lines: [
					"",
					"BUG: kernel NULL pointer dereference, address: 0000000000000008",
					"The next scenario gets a machine of its own.",
				],
			},
		]);
	});

	it("are there even when nobody gave one", () => {
		const odd = entry({
			name: "odd",
			suite: "odd",
			title: "Odd",
			status: "violated",
			expectations: [expectation({ expected: "b1", seen: "b1" })],
		});
		expect(reasonsOf(odd)).toMatchObject([
			{ status: "violated", sentence: "no reason is known" },
		]);
	});
});

describe("reasons of a comparison", () => {
	const { entries } = comparisonReport();

	it("are told as marktwin compare tells them", () => {
		const diverging = entries.find(
			({ name }) => name === "split-at-random-times",
		);
		const divergences = diverging?.comparison?.divergences ?? [];
		expect(divergences).toHaveLength(2);
		const printed = divergences.map((one) =>
			printDivergence({
				kind: one.kind === "packets" ? "packets" : "conntrack",
				atMs: one.atMs,
				asked: one.asked,
				model: one.model,
				kernel: one.kernel,
				rules: { model: one.modelRules, kernel: one.kernelRules },
			}),
		);
		const told = reasonsIn(entries, "split-at-random-times");
		expect(told.map(({ sentence, lines }) => [sentence, ...lines])).toEqual(
			printed,
		);
	});

	it("are none where chance ended the comparison", () => {
		expect(reasonsIn(entries, "table-full")).toMatchObject([
			{ status: "unknown", sentence: "unknown: the table was full" },
		]);
	});
});

describe("what nobody sees", () => {
	it.each([
		["a direction", "a\u202eb", "a⟨U+202E⟩b"],
		["a control character", "\u0000\u001b[31m", "⟨U+0000⟩⟨U+001B⟩[31m"],
		["nothing at all", "a\u200bb\ufeff", "a⟨U+200B⟩b⟨U+FEFF⟩"],
		["half a character", "\ud83e \udd91", "⟨U+D83E⟩ ⟨U+DD91⟩"],
		["a line end that is none", "a\u2028b\u0085", "a⟨U+2028⟩b⟨U+0085⟩"],
		["a tag", "\u{e0041}", "⟨U+E0041⟩"],
		[
			"a letter that is none",
			"a\u3164\u115f\uffa0",
			"a⟨U+3164⟩⟨U+115F⟩⟨U+FFA0⟩",
		],
		["a mark", "a\u034f\ufe0f\u180b", "a⟨U+034F⟩⟨U+FE0F⟩⟨U+180B⟩"],
		["a symbol that looks blank", "\u2800\u{1d159}", "⟨U+2800⟩⟨U+1D159⟩"],
		[
			"a blank of another kind",
			"\u00a0\u2003\u3000",
			"⟨U+00A0⟩⟨U+2003⟩⟨U+3000⟩",
		],
		["a private character", "\ue000\u{10fffd}", "⟨U+E000⟩⟨U+10FFFD⟩"],
	])("is shown: %s", (_, text, shown) => {
		expect(visible(text)).toBe(shown);
	});

	it.each(["a b\tc\r\nd", "Grüße, 日本語, עברית", "🦑"])(
		"is not what everybody sees: %j",
		(text) => {
			expect(visible(text)).toBe(text);
		},
	);
});
