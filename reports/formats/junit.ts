/**
 * JUnit XML, as Jenkins, GitLab, CircleCI, Azure and the test reporters of GitHub read it. Nobody owns
 * the format; `test/junit.xsd` is what they have in common.
 */

import type { Entry, Reason, Report, Status } from "../contract/report.ts";
import { visible, withoutCommand } from "../visible.ts";
import { type FuzzCheck, fuzzChecks } from "./fuzz-checks.ts";
import { reasonsOf, ruleParts } from "./reasons.ts";

/** Of what a fuzz has found, and so of what it had to show. */
const FUZZ_SUITE = "fuzz";

/**
 * One `<testsuite>` for each suite, one `<testcase>` for each entry; a fuzz has one for each thing that
 * it had to show. Ends with a newline.
 */
export function junitXml(report: Report): string {
	const { entries, fuzz, notPlayed, tookMs } = report;
	const checks = fuzz === null ? [] : fuzzChecks(fuzz);
	const suites = new Set([
		...(fuzz === null ? [] : [FUZZ_SUITE]),
		...[...entries, ...notPlayed].map(({ suite }) => suite),
	]);
	const names = caseNames(entries);
	const { tests, failures, errors } = counts(entries, checks, notPlayed.length);
	const whole = element(
		"testsuites",
		{
			name: "marktwin",
			tests,
			failures,
			errors,
			...(tookMs === null ? {} : { time: (tookMs / 1000).toFixed(3) }),
		},
		[...suites].map((suite) =>
			testSuite(suite, report, {
				names,
				checks: suite === FUZZ_SUITE ? checks : [],
			}),
		),
	);
	return `<?xml version="1.0" encoding="UTF-8"?>\n${whole}\n`;
}

function testSuite(
	suite: string,
	report: Report,
	{
		names,
		checks,
	}: {
		readonly names: ReadonlyMap<Entry, string>;
		readonly checks: readonly FuzzCheck[];
	},
): string {
	const entries = report.entries.filter((entry) => entry.suite === suite);
	const classname = `marktwin.${suite}`;
	const left = report.notPlayed.filter((one) => one.suite === suite);
	const counted = counts(entries, checks, left.length);
	return element("testsuite", { name: suite, ...counted }, [
		properties(report, entries),
		...checks.map((check) =>
			element(
				"testcase",
				{ name: check.name, classname },
				checkVerdict(check, report),
			),
		),
		...entries.map((entry) =>
			element(
				"testcase",
				{ name: names.get(entry) ?? entry.name, classname },
				verdict(entry),
			),
		),
		...leftNames(left, [...names.values()]).map((name) =>
			element("testcase", { name, classname }, [
				leaf("skipped", { message: NOT_PLAYED, type: "not played" }, ""),
			]),
		),
	]);
}

const NOT_PLAYED = "not played (--bail)";

/** Named as when they are played, unless the report holds a case of that name besides. */
function leftNames(
	left: Report["notPlayed"],
	used: readonly string[],
): readonly string[] {
	const names = [...used];
	for (const { name, title } of left) {
		const plain = `${name}: ${title}`;
		const again = names.filter((one) => one.startsWith(plain)).length;
		names.push(again === 0 ? plain : `${plain} (not played, ${again + 1})`);
	}
	return names.slice(used.length);
}

function counts(
	entries: readonly Entry[],
	checks: readonly FuzzCheck[],
	left: number,
) {
	const count = (...statuses: readonly (Status | FuzzCheck["status"])[]) =>
		[...entries, ...checks].filter(({ status }) => statuses.includes(status))
			.length;
	return {
		tests: entries.length + checks.length + left,
		failures: count("violated"),
		errors: count("unknown", "failed"),
		skipped: count("incomplete") + left,
	};
}

function properties(
	{ marktwin, command, seed, isComparison, drivers, notices }: Report,
	entries: readonly Entry[],
): string {
	// A suite may have been played on one driver out of several, but a comparison is of all of them.
	const playedOn =
		isComparison || entries.length === 0
			? drivers
			: new Set(entries.map(({ driver }) => driver));
	const all: readonly (readonly [name: string, value: string])[] = [
		["marktwin", marktwin],
		["driver", [...playedOn].join(", ")],
		...(seed === null ? [] : [["seed", String(seed)] as const]),
		["command", command],
		...notices.map((notice) => ["notice", notice] as const),
	];
	return element(
		"properties",
		{},
		all.map(([name, value]) => element("property", { name, value })),
	);
}

