/** Rulesets in a job's summary: what each backend gets, and what the linter finds. */
import type {
	FindingLine,
	RulesetSummary,
	ServiceLine,
} from "../../scenarios/exact/ruleset-summary.ts";
import type { CoverageOfRules } from "../contract/report-proof.ts";
import { counted, coverageWords, number } from "../wording.ts";
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

/** Rules of a ruleset that are named. */
const MOST_RULES = 5;

/** `**not matched** recipe.rules: 4 of 24 rules matched no packet, in 8 scenarios`, and the first of them. */
export function coverageBlocks({
	shown,
	omitted,
}: CoverageOfRules): readonly string[] {
	const left = omitted + Math.max(0, shown.length - MOST_ROWS);
	return [
		...shown.slice(0, MOST_ROWS).map((one) => {
			const named = one.shown
				.slice(0, MOST_RULES)
				.map(
					({ line, text }) => `${line > 0 ? `line ${line} ` : ""}${code(text)}`,
				);
			const more = one.unmatched - named.length;
			const rest = more > 0 ? [`and ${number(more)} more`] : [];
			const rules = [...named, ...rest].join("<br>\n");
			return `**not matched** ${inert(coverageWords(one))}<br>\n${rules}\n`;
		}),
		...(left > 0
			? [
					`${counted(left, "more ruleset")} ${left === 1 ? "has" : "have"} rules that matched no packet.\n`,
				]
			: []),
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
