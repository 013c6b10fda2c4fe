import { useEffect, useRef, useState } from "preact/hooks";
import type { ConnectionView, Entry } from "../../contract/report.ts";
import { costWords, counted, number, time } from "../parts/format.ts";
import { Scrolls } from "../parts/scrolls.tsx";
import { Picture } from "../pictures/chart.tsx";
import {
	CONNECTIONS_PX,
	connectionsPicture,
} from "../pictures/connections-picture.ts";

/** What a reader follows: from an expectation to its connections, from one of them to its packets. */
export interface Followed {
	/** Connections that are to be looked at, by number; [] for all. */
	readonly connections: readonly number[];
	readonly onConnections: (numbers: readonly number[]) => void;
	/** Those whose packets are known. */
	readonly withPackets: ReadonlySet<number>;
	readonly onPackets: (connection: number) => void;
}

/** A point for each connection: when it began, how long it took to be served, at whom, and what was lost. */
export function Connections({
	entry,
	followed,
}: {
	readonly entry: Entry;
	readonly followed: Followed;
}) {
	const { noun, total, outcomes, moved, shown, sampling } = entry.connections;
	const cost = costWords(entry.connections);
	const said = outcomes
		.map(({ outcome, count }) => `${number(count)} ${outcome}`)
		.join(", ");
	const section = useRef<HTMLElement>(null);
	const { connections } = followed;
	const [isTable, setTable] = useState(false);
	useEffect(() => {
		if (connections.length === 0) return;
		setTable(true);
		section.current?.scrollIntoView();
	}, [connections]);
	return (
		<section ref={section}>
			<h4>The {noun}s</h4>
			<p>
				{counted(total, noun)}: {said}
				{cost !== "" && `; ${cost}`}
				{moved > 0 && `; ${number(moved)} met more than one backend`}.
				{sampling !== "" && <strong class="sampling"> {sampling}.</strong>}
			</p>
			<figure>
				<figcaption>
					Each point is a {noun}: when it began, and how long it took until it
					was {noun === "flow" ? "answered" : "connected"}; those without such a
					time stand above
					{entry.moments.length > 0 &&
						"; the numbers are those of what was done"}
				</figcaption>
				<Picture
					label={`${counted(total, noun)}: ${said}. The table below has the same in words.`}
					heightPx={CONNECTIONS_PX}
					config={(colours, widthPx) =>
						connectionsPicture(entry, {
							colours,
							widthPx,
							onChoose: (connection) => followed.onConnections([connection]),
						})
					}
				/>
			</figure>
			<details
				open={isTable}
				onToggle={(event) => setTable(event.currentTarget.open)}
			>
				<summary>The same as a table</summary>
				{connections.length > 0 && (
					<p>
						Showing {connections.map((one) => `#${one}`).join(", ")}.{" "}
						<button
							type="button"
							class="link"
							onClick={() => followed.onConnections([])}
						>
							Show all
						</button>
					</p>
				)}
				<ConnectionTable
					shown={
						connections.length === 0
							? shown
							: shown.filter((one) => connections.includes(one.number))
					}
					backends={entry.backends}
					followed={followed}
				/>
			</details>
		</section>
	);
}

/** Rows of the table; the JSON has all. */
const MOST_ROWS = 100;

/** What became of it in the eyes of its client, where its outcome does not tell. */
const SAID: ReadonlySet<ConnectionView["serving"]> = new Set([
	"lost",
	"late",
	"waiting",
]);

function ConnectionTable({
	shown,
	backends,
	followed,
}: {
	readonly shown: readonly ConnectionView[];
	readonly backends: readonly string[];
	readonly followed: Followed;
}) {
	const hasServices = shown.some(({ serviceName }) => serviceName !== "");
	const hasFlows = shown.some(({ protocol }) => protocol === "udp");
	// Which of several links: of one there is nothing to say.
	const links = new Set(shown.map(({ link }) => link).filter(Boolean));
	const hasLinks = links.size > 1;
	const hasSources = shown.some(({ source }) => source !== "");
	const nameOf = (backend: number) => backends[backend] ?? "none";
	return (
		<Scrolls label="Connections">
			<table>
				<thead>
					<tr>
						<th scope="col">#</th>
						<th scope="col">client</th>
						{hasServices && <th scope="col">service</th>}
						{hasFlows && <th scope="col">protocol</th>}
						<th scope="col">began</th>
						<th scope="col">backends met</th>
						{hasLinks && <th scope="col">left by</th>}
						{hasSources && <th scope="col">source there</th>}
						{hasFlows && <th scope="col">datagrams, answers</th>}
						<th scope="col">answered</th>
						<th scope="col">retransmitted</th>
						<th scope="col">ended</th>
						<th scope="col">how</th>
						<th scope="col">the gateway said</th>
					</tr>
				</thead>
				<tbody>
					{shown.slice(0, MOST_ROWS).map((one) => (
						<tr key={one.number}>
							<td>
								{one.number}
								{followed.withPackets.has(one.number) && (
									<>
										{" "}
										<button
											type="button"
											class="link"
											aria-label={`Packets of #${one.number}`}
											onClick={() => followed.onPackets(one.number)}
										>
											packets
										</button>
									</>
								)}
							</td>
							<td>{one.client}</td>
							{hasServices && <td>{one.serviceName}</td>}
							{hasFlows && <td>{one.protocol}</td>}
							<td>{time(one.startedMs)}</td>
							<td>{one.met.map(nameOf).join(", then ") || "none"}</td>
							{hasLinks && <td>{one.link}</td>}
							{hasSources && <td>{one.source}</td>}
							{hasFlows && (
								<td>
									{one.datagrams !== null &&
										`${one.datagrams.sent}, ${one.datagrams.answers}`}
								</td>
							)}
							<td>
								{one.connectedMs === null ? "never" : time(one.connectedMs)}
							</td>
							<td>
								{one.retransmittedMs.length === 0
									? ""
									: one.retransmittedMs.map(time).join(", ")}
							</td>
							<td>{one.endedMs === null ? "" : time(one.endedMs)}</td>
							<td class={one.serving === "lost" ? "bad" : ""}>
								{one.outcome}
								{SAID.has(one.serving) && ` (${one.serving})`}
							</td>
							<td>{one.gatewayAnswers.join(", ")}</td>
						</tr>
					))}
				</tbody>
			</table>
			{shown.length > MOST_ROWS && (
				<p class="remark">
					… and {shown.length - MOST_ROWS} more that are drawn above.
				</p>
			)}
		</Scrolls>
	);
}
