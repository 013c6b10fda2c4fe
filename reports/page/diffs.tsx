/** What an edit of a ruleset changes: shares before and after, packets, connections that stand, findings. */
import type { ComponentChildren } from "preact";
import type {
	ClassDiffView,
	DiffView,
	FindingDiffView,
	LoadDiffView,
	PacketsDiffView,
	ServiceDiffView,
	VectorDiffView,
} from "../contract/report-diff.ts";
import { counted, DIFF_STATUS, DIFF_WORDS } from "../wording.ts";
import { Scrolls } from "./parts/scrolls.tsx";
import { Prose, ShareBar } from "./parts/share-bar.tsx";
import { Sign } from "./parts/status.tsx";

export function Diffs({ diffs }: { readonly diffs: readonly DiffView[] }) {
	return (
		<section class="beyond" aria-labelledby="-diffs">
			<h2 id="-diffs">What the edit changes</h2>
			{diffs.map((diff, index) => (
				<Diff key={index} diff={diff} />
			))}
		</section>
	);
}

function Diff({ diff }: { readonly diff: DiffView }) {
	const { before, after, linux, verdict, summary } = diff;
	const { services, sameServices, packets, loads, counters } = diff;
	return (
		<section>
			<h3>
				<Sign status={DIFF_STATUS[verdict]} word={DIFF_WORDS[verdict]} />{" "}
				{before} → {after}
			</h3>
			<p>
				{summary} ({linux})
			</p>
			<Changes diff={diff} />
			{services.map((service) => (
				<Service key={service.key} service={service} />
			))}
			{sameServices.length > 0 && (
				<p class="remark">As before: {sameServices.join(", ")}.</p>
			)}
			{packets.length > 0 && <Packets packets={packets} />}
			{loads.length > 0 && <Loads loads={loads} />}
			{counters !== "" && (
				<>
					<h4>Counters of rules that both have</h4>
					<p>{counters}</p>
				</>
			)}
			<Findings title="New findings" findings={diff.fresh} />
			<Findings title="Findings that are gone" findings={diff.gone} />
			{diff.unknown.map((text) => (
				<p key={text} class="unknown">
					Not known: {text}
				</p>
			))}
			{diff.omitted.map((text) => (
				<p key={text} class="remark">
					… and {text}: <code>marktwin diff --json</code> has all.
				</p>
			))}
			{diff.assumptions.length > 0 && (
				<details>
					<summary>Assumed of the machine</summary>
					<List all={diff.assumptions} />
				</details>
			)}
		</section>
	);
}

function List({ all }: { readonly all: readonly string[] }) {
	return (
		<ul>
			{all.map((text) => (
				<li key={text}>{text}</li>
			))}
		</ul>
	);
}

/** What is not allowed comes first. */
function Changes({ diff: { changes, idle } }: { readonly diff: DiffView }) {
	const allowed = changes.filter((one) => one.allowed !== "");
	const others = changes.filter((one) => one.allowed === "");
	return (
		<>
			{others.length > 0 && <List all={others.map(({ text }) => text)} />}
			{allowed.length > 0 && (
				<details>
					<summary>{counted(allowed.length, "change")} allowed</summary>
					<List all={allowed.map((one) => `${one.text} (${one.allowed})`)} />
				</details>
			)}
			{idle.map((text) => (
				<p key={text} class="remark">
					The allowance allows nothing: <code>{text}</code>
				</p>
			))}
		</>
	);
}

function Service({ service }: { readonly service: ServiceDiffView }) {
	const { key, name, is, classes, same, drives } = service;
	return (
		<section class="service">
			<h4>
				{key}
				{name !== "" && <span class="called"> {name}</span>}
				{is !== "" && ` is ${is}`}
			</h4>
			{classes.map((one) => (
				<Class key={one.name} one={one} />
			))}
			{same.length > 0 && classes.length > 0 && (
				<p class="remark">As before: {same.join("; ")}.</p>
			)}
			{classes.length === 0 &&
				[...drives.before, ...drives.after].length > 0 && (
					<>
						<p>The order of packets drives its shares otherwise.</p>
						<List
							all={[
								...drives.before.map((text) => `before: ${text}`),
								...drives.after.map((text) => `after: ${text}`),
							]}
						/>
					</>
				)}
		</section>
	);
}

function Class({ one }: { readonly one: ClassDiffView }) {
	const { name, unknown, fate, vectors } = one;
	return (
		<>
			<h5>{name}</h5>
			{unknown.map((text) => (
				<p key={text} class="unknown">
					Not known: {text}
				</p>
			))}
			{fate !== null && (
				<p>
					{fate.before} → <strong>{fate.after}</strong>
				</p>
			)}
			{vectors.map((vector) => (
				<Vector key={vector.name} vector={vector} />
			))}
		</>
	);
}

function Vector({ vector }: { readonly vector: VectorDiffView }) {
	const { name, before, after, moved } = vector;
	return (
		<>
			{name !== "" && <p class="label">{name}</p>}
			<table class="shares">
				<tbody>
					{(
						[
							["before", before],
							["after", after],
						] as const
					).map(([side, parts]) => (
						<tr key={side}>
							<th scope="row">{side}</th>
							<td>
								<ShareBar parts={parts} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{moved !== "" && (
				<p>
					<strong>{moved}</strong>
				</p>
			)}
		</>
	);
}

function Table({
	title,
	columns,
	children,
}: {
	readonly title: string;
	readonly columns: readonly string[];
	readonly children: ComponentChildren;
}) {
	return (
		<>
			<h4>{title}</h4>
			<Scrolls label={title} isWhole>
				<table class="diff">
					<thead>
						<tr>
							{columns.map((column) => (
								<th key={column} scope="col">
									{column}
								</th>
							))}
						</tr>
					</thead>
					<tbody>{children}</tbody>
				</table>
			</Scrolls>
		</>
	);
}

function Packets({
	packets,
}: {
	readonly packets: readonly PacketsDiffView[];
}) {
	return (
		<Table
			title="Packets of no service"
			columns={["packets", "before", "after", "one of them"]}
		>
			{packets.map((one, index) => (
				<tr key={index}>
					<td>
						{one.packets}
						{one.measure !== "" && <span class="label"> {one.measure}</span>}
					</td>
					<td>{one.before}</td>
					<td>{one.after}</td>
					<td>
						<code>{one.example}</code>
					</td>
				</tr>
			))}
		</Table>
	);
}

function Loads({ loads }: { readonly loads: readonly LoadDiffView[] }) {
	return (
		<Table
			title="Connections that stand"
			columns={["how the edit is loaded", "iptables", "what becomes of them"]}
		>
			{loads.map((one, index) => (
				<tr key={index}>
					<td>{one.words}</td>
					<td>{one.backends}</td>
					<td>
						{one.isRefused && "refused: "}
						{one.outcome}
						{one.lines.length > 0 && <List all={one.lines} />}
					</td>
				</tr>
			))}
		</Table>
	);
}

function Findings({
	title,
	findings,
}: {
	readonly title: string;
	readonly findings: readonly FindingDiffView[];
}) {
	if (findings.length === 0) return null;
	return (
		<>
			<h4>{title}</h4>
			<ul>
				{findings.map(({ code, name, place, message }) => (
					<li key={`${code} ${place} ${message}`}>
						<strong>{code}</strong> {name}, {place}: <Prose text={message} />
					</li>
				))}
			</ul>
		</>
	);
}
