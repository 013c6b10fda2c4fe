import type { ConnectionView, Entry } from "../../contract/report.ts";
import { costWords, counted, number, time } from "../parts/format.ts";
import { Scrolls } from "../parts/scrolls.tsx";
import { Picture } from "../pictures/chart.tsx";
import {
	connectionsHeightPx,
	connectionsPicture,
} from "../pictures/connections-picture.ts";

/** A lane for each connection: where it went, when it was answered, what went wrong. */
export function Connections({ entry }: { readonly entry: Entry }) {
	const { noun, total, outcomes, moved, shown, sampling } = entry.connections;
	const cost = costWords(entry.connections);
	const said = outcomes
		.map(({ outcome, count }) => `${number(count)} ${outcome}`)
		.join(", ");
	return (
		<section>
			<h4>The {noun}s</h4>
			<p>
				{counted(total, noun)}: {said}
				{cost !== "" && `; ${cost}`}
				{moved > 0 && `; ${number(moved)} met more than one backend`}.
				{sampling !== "" && <strong class="sampling"> {sampling}.</strong>}
			</p>
			<figure>
				<figcaption>
					Each line is a {noun}, from its first packet to its end, in the order
					of their numbers
					{entry.moments.length > 0 &&
						"; the numbers at the top are those of what was done"}
				</figcaption>
				<Picture
					label={`${counted(total, noun)}: ${said}. The table below has the same in words.`}
					heightPx={connectionsHeightPx(shown.length)}
					config={(colours, widthPx) =>
						connectionsPicture(entry, colours, widthPx)
					}
				/>
			</figure>
			<details>
				<summary>The same as a table</summary>
				<ConnectionTable shown={shown} backends={entry.backends} />
			</details>
		</section>
	);
}

/** Rows; whoever wants more reads the JSON. */
const MOST_ROWS = 100;

function ConnectionTable({
	shown,
	backends,
}: {
	readonly shown: readonly ConnectionView[];
	readonly backends: readonly string[];
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
							<td>{one.number}</td>
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
							<td class={one.serving === "lost" ? "bad" : ""}>{one.outcome}</td>
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
