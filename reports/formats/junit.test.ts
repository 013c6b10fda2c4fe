import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import type { Entry } from "../contract/report.ts";
import { entry, expectation } from "../contract/test-entries.ts";
import { fuzzView } from "../contract/test-fuzz.ts";
import {
	comparisonReport,
	findingReport,
	fuzzReport,
	HOSTILE,
	sampleReport,
} from "../contract/test-report.ts";
import { visible, withoutCommand } from "../visible.ts";
import { junitXml } from "./junit.ts";

const SCHEMA = readFileSync(
	new URL("../../test/junit.xsd", import.meta.url),
	"utf8",
);

/** @returns what is wrong with it, and what is left of it once a parser has read it (Canonical XML) */
async function read(xml: string) {
	const { errors, normalized } = await validateXML({
		xml: [{ fileName: "junit.xml", contents: xml }],
		schema: [SCHEMA],
		normalization: "c14n",
	});
	return { faults: errors.map(({ message }) => message), normalized };
}

interface Case {
	readonly name: string;
	readonly classname: string;
	readonly verdict: {
		readonly kind: string;
		readonly type: string;
		readonly message: string;
		readonly text: string;
	} | null;
}

const CASE =
	/<testcase classname="([^"]*)" name="([^"]*)">(?:\n<(failure|error|skipped) message="([^"]*)" type="([^"]*)">([^<]*)<\/\3>\n)?<\/testcase>/g;

/** The cases of a valid document, as a parser reads them. */
async function casesOf(xml: string): Promise<readonly Case[]> {
	const { faults, normalized } = await read(xml);
	expect(faults).toEqual([]);
	return [...normalized.matchAll(CASE)].map((found) => {
		const [, classname, name, kind, message, type, text] = found.map(unescaped);
		return {
			name: name ?? "",
			classname: classname ?? "",
			verdict: found[3]
				? {
						kind: kind ?? "",
						type: type ?? "",
						message: message ?? "",
						text: text ?? "",
					}
				: null,
		};
	});
}

/** Canonical XML has these and no others. */
function unescaped(text: string | undefined): string {
	return (text ?? "").replace(
		/&(amp|lt|gt|quot|#xD|#xA|#x9);/g,
		(_, name: string) =>
			({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ??
			String.fromCharCode(Number(name.replace("#", "0"))),
	);
}

async function verdictOf(entries: readonly Entry[], name: string) {
	const cases = await casesOf(junitXml(sampleReport({ entries })));
	return cases.find((one) => one.name.startsWith(`${name}: `))?.verdict;
}

describe("JUnit XML", () => {
	it.each([
		["a run", sampleReport()],
		["a comparison", comparisonReport()],
		["a fuzz", fuzzReport()],
		["a fuzz that found something", findingReport()],
		["nothing", sampleReport({ entries: [] })],
		["what nobody timed", sampleReport({ tookMs: null, seed: null })],
	])("is what everybody reads: of %s", async (_, report) => {
		const { faults } = await read(junitXml(report));
		expect(faults).toEqual([]);
	});

	it("has a suite for each suite, and counts", () => {
		const xml = junitXml(sampleReport());
		expect(xml.match(/<testsuites? .*>/g)).toEqual([
			'<testsuites name="marktwin" tests="8" failures="3" errors="2" time="4.200">',
			'<testsuite name="split" tests="2" failures="0" errors="0" skipped="0">',
			'<testsuite name="failover" tests="4" failures="2" errors="1" skipped="0">',
			'<testsuite name="own &lt;rules&gt; | &quot;mine&quot;" tests="2" failures="1" errors="1" skipped="0">',
		]);
	});

	it("says what was played, on what, and how to do it again", () => {
		const [first] = junitXml(sampleReport()).split("<testcase");
		expect(first?.match(/<property .*>/g)).toEqual([
			'<property name="marktwin" value="0.1.0"/>',
			'<property name="driver" value="model (linux 6.1.192)"/>',
			'<property name="seed" value="1"/>',
			'<property name="command" value="marktwin run --rules recipe.rules=firewall/my.rules"/>',
			'<property name="notice" value="2 of 3 parts are here: vm-3.json is missing"/>',
		]);
	});

	it("names both that were compared", () => {
		expect(junitXml(comparisonReport())).toContain(
			'<property name="driver" value="model (linux 6.1.192), vm (linux 6.1.0-56-cloud-amd64, tcg)"/>',
		);
	});

	it("has no time that nobody took, and no seed that is not everybody's", () => {
		const xml = junitXml(sampleReport({ tookMs: null, seed: null }));
		expect(xml).not.toMatch(/ time=|name="seed"/);
	});
});

describe("a case of JUnit XML", () => {
	const { entries } = sampleReport();

	it("passes when the scenario holds", async () => {
		const cases = await casesOf(junitXml(sampleReport()));
		expect(cases).toHaveLength(8);
		expect(cases[0]).toEqual({
			name: "split-alternates: New connections alternate between the two backends",
			classname: "marktwin.split",
			verdict: null,
		});
	});

	it("fails with what was expected and seen, the rule to look at and the replay", async () => {
		expect(await verdictOf(entries, "failover-b2-dead")).toEqual({
			kind: "failure",
			type: "violated",
			message:
				"expected none of the connections at b2; seen 4 of 8 connections",
			text: [
				"expected     none of the connections at b2",
				"because      mail2up is 1",
				"seen         4 of 8 connections",
				"connections  #2, #4, #6, #8",
				'rule         mangle:MAILMARK:rule:3  firewall/my.rules:5  -A MAILMARK -m mark --mark 0x0 -m condition ! --condition "mail1up"  -j MARK --set-xmark 0x2/0xffffffff',
				"",
				"replay       marktwin run --filter failover-b2-dead --seed 1",
			].join("\n"),
		});
	});

	it("fails once, however much is violated", async () => {
		const verdict = await verdictOf(entries, "failover-host-vanishes");
		expect(verdict?.message).toBe(
			"expected at most 2600 ms from each failure of b1; seen 5050 ms (61 connections lost) (and 1 more)",
		);
		expect(verdict?.text.match(/^expected .*$/gm)).toHaveLength(2);
	});

	it("is an error when the lab fails", async () => {
		expect(await verdictOf(entries, "failover-recovery")).toMatchObject({
			kind: "error",
			type: "not played",
			message: "virtual machine (tcg): the guest's kernel broke down",
			text: expect.stringContaining("\nBUG: kernel NULL pointer dereference"),
		});
	});

	it("is an error when something is unknown", async () => {
		expect(await verdictOf(entries, "own-queue")).toMatchObject({
			kind: "error",
			type: "unknown",
			text: expect.stringContaining(
				"rule         filter:FORWARD:rule:1  firewall/my.rules:17  -A FORWARD -j NFQUEUE --queue-num 0\n",
			),
		});
	});

	it("of a comparison shows where the two diverge", async () => {
		const verdict = await verdictOf(
			comparisonReport().entries,
			"split-at-random-times",
		);
		expect(verdict?.text.split("\n").slice(0, 5)).toEqual([
			"packets differ at 51 ms: bond0.204 ← tcp 10.0.0.10:40002 > 10.0.0.1:25 S",
			"  model   bond0.205 → tcp 10.0.0.10:40002 > 192.168.0.2:25 S ttl 63",
			"  kernel  (nothing)",
			"  rules matched in the model:  mangle:PREROUTING:rule:1 nat:PREROUTING:rule:2",
			"  rules matched in the kernel: mangle:PREROUTING:rule:1",
		]);
	});

	it("has a name of its own, though the scenario was played several times", async () => {
		const played = ["vm", "model", "vm"].map((driver, index) =>
			entry({
				name: "twice",
				suite: "own",
				title: "Often",
				driver,
				id: `twice-${index}`,
			}),
		);
		const once = entry({ name: "once", suite: "own", title: "Once" });
		const elsewhere = entry({ name: "twice", suite: "other", title: "Often" });
		const report = sampleReport({ entries: [...played, once, elsewhere] });
		const cases = await casesOf(junitXml(report));
		expect(cases.map(({ name }) => name)).toEqual([
			"twice: Often (vm, twice-0)",
			"twice: Often (model)",
			"twice: Often (vm, twice-2)",
			"once: Once",
			"twice: Often",
		]);
	});
});

describe("JUnit XML of a fuzz", () => {
	const AGREE = "model and kernel agree on generated rulesets";
	const CHANCE = "chance decides as often as it has to";

	it("has a case for each thing that it had to show, though it found nothing", () => {
		const xml = junitXml(fuzzReport());
		expect(xml.match(/<testsuites? .*>/g)).toEqual([
			'<testsuites name="marktwin" tests="4" failures="0" errors="0" time="4.200">',
			'<testsuite name="fuzz" tests="4" failures="0" errors="0" skipped="2">',
		]);
		expect(xml.match(/<testcase.*>/g)).toEqual([
			`<testcase name="${AGREE}" classname="marktwin.fuzz"/>`,
			`<testcase name="${CHANCE}" classname="marktwin.fuzz"/>`,
			'<testcase name="the model knows what becomes of every packet" classname="marktwin.fuzz">',
			'<testcase name="everything that is modelled was met" classname="marktwin.fuzz">',
		]);
		expect(xml).toContain(
			`<skipped message="3 of 14 were not met" type="incomplete">Matches: u32
TCP transitions: reply fin SYN_SENT2, reply ack SYN_SENT</skipped>`,
		);
	});

	it("has no case of chance where nothing was left to chance", () => {
		const xml = junitXml(fuzzReport({ fuzz: fuzzView({ chances: [] }) }));
		expect(xml).toContain('tests="3"');
		expect(xml).not.toContain(CHANCE);
	});

	it("fails with what was found, beside the findings themselves", async () => {
		const cases = await casesOf(junitXml(findingReport()));
		const failed = cases.filter(({ verdict }) => verdict?.kind === "failure");
		expect(failed.map(({ name, verdict }) => [name, verdict?.message])).toEqual(
			[
				[AGREE, "1 divergence in 1,000 rulesets and 51,234 packets"],
				[CHANCE, "1 of 2 rules of chance matched too often or too seldom"],
				["fuzz-3-17: fuzz-3-17", expect.stringContaining("packets differ")],
			],
		);
		expect(failed[1]?.verdict?.text).toBe(
			[
				"1 of 2 rules of chance matched too often or too seldom",
				"--probability 0.50000000000, of 2,000 packets: model 1,003, kernel 1,112; 891 to 1,109 are right",
				"",
				"again        marktwin fuzz --seed 3 --runs 1000",
			].join("\n"),
		);
	});
});

const harmless = (text: string) =>
	text.split("\n").map(withoutCommand).join("\n");

test("a runner that prints the file takes no text in it for a command", () => {
	const one = entry({
		name: "n",
		suite: "any",
		title: "t ##[group]",
		replay: "r",
		status: "failed",
		failure: "x\n::error::forged\n  ::stop\n##vso[task.x]",
	});
	const xml = junitXml(sampleReport({ entries: [one] }));
	expect(xml).not.toMatch(/^\s*::|##\w*\[/m);
	expect(xml).toContain(": :error::forged");
});

test("whatever a text holds, it is read as it was written, but for commands", async () => {
	const unit = fc.integer({ min: 0, max: 0xffff });
	const pieces = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.array(unit).map((units) => String.fromCharCode(...units)),
		fc.constantFrom(
			"]]>",
			"<![CDATA[",
			"<!--",
			"&#0;",
			"&lt;",
			'"',
			"\r\n",
			HOSTILE,
		),
	);
	const text = fc.array(pieces, { maxLength: 5 }).map((all) => all.join(""));
	const texts = fc.array(text, { minLength: 1, maxLength: 20 });
	await fc.assert(
		fc.asyncProperty(texts, async (all) => {
			const entries = all.map((one, index) =>
				entry({
					name: `n${index}`,
					suite: "any",
					title: one,
					replay: one,
					status: "violated",
					expectations: [
						expectation({ status: "violated", expected: "b1", seen: one }),
					],
				}),
			);
			const xml = junitXml(sampleReport({ entries, command: HOSTILE }));
			const cases = await casesOf(xml);
			const below = `\n${" ".repeat(13)}`;
			expect(cases).toEqual(
				all.map(visible).map((one, index) => ({
					name: withoutCommand(`n${index}: ${one}`),
					classname: "marktwin.any",
					verdict: {
						kind: "failure",
						type: "violated",
						message: withoutCommand(`expected b1; seen ${one}`),
						text: harmless(
							[
								"expected     b1",
								...(one === ""
									? []
									: [`seen         ${one.replaceAll("\n", below)}`]),
								"",
								`replay       ${one.replaceAll("\n", below)}`,
							].join("\n"),
						),
					},
				})),
			);
		}),
		{ numRuns: 40 },
	);
});

describe("the schema", () => {
	const suite = (attributes: string, content = "") =>
		`<testsuites><testsuite ${attributes}>${content}</testsuite></testsuites>`;
	const counts = 'name="s" tests="1" failures="0" errors="0"';

	it.each([
		["a suite without a name", suite('tests="0" failures="0" errors="0"')],
		["a count that is none", suite(counts.replace('"1"', '"one"'))],
		["a case without a name", suite(counts, '<testcase classname="c"/>')],
		[
			"two cases of one name",
			suite(counts, '<testcase classname="c" name="n"/>'.repeat(2)),
		],
		[
			"two verdicts",
			suite(counts, '<testcase name="n"><failure/><error/></testcase>'),
		],
		["no properties", suite(counts, "<properties/>")],
		[
			"properties at the end",
			suite(
				counts,
				'<testcase name="n"/><properties><property name="p" value=""/></properties>',
			),
		],
		["an attribute of our own", suite(`${counts} seed="1"`)],
		["what is no XML", suite(counts, "&nbsp;")],
	])("refuses %s", async (_, xml) => {
		const { faults } = await read(xml);
		expect(faults).not.toEqual([]);
	});

	it("takes all that readers know", async () => {
		const { faults } = await read(
			suite(
				`${counts} skipped="1" time="0.5" timestamp="2026-11-25T08:00:00" hostname="h" id="1" package="p" file="f"`,
				'<properties><property name="p" value=""/></properties><testcase name="n" classname="c" time="0.1" file="f"><skipped message="m" type="t">why</skipped><system-out>o</system-out><system-err/></testcase><system-out/><system-err/>',
			),
		);
		expect(faults).toEqual([]);
	});
});
