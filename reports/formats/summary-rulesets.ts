/** Rulesets in a job's summary: what each backend gets, and what the linter finds. */
import type {
	FindingLine,
	RulesetSummary,
	ServiceLine,
} from "../../scenarios/exact/ruleset-summary.ts";
import { counted, number } from "../wording.ts";
import { code, inert, row } from "./markdown.ts";

export interface RulesetsView {
	readonly rulesets: readonly RulesetSummary[];
	/** How many more were played. */
	readonly leftOut: number;
}

/** Rows of a table; a summary is to be read. */
const MOST_ROWS = 20;

/** A block for each ruleset. */
export function rulesetBlocks({
	rulesets,
	leftOut,
}: RulesetsView): readonly string[] {
	return [
		...rulesets.map(rulesetBlock),
		...(leftOut === 0
			? []
			: [
					`${counted(leftOut, "more ruleset")} ${leftOut === 1 ? "is" : "are"} not analysed here.\n`,
				]),
	];
}

function rulesetBlock({ name, known }: RulesetSummary): string {
	const head = `### Rules ${code(name)}\n\n`;
	if (known === null)
		return `${head}It has too many rules to be analysed here.\n`;
	return [
		head,
		servicesTable(known.services),
		"\n",
		findingsTable(known.findings),
	].join("");
}

function servicesTable(services: readonly ServiceLine[]): string {
	if (services.length === 0) return "It balances nothing.\n";
	return table(
		["service", "clients", "when", "shares"],
		services.map(({ service, clients, when, shares }) =>
			[service, clients, when, shares].map(inert),
		),
	);
}

function findingsTable(findings: readonly FindingLine[]): string {
	if (findings.length === 0) return "The linter finds nothing.\n";
	return table(
		["finding", "severity", "line", "what is wrong"],
		findings.map(({ code: rule, severity, line, message }) => [
			code(rule),
			severity,
			line === 0 ? "" : `${line}`,
			inert(message),
		]),
	);
}

function table(
	head: readonly string[],
	rows: readonly (readonly string[])[],
): string {
	const left = rows.length - MOST_ROWS;
	return [
		row(head),
		row(head.map(() => "---")),
		...rows.slice(0, MOST_ROWS).map(row),
		...(left > 0 ? [`\nand ${number(left)} more\n`] : []),
	].join("");
}
