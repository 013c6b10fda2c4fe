import type { Entry, FailoverView, Gap, Lane } from "../../contract/report.ts";
import { counted, lateWords, milliseconds, time } from "../parts/format.ts";
import { Picture } from "../pictures/chart.tsx";
import {
	failoverHeightPx,
	failoverPicture,
} from "../pictures/failover-picture.ts";

/** One time axis: what the backends really were, what was believed, what was switched, and what it cost. */
export function Failover({
	entry,
	failover,
}: {
	readonly entry: Entry;
	readonly failover: FailoverView;
}) {
	const { backends, moments } = entry;
	const { lanes, gaps, stretches } = failover;
	const { noun } = entry.connections;
	return (
		<section>
			<h4>The failover</h4>
			{gaps.length > 0 && (
				<ul class="gaps">
					{gaps.map((gap, index) => (
						<li key={index}>{describeGap(gap, backends, noun)}</li>
					))}
				</ul>
			)}
			<figure>
				<figcaption>
					True health, the checker's belief, and the conditions; below, new{" "}
					{noun}s per backend, each {time(stretches.stretchMs)}, those that were
					lost crossed out in red, those that were late paler
					{moments.length > 0 && "; the numbers are those of what was done"}
				</figcaption>
				<Picture
					label={[
						...lanes.map(describeLane),
						...gaps.map((gap) => describeGap(gap, backends, noun)),
					].join(" ")}
					heightPx={failoverHeightPx(failover)}
					config={(colours, widthPx) =>
						failoverPicture(
							{ failover, backends, moments, noun },
							colours,
							widthPx,
						)
					}
				/>
			</figure>
		</section>
	);
}

/** `b1 failed at 2.5 s; the checker noticed after 2,300 ms; 29 new connections were lost, 14 late (longest wait 3 s); failover gap 3,350 ms.` */
function describeGap(
	gap: Gap,
	backends: readonly string[],
	noun: string,
): string {
	const { failedMs, noticedMs, servedMs, recoveredMs, lost, late } = gap;
	const { predictedMs } = gap;
	const parts = [
		`${backends[gap.backend] ?? "a backend"} failed at ${time(failedMs)}`,
		...(noticedMs === null
			? []
			: [`the checker noticed after ${milliseconds(noticedMs - failedMs)}`]),
		[lostWords(lost, noun), lateWords(gap)]
			.filter((part) => part !== "")
			.join(", "),
		...(lost + late === 0
			? []
			: [
					servedMs === null
						? "no failover was seen"
						: `failover gap ${milliseconds(servedMs - failedMs)}${predictedMs === null ? "" : ` (the model says ${milliseconds(predictedMs)})`}`,
				]),
		...(recoveredMs === null
			? []
			: [`it served again at ${time(recoveredMs)}`]),
	];
	return `${parts.join("; ")}.`;
}

function lostWords(lost: number, noun: string): string {
	if (lost === 0) return `no new ${noun} was lost`;
	return `${counted(lost, `new ${noun}`)} ${lost === 1 ? "was" : "were"} lost`;
}

function describeLane({ name, spans }: Lane): string {
	const said = spans.map(
		({ fromMs, value }) => `${value} from ${time(fromMs)}`,
	);
	return `${name}: ${said.join(", ")}.`;
}
