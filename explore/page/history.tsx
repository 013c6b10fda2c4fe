import { useState } from "preact/hooks";
import { number, time } from "../../reports/page/parts/format.ts";
import { Tabs } from "../../reports/page/parts/tabs.tsx";
import type { ToPlay } from "../engine/messages.ts";
import type { View } from "../engine/view.ts";

const TABS = ["steps", "connections", "conntrack"] as const;

/** What was done, the connections, and conntrack as it is now. */
export function History({
	view,
	say,
}: {
	readonly view: View | null;
	readonly say: (message: ToPlay) => void;
}) {
	const [tab, setTab] = useState<(typeof TABS)[number]>("steps");
	const counts = {
		steps: view?.steps.length ?? 0,
		connections: view?.total ?? 0,
		conntrack: view?.conntrack?.count ?? 0,
	};
	return (
		<Tabs
			label="What happened"
			id="history-panel"
			tabs={TABS.map((name) => {
				const count = <span class="badge">{number(counts[name])}</span>;
				return {
					name,
					words: (
						<>
							{name} {count}
						</>
					),
				};
			})}
			chosen={tab}
			onChoose={setTab}
			scrolls
		>
			{tab === "steps" && <Steps view={view} say={say} />}
			{tab === "connections" && <Connections view={view} say={say} />}
			{tab === "conntrack" && <Conntrack view={view} />}
		</Tabs>
	);
}

function Steps({
	view,
	say,
}: {
	readonly view: View | null;
	readonly say: (message: ToPlay) => void;
}) {
	const steps = view?.steps ?? [];
	if (steps.length === 0)
		return (
			<p class="remark">
				Nothing has happened. Connect, switch a backend or a condition: each is
				a step of the scenario that you save or share.
			</p>
		);
	return (
		<ol class="happened">
			{steps.map((step, index) => (
				<li key={index} class={step.isDone ? "" : "to-come"}>
					<span class="at">{time(step.atMs)}</span>
					<span>
						{step.text}
						{step.failure !== "" && <pre class="bad">{step.failure}</pre>}
					</span>
					<button
						type="button"
						class="remove"
						aria-label={`Take out: ${step.text}`}
						title="Take it out, and play again to this moment"
						onClick={() => say({ kind: "remove", index })}
					>
						×
					</button>
				</li>
			))}
		</ol>
	);
}

function Connections({
	view,
	say,
}: {
	readonly view: View | null;
	readonly say: (message: ToPlay) => void;
}) {
	const more = (view?.total ?? 0) - (view?.connections.length ?? 0);
	const connections = view?.connections ?? [];
	if (connections.length === 0)
		return <p class="remark">There is no connection yet.</p>;
	return (
		<>
			<p class="remark">
				Press the number of a connection to see the way of its packets.
				{more > 0 &&
					` Lost and late ones come first; ${number(more)} more are not listed.`}
			</p>
			<table class="list">
				<thead>
					<tr>
						<th scope="col">#</th>
						<th scope="col">client</th>
						<th scope="col">began</th>
						<th scope="col">backend</th>
						<th scope="col">ended</th>
					</tr>
				</thead>
				<tbody>
					{connections.map((one) => (
						<tr key={one.id} class={one.serving}>
							<td>
								<button
									type="button"
									aria-label={`The way of connection ${one.id}`}
									onClick={() => {
										say({ kind: "follow", connection: one.id });
										document.getElementById("packets")?.scrollIntoView();
									}}
								>
									{one.id}
								</button>
							</td>
							<td>
								{one.client}:{one.port}
							</td>
							<td>{time(one.startedMs)}</td>
							<td>{one.backend ?? "none"}</td>
							<td>
								{one.outcome}
								{one.tookMs !== null && ` after ${time(one.tookMs)}`}
								{one.serving === "late" && ", late"}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</>
	);
}

function Conntrack({ view }: { readonly view: View | null }) {
	const conntrack = view?.conntrack ?? null;
	if (conntrack === null || conntrack.count === 0)
		return <p class="remark">There is no entry.</p>;
	const more = conntrack.count - conntrack.lines.length;
	return (
		<>
			<pre class="entries">{conntrack.lines.join("\n")}</pre>
			{more > 0 && <p class="remark">… and {number(more)} more entries.</p>}
		</>
	);
}
