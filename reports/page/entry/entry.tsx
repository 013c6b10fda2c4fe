import type { Entry, Report } from "../../contract/report.ts";
import { statusWord } from "../../wording.ts";
import { colourClass } from "../parts/colours.ts";
import { time } from "../parts/format.ts";
import { WhatWasDone } from "../parts/moments.tsx";
import { Lines } from "../parts/scrolls.tsx";
import { Sign } from "../parts/status.tsx";
import { Comparison } from "./comparison.tsx";
import { Connections } from "./connections.tsx";
import { Conntrack } from "./conntrack.tsx";
import { Expectations, RulePlace } from "./expectations.tsx";
import { Failover } from "./failover.tsx";
import { Rules } from "./rules.tsx";
import { Split } from "./split.tsx";

/** One scenario: a line that says it all, and behind it everything that is known. */
export function EntryCard({
	entry,
	report,
	isOpen,
	onToggle,
}: {
	readonly entry: Entry;
	/** That it stands in. */
	readonly report: Report;
	readonly isOpen: boolean;
	readonly onToggle: () => void;
}) {
	const { id, status, title, name, trap } = entry;
	return (
		<article id={id} class={`entry ${status}`} aria-labelledby={`title-${id}`}>
			<h3>
				<button type="button" aria-expanded={isOpen} onClick={onToggle}>
					<Sign
						status={status}
						word={statusWord(status, report)}
						isTrap={trap !== null}
						isAssumed={entry.restsOnAssumed}
					/>
					<span class="title" id={`title-${id}`}>
						{title || name}
					</span>
					<Path entry={entry} />
				</button>
				<a class="anchor" href={`#${id}`} aria-label={`Link to ${name}`}>
					{name}
				</a>
			</h3>
			{isOpen && <EntryBody entry={entry} report={report} />}
		</article>
	);
}

/** Which backend each of the first connections met: the split and the failover in a strip. */
function Path({ entry }: { readonly entry: Entry }) {
	const { path, total } = entry.connections;
	if (path === "") return <span class="path" />;
	return (
		<span class="path" aria-hidden="true">
			{[...path].map((sign) => (
				<PathSign sign={sign} />
			))}
			{path.replaceAll("|", "").length < total && "…"}
		</span>
	);
}

/** One connection of the strip: the number of its backend in its colour. */
function PathSign({ sign }: { readonly sign: string }) {
	if (sign === "|") return <i class="cut" />;
	if (sign === ".") return <i class="none">·</i>;
	// A backend beyond those that have a sign of their own.
	if (sign === "*") return <i class="none">*</i>;
	const backend = Number.parseInt(sign, 36);
	return <i class={colourClass(backend)}>{(backend + 1).toString(36)}</i>;
}

function EntryBody({
	entry,
	report,
}: {
	readonly entry: Entry;
	readonly report: Report;
}) {
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
			{failure === "" && <Expectations entry={entry} />}
			<WhatWasDone entry={entry} />
			{entry.split !== null && <Split entry={entry} split={entry.split} />}
			{entry.failover !== null && (
				<Failover entry={entry} failover={entry.failover} />
			)}
			{entry.connections.shown.length > 0 && <Connections entry={entry} />}
			{entry.rules.snapshots.length > 0 && (
				<Rules entry={entry} report={report} />
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
