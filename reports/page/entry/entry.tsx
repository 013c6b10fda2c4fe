import { useEffect, useMemo, useState } from "preact/hooks";
import type { EntryRow, PageHead } from "../../contract/report-page.ts";
import { statusWord } from "../../wording.ts";
import { time } from "../parts/format.ts";
import { loadEntry, unpackFault, type Whole } from "../parts/load.ts";
import { WhatWasDone } from "../parts/moments.tsx";
import { Lines } from "../parts/scrolls.tsx";
import { Sign } from "../parts/status.tsx";
import { Brief } from "./brief.tsx";
import { Comparison } from "./comparison.tsx";
import { Connections, type Followed } from "./connections.tsx";
import { Conntrack } from "./conntrack.tsx";
import { Expectations, RulePlace } from "./expectations.tsx";
import { Failover } from "./failover.tsx";
import { RowFigures } from "./row.tsx";
import { type Asked, Rules } from "./rules.tsx";
import { Split } from "./split.tsx";

/** One scenario: a line that says it all, and behind it everything that is known. */
export function EntryCard({
	row,
	report,
	isOpen,
	onToggle,
}: {
	readonly row: EntryRow;
	/** That it stands in. */
	readonly report: PageHead;
	readonly isOpen: boolean;
	readonly onToggle: () => void;
}) {
	const { id, status, title, name, trap, suite, reason } = row;
	return (
		<article id={id} class={`entry ${status}`} aria-labelledby={`title-${id}`}>
			<div class={row.total > 0 ? "row" : "row quiet"}>
				<h3>
					<button type="button" aria-expanded={isOpen} onClick={onToggle}>
						<Sign
							status={status}
							word={statusWord(status, report)}
							isTrap={trap !== null}
							isAssumed={row.restsOnAssumed}
						/>
						<span class="title" id={`title-${id}`}>
							{title || name}
						</span>
					</button>
					<a class="anchor" href={`#${id}`}>
						{suite === "" ? name : `${suite} / ${name}`}
					</a>
				</h3>
				<RowFigures row={row} />
			</div>
			{reason !== null && !isOpen && <Brief reason={reason} />}
			{isOpen && <Opened row={row} report={report} />}
		</article>
	);
}

/** What stands behind the line, once it is unpacked. */
function Opened({
	row,
	report,
}: {
	readonly row: EntryRow;
	readonly report: PageHead;
}) {
	const [whole, setWhole] = useState<Whole | null>(null);
	const [fault, setFault] = useState("");
	useEffect(() => {
		let isWanted = true;
		loadEntry(row).then(
			(loaded) => {
				if (isWanted) setWhole(loaded);
			},
			(error: unknown) => {
				if (isWanted) setFault(unpackFault(error));
			},
		);
		return () => {
			isWanted = false;
		};
	}, [row]);
	if (fault !== "")
		return (
			<p class="callout bad" role="alert">
				{fault}
			</p>
		);
	if (whole === null) return <p class="loading">…</p>;
	return <EntryBody whole={whole} report={report} />;
}

function EntryBody({
	whole,
	report,
}: {
	readonly whole: Whole;
	readonly report: PageHead;
}) {
	const { entry } = whole;
	const [connections, setConnections] = useState<readonly number[]>([]);
	const [asked, setAsked] = useState<Asked | null>(null);
	const followed: Followed = {
		connections,
		onConnections: setConnections,
		withPackets: useMemo(
			() => new Set(entry.rules.paths.flatMap((one) => one.connection ?? [])),
			[entry],
		),
		onPackets: (connection) => setAsked({ connection }),
	};
	const { story, trap, assumed, unknown, failure, comparison } = entry;
	return (
		<div class="body">
			{story !== "" && <p class="story">{story}</p>}
			{trap !== null && (
				<p class="callout">
					<strong>Trap:</strong> {trap}
				</p>
			)}
			{assumed.length > 0 && (
				<div class="callout">
					<strong>Assumed of matches that marktwin does not know:</strong>
					<ul>
						{assumed.map((line) => (
							<li key={line}>{line}</li>
						))}
					</ul>
				</div>
			)}
			{failure !== "" && (
				<div class="callout bad">
					<strong>It could not be played.</strong>
					<Lines label="Why" text={failure} />
				</div>
			)}
			{unknown !== null && (
				<div class="callout">
					<strong>marktwin does not know what a kernel does here:</strong>{" "}
					{unknown.reason}
					{unknown.rule !== null && <RulePlace rule={unknown.rule} />}
				</div>
			)}
			{comparison !== null && (
				<Comparison comparison={comparison} isWhole={unknown === null} />
			)}
			{failure === "" && <Expectations entry={entry} followed={followed} />}
			<WhatWasDone entry={entry} />
			{entry.split !== null && <Split entry={entry} split={entry.split} />}
			{entry.failover !== null && (
				<Failover entry={entry} failover={entry.failover} />
			)}
			{entry.connections.shown.length > 0 && (
				<Connections entry={entry} followed={followed} />
			)}
			{entry.rules.snapshots.length > 0 && (
				<Rules whole={whole} asked={asked} />
			)}
			{entry.conntrack.length > 0 && <Conntrack moments={entry.conntrack} />}
			<p class="replay">
				{report.isComparison ? "Compare" : "Play"} just this once more:{" "}
				<code>{entry.replay}</code>
				<br />
				Played on {entry.driver} with seed {entry.seed}
				{entry.endedMs > 0 &&
					`; ${time(entry.endedMs)} of ${entry.isLive ? "live" : "virtual"} time`}
				.
			</p>
		</div>
	);
}
