/** SARIF 2.1.0 (OASIS), which code hosts and editors read. */
import { pathToFileURL } from "node:url";
import type {
	CodeFlow,
	Location,
	Log,
	Notification,
	Region,
	ReportingDescriptor,
	Result,
} from "sarif";
import type {
	LintDescription,
	LintFinding,
} from "../../scenarios/analysis/lint/finding.ts";
import type { RuleRef } from "../../scenarios/analysis/walk/decision.ts";
import {
	type LintReport,
	pageUrl,
	type StaleEntry,
	spanOf,
} from "./lint-report.ts";
import { paragraphs, rulePage } from "./rule-page.ts";

export const SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
/** Name and version of our fingerprints: results match where one of the same name is equal (SARIF, 3.27.17). */
export const FINGERPRINT = "marktwin/v1";

export function sarifLog(report: LintReport): Log {
	const { version, rules, findings, files, stale } = report;
	const indexOf = new Map(rules.map(({ code }, index) => [code, index]));
	return {
		$schema: SARIF_SCHEMA,
		version: "2.1.0",
		runs: [
			{
				tool: {
					driver: {
						name: "marktwin",
						version,
						semanticVersion: version,
						informationUri: "https://github.com/marktwin/marktwin",
						rules: rules.map(descriptor),
					},
				},
				columnKind: "utf16CodeUnits",
				invocations: [
					{
						executionSuccessful: true,
						toolExecutionNotifications: [
							...files.flatMap(({ name, unknown }) =>
								unknown.map((text) => unknownNotification(name, text)),
							),
							...stale.map(staleNotification),
						],
					},
				],
				results: findings.map((finding) =>
					result(report, finding, indexOf.get(finding.lint.code) ?? -1),
				),
			},
		],
	};
}

function descriptor(rule: LintDescription): ReportingDescriptor {
	const { code, name, message, why, help, severity, confidence } = rule;
	return {
		id: code,
		name,
		shortDescription: { text: message },
		fullDescription: { text: paragraphs(why) },
		help: { text: help, markdown: rulePage(rule, null) },
		helpUri: pageUrl(rule),
		defaultConfiguration: { level: severity },
		properties: {
			category: rule.category,
			// As GitHub reads them.
			precision: PRECISION[confidence],
			"problem.severity": severity === "note" ? "recommendation" : severity,
			tags: ["iptables", rule.category],
		},
	};
}

const PRECISION = { certain: "very-high", likely: "medium" } as const;

function result(
	report: LintReport,
	finding: LintFinding,
	ruleIndex: number,
): Result {
	const { lint, file, at, related, suppressed, known } = finding;
	return {
		ruleId: lint.code,
		ruleIndex,
		level: finding.severity,
		message: { text: messageOf(finding) },
		locations: [
			{
				physicalLocation: {
					artifactLocation: artifact(file),
					region: regionOf(finding, report),
				},
				...logical(at),
			},
		],
		...(related.length === 0
			? {}
			: {
					relatedLocations: related.map(({ at, role }, id) => ({
						id,
						...placed(file, at, role),
					})),
				}),
		...(finding.path.length === 0 ? {} : { codeFlows: [codeFlow(finding)] }),
		partialFingerprints: { [FINGERPRINT]: finding.fingerprint },
		...(report.hasBaseline
			? { baselineState: known ? "unchanged" : "new" }
			: {}),
		suppressions:
			suppressed === null
				? []
				: [{ kind: "inSource", status: "accepted", justification: suppressed }],
		properties: { confidence: finding.confidence },
	};
}

function messageOf({ message, happens, remedy, assumes }: LintFinding): string {
	return [
		`${message}. ${happens} ${remedy}`,
		...(assumes === undefined
			? []
			: [`It rests on an assumption: ${assumes}.`]),
	].join("\n");
}

function regionOf(finding: LintFinding, report: LintReport): Region {
	const { line, column, length, text } = spanOf(finding, report);
	return {
		startLine: line,
		startColumn: column,
		endColumn: column + length,
		snippet: { text },
	};
}

/** The way of a packet that shows it: a step for each rule that it matches. */
function codeFlow({ path, file }: LintFinding): CodeFlow {
	return {
		message: { text: "rules that a packet matches, in order" },
		threadFlows: [
			{
				locations: path.map((at) => ({ location: placed(file, at, at.text) })),
			},
		],
	};
}

function placed(file: string, at: RuleRef, text: string): Location {
	return {
		message: { text },
		physicalLocation: {
			artifactLocation: artifact(file),
			region: { startLine: Math.max(1, at.line) },
		},
		...logical(at),
	};
}

/** A comment has no name in the kernel. */
function logical({ rule }: RuleRef): Pick<Location, "logicalLocations"> {
	return rule === ""
		? {}
		: { logicalLocations: [{ fullyQualifiedName: rule, kind: "member" }] };
}

/** A path below the current folder stays relative, so that a code host finds the file. */
export function artifact(file: string): { readonly uri: string } {
	const isAbsolute = file.startsWith("/");
	if (isAbsolute) return { uri: pathToFileURL(file).href };
	const path = file.replace(/^(\.\/)+/, "");
	return { uri: path.split("/").map(encodeURIComponent).join("/") };
}

function unknownNotification(file: string, text: string): Notification {
	return {
		level: "warning",
		message: { text },
		locations: [{ physicalLocation: { artifactLocation: artifact(file) } }],
	};
}

function staleNotification({ code, file, rule }: StaleEntry): Notification {
	return {
		level: "note",
		message: {
			text: `The baseline has ${code} of the rule ${rule}, which is no longer found.`,
		},
		locations: [{ physicalLocation: { artifactLocation: artifact(file) } }],
	};
}
