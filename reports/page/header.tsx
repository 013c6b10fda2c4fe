import type { PageHead } from "../contract/report-page.ts";
import {
	fuzzSubject,
	fuzzVerdict,
	isFuzzAlone,
	isVerdictAlone,
	STATUSES,
	statusWord,
	worstStatus,
} from "../wording.ts";
import { Fact } from "./parts/fact.tsx";
import { counted, number, took } from "./parts/format.ts";

/** What came out, what it was played on, and the command that makes it again. */
export function Header({ report }: { readonly report: PageHead }) {
	const { entries, fuzz } = report;
	const connections = entries.reduce((sum, entry) => sum + entry.total, 0);
	return (
		<header class={`top ${worstStatus(report) ?? "holds"}`}>
			<p class="brand">
				<strong>marktwin</strong> {report.marktwin}
			</p>
			<h1>
				{fuzz !== null && (
					<>
						{fuzzSubject(fuzz)}, on model and kernel:{" "}
						<span class={`verdict-part ${fuzz.status}`}>
							{fuzzVerdict(fuzz)}
						</span>
					</>
				)}
				{fuzz !== null && !isFuzzAlone(report) && "; "}
				{isVerdictAlone(report) ? (
					<Rulesets report={report} />
				) : (
					!isFuzzAlone(report) && <Scenarios report={report} />
				)}
			</h1>
			{report.notices.map((notice) => (
				<p class="callout" role="alert">
					{notice}
				</p>
			))}
			<dl class="facts">
				{!isVerdictAlone(report) && (
					<>
						<Fact
							name="Played on"
							value={report.drivers.join(" and ") || "nothing"}
						/>
						<Fact
							name="Seed"
							value={
								report.seed === null
									? "each scenario's own"
									: String(report.seed)
							}
						/>
						{(connections > 0 || fuzz === null) && (
							<Fact name="Connections" value={number(connections)} />
						)}
					</>
				)}
				{report.tookMs !== null && (
					<Fact name="Took" value={took(report.tookMs)} />
				)}
				{report.createdAt !== null && (
					<Fact
						name="Made"
						value={report.createdAt
							.replace("T", " ")
							.replace(/\.\d+Z$/, " UTC")}
					/>
				)}
			</dl>
			<p class="command">
				Made by <code>{report.command}</code>
			</p>
		</header>
	);
}

/** `2 rulesets: 1 finding`. */
function Rulesets({ report: { verdicts } }: { readonly report: PageHead }) {
	const findings = verdicts.reduce(
		(sum, verdict) => sum + verdict.findings.length,
		0,
	);
	return (
		<>
			{counted(verdicts.length, "ruleset")}:{" "}
			{findings === 0 ? "no findings" : counted(findings, "finding")}
		</>
	);
}

/** `8 scenarios: 3 hold, 5 violated`. */
function Scenarios({ report }: { readonly report: PageHead }) {
	const { entries, isComparison } = report;
	const parts = STATUSES.flatMap((status) => {
		const many = entries.filter((entry) => entry.status === status).length;
		return many === 0
			? []
			: [
					<span class={`verdict-part ${status}`}>
						{number(many)} {statusWord(status, { isComparison, count: many })}
					</span>,
				];
	});
	return (
		<>
			{counted(entries.length, "scenario")}
			{isComparison ? " on model and kernel: " : ": "}
			{parts.map((part, index) => (
				<>
					{index > 0 && ", "}
					{part}
				</>
			))}
			{parts.length === 0 && "nothing was played"}
		</>
	);
}
