import type { Report } from "../report.ts";
import { STATUSES, statusWord, WORST_FIRST } from "../wording.ts";
import { counted, number, took } from "./format.ts";

/** What came out, what it was played on, and the command that makes it again. */
export function Header({ report }: { readonly report: Report }) {
	const { entries, isComparison } = report;
	const worst = WORST_FIRST.find((status) =>
		entries.some((entry) => entry.status === status),
	);
	const connections = entries.reduce(
		(sum, entry) => sum + entry.connections.total,
		0,
	);
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
		<header class={`top ${worst ?? "holds"}`}>
			<p class="brand">
				<strong>marktwin</strong> {report.marktwin}
			</p>
			<h1>
				{counted(entries.length, "scenario")}
				{isComparison ? " on model and kernel: " : ": "}
				{parts.map((part, index) => (
					<>
						{index > 0 && ", "}
						{part}
					</>
				))}
				{parts.length === 0 && "nothing was played"}
			</h1>
			{report.notices.map((notice) => (
				<p class="callout" role="alert">
					{notice}
				</p>
			))}
			<dl class="facts">
				<Fact
					name="Played on"
					value={report.drivers.join(" and ") || "nothing"}
				/>
				<Fact
					name="Seed"
					value={
						report.seed === null ? "each scenario's own" : String(report.seed)
					}
				/>
				<Fact name="Connections" value={number(connections)} />
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

function Fact({
	name,
	value,
}: {
	readonly name: string;
	readonly value: string;
}) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{value}</dd>
		</div>
	);
}
