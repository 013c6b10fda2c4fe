/** What there is to say of rulesets alone: exact shares, findings, and the rules beside them. */
import type {
	ClassView,
	FindingView,
	ServiceView,
	VerdictRule,
	VerdictView,
} from "../contract/report-verdict.ts";
import { counted } from "./parts/format.ts";
import { Scrolls } from "./parts/scrolls.tsx";
import { Prose, ShareBar } from "./parts/share-bar.tsx";

export function Verdicts({
	verdicts,
}: {
	readonly verdicts: readonly VerdictView[];
}) {
	return (
		<section class="verdicts" aria-label="Rulesets">
			{verdicts.map((verdict) => (
				<Verdict key={verdict.file} verdict={verdict} />
			))}
		</section>
	);
}

function Verdict({ verdict }: { readonly verdict: VerdictView }) {
	const { file, services, moreServices, findings, rules } = verdict;
	const { assumptions, unknown, linux } = verdict;
	return (
		<section class="verdict" aria-label={file}>
			<h2>{file}</h2>
			<p>Linux: {linux}</p>
			{services.length === 0 && <p>No service was found in this ruleset.</p>}
			{services.map((service) => (
				<Service key={service.key} service={service} />
			))}
			{moreServices > 0 && (
				<p>… and {counted(moreServices, "more service")}.</p>
			)}
			<Findings findings={findings} />
			{rules.length > 0 && <Rules rules={rules} file={file} />}
			{unknown.map((text) => (
				<p key={text} class="unknown">
					Not known: {text}
				</p>
			))}
			{assumptions.length > 0 && (
				<details>
					<summary>Assumed of the machine</summary>
					<ul>
						{assumptions.map((text) => (
							<li key={text}>{text}</li>
						))}
					</ul>
				</details>
			)}
		</section>
	);
}

/** A service of a ruleset, and what each backend gets. */
export function Service({ service }: { readonly service: ServiceView }) {
	const { key, name, classes, drives } = service;
	return (
		<section class="service">
			<h3>
				{key}
				{name !== "" && <span class="called"> {name}</span>}
			</h3>
			{classes.map((one) => (
				<Class key={one.name} clients={one} />
			))}
			{drives.map((text) => (
				<p key={text}>{text}</p>
			))}
		</section>
	);
}

function Class({ clients }: { readonly clients: ClassView }) {
	const { name, vectors, notes } = clients;
	return (
		<>
			{name !== "" && <h4>{name}</h4>}
			<table class="shares">
				<tbody>
					{vectors.map((vector) => (
						<tr key={vector.name}>
							<th scope="row">{vector.name}</th>
							<td>
								<ShareBar parts={vector.parts} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{notes.map((note) => (
				<p key={note} class="note">
					{note}
				</p>
			))}
		</>
	);
}

function Findings({ findings }: { readonly findings: readonly FindingView[] }) {
	if (findings.length === 0) return <p class="fine">No findings.</p>;
	return (
		<section>
			<h3>{counted(findings.length, "finding")}</h3>
			<FindingList findings={findings} />
		</section>
	);
}

/** What is wrong, what happens, and what to do, of each, the worst first as it is given. */
export function FindingList({
	findings,
}: {
	readonly findings: readonly FindingView[];
}) {
	return (
		<ul class="findings">
			{findings.map(
				({ code, name, severity, line, message, happens, remedy }) => (
					<li key={`${code} ${line} ${message}`} class={severity}>
						<p>
							<strong>
								{severity} {code}
							</strong>{" "}
							{name}
							{line > 0 && `, line ${line}`}: <Prose text={message} />
						</p>
						<p>
							<Prose text={happens} />
						</p>
						<p class="remedy">
							<Prose text={remedy} />
						</p>
					</li>
				),
			)}
		</ul>
	);
}

function Rules({
	rules,
	file,
}: {
	readonly rules: readonly VerdictRule[];
	readonly file: string;
}) {
	return (
		<section>
			<h3>The rules</h3>
			<Scrolls label={`Rules of ${file}`}>
				<table class="rules">
					<tbody>
						{rules.map(({ line, text, codes }) => (
							<tr key={line} class={codes.length > 0 ? "found" : ""}>
								<td class="line">{line}</td>
								<td>
									<code>{text}</code>
								</td>
								<td>{codes.join(", ")}</td>
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
		</section>
	);
}
