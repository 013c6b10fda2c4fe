import type { PageHead } from "../contract/report-page.ts";
import {
	DIFF_STATUS,
	DIFF_WORDS,
	fuzzSubject,
	fuzzVerdict,
	isAnalysisAlone,
	isFuzzAlone,
	isVerdictAlone,
	proofWords,
	STATUSES,
	statusWord,
	worstStatus,
} from "../wording.ts";
import { Fact } from "./parts/fact.tsx";
import { counted, number, took } from "./parts/format.ts";

/** What came out, what it was played on, and the command that makes it again. */
export function Header({ report }: { readonly report: PageHead }) {
	const { fuzz, proofs, diffs, verdicts } = report;
	const subjects = [
		...(fuzz === null
			? []
			: [
					<>
						{fuzzSubject(fuzz)}, on model and kernel:{" "}
						<span class={`verdict-part ${fuzz.status}`}>
							{fuzzVerdict(fuzz)}
						</span>
					</>,
				]),
		...proofs.map((proof) => (
			<>
				{proof.file}:{" "}
				<span class={`verdict-part ${proof.status}`}>{proofWords(proof)}</span>
			</>
		)),
		...diffs.map(({ before, after, verdict }) => (
			<>
				{before} → {after}:{" "}
				<span class={`verdict-part ${DIFF_STATUS[verdict]}`}>
					{DIFF_WORDS[verdict]}
				</span>
			</>
		)),
		...(isVerdictAlone(report) ? [<Rulesets verdicts={verdicts} />] : []),
		...(isAnalysisAlone(report) || isFuzzAlone(report)
			? []
			: [<Scenarios report={report} />]),
	];
	return (
		<header class={`top ${worstStatus(report) ?? "nothing"}`}>
			<p class="brand">
				<strong>marktwin</strong> {report.marktwin}
			</p>
			<h1>
				{subjects.map((subject, index) => (
					<>
						{index > 0 && "; "}
						{subject}
					</>
				))}
			</h1>
			{report.notices.map((notice) => (
				<p class="callout" role="alert">
					{notice}
				</p>
			))}
			<Facts report={report} />
			<p class="command">
				Made by <code>{report.command}</code>
			</p>
		</header>
	);
}

function Facts({ report }: { readonly report: PageHead }) {
	const { entries, fuzz, drivers, seed, tookMs, createdAt } = report;
	const connections = entries.reduce((sum, entry) => sum + entry.total, 0);
	return (
		<dl class="facts">
			{!isAnalysisAlone(report) && (
				<>
					<Fact name="Played on" value={drivers.join(" and ") || "nothing"} />
					<Fact
						name="Seed"
						value={seed === null ? "each scenario's own" : String(seed)}
					/>
					{(connections > 0 || fuzz === null) && (
						<Fact name="Connections" value={number(connections)} />
					)}
				</>
			)}
			{tookMs !== null && <Fact name="Took" value={took(tookMs)} />}
			{createdAt !== null && (
				<Fact
					name="Made"
					value={createdAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")}
				/>
			)}
		</dl>
	);
}

/** `2 rulesets: 1 finding`. */
function Rulesets({ verdicts }: Pick<PageHead, "verdicts">) {
	const findings = verdicts.reduce(
		(sum, verdict) => sum + verdict.findings.length,
		0,
	);
	const isUnknown = verdicts.some(({ status }) => status === "unknown");
	return (
		<>
			{counted(verdicts.length, "ruleset")}:{" "}
			{findings === 0 ? "no findings" : counted(findings, "finding")}
			{isUnknown && (
				<>
					, <span class="verdict-part unknown">not all is known</span>
				</>
			)}
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