/**
 * `split-alternates: New connections alternate`. Of several cases with one name GitLab counts the
 * first alone, so what was played twice has its driver behind it, and its id where that is the same.
 */
function caseNames(entries: readonly Entry[]): ReadonlyMap<Entry, string> {
	const byName = ({ suite, name }: Entry) => JSON.stringify([suite, name]);
	const byDriver = (entry: Entry) => byName(entry) + entry.driver;
	const named = frequencies(entries.map(byName));
	const played = frequencies(entries.map(byDriver));
	return new Map(
		entries.map((entry) => {
			const { name, title, driver, id } = entry;
			const apart = [
				...(named.get(byName(entry)) === 1 ? [] : [driver]),
				...(played.get(byDriver(entry)) === 1 ? [] : [id]),
			].join(", ");
			return [entry, `${name}: ${title}${apart === "" ? "" : ` (${apart})`}`];
		}),
	);
}

function frequencies(keys: readonly string[]): ReadonlyMap<string, number> {
	const found = new Map<string, number>();
	for (const key of keys) found.set(key, (found.get(key) ?? 0) + 1);
	return found;
}

function verdict(entry: Entry): readonly string[] {
	const { status } = entry;
	if (status === "holds") return [];
	const reasons = reasonsOf(entry);
	const [first] = reasons;
	const more = reasons.length === 1 ? "" : ` (and ${reasons.length - 1} more)`;
	const attributes = {
		message: `${first?.sentence}${more}`,
		type: status === "failed" ? "not played" : status,
	};
	const lines = [
		...reasons.flatMap((reason) => [...reasonLines(reason), ""]),
		...labelled("replay", entry.replay),
	];
	const name = status === "violated" ? "failure" : "error";
	return [leaf(name, attributes, lines.join("\n"))];
}

/** What was not seen is no failure: whoever reads it may draw again, and longer. */
function checkVerdict(
	{ status, sentence, lines }: FuzzCheck,
	{ command }: Report,
): readonly string[] {
	switch (status) {
		case "holds":
			return [];
		case "incomplete":
			return [
				leaf("skipped", { message: sentence, type: status }, lines.join("\n")),
			];
		case "violated": {
			const text = [sentence, ...lines, "", ...labelled("again", command)];
			return [
				leaf("failure", { message: sentence, type: status }, text.join("\n")),
			];
		}
	}
}

function reasonLines(reason: Reason): readonly string[] {
	const { sentence, parts, rule, lines } = reason;
	return [
		...(parts.length === 0 ? [sentence] : []),
		...parts.flatMap(({ name, text }) => labelled(name, text)),
		...(rule === null ? [] : labelled("rule", ruleParts(rule).join("  "))),
		...lines,
	];
}

/** `expected     b1 b2`, further lines below the first one. */
function labelled(name: string, text: string): readonly string[] {
	return text
		.split("\n")
		.map((line, index) => `${(index === 0 ? name : "").padEnd(13)}${line}`);
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element of elements. */
function element(
	name: string,
	attributes: Attributes,
	children: readonly string[] = [],
): string {
	const tag = openingTag(name, attributes);
	return children.length === 0
		? `<${tag}/>`
		: `<${tag}>\n${children.join("\n")}\n</${name}>`;
}

/** An element of text. */
function leaf(name: string, attributes: Attributes, text: string): string {
	// Some CI systems print the file, and the runner reads along.
	const lines = text.split("\n").map((line) => withoutCommand(visible(line)));
	const escaped = escapeSigns(lines.join("\n"), /[&<>\r]/g);
	return `<${openingTag(name, attributes)}>${escaped}</${name}>`;
}

function openingTag(name: string, attributes: Attributes): string {
	const escaped = Object.entries(attributes).map(
		([key, value]) =>
			`${key}="${escapeSigns(withoutCommand(String(value)), /[&<>"\t\r\n]/g)}"`,
	);
	return [name, ...escaped].join(" ");
}

/** What a parser takes for markup, or does not hand on as it stands: line ends and tabs. */
function escapeSigns(text: string, signs: RegExp): string {
	// `visible` leaves nothing but `Char` of XML 1.0: what is none has no legal escape.
	return visible(text).replace(
		signs,
		(sign) => ESCAPED[sign] ?? `&#${sign.charCodeAt(0)};`,
	);
}

const ESCAPED: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
};
