import { useState } from "preact/hooks";
import type { ConntrackView } from "../../contract/report.ts";
import { counted, number, time } from "../parts/format.ts";
import { Lines } from "../parts/scrolls.tsx";

/** `at the end (5.5 s)`, `after mail1up ← 1 (1 s)`. */
export function momentName({
	label,
	atMs,
}: {
	readonly label: string;
	readonly atMs: number;
}): string {
	return `${label === "" ? "at the end" : label} (${time(atMs)})`;
}

/** Chooses one of several moments; the last one to begin with. */
export function MomentChoice({
	name,
	moments,
	chosen,
	onChoose,
}: {
	readonly name: string;
	readonly moments: readonly {
		readonly label: string;
		readonly atMs: number;
	}[];
	readonly chosen: number;
	readonly onChoose: (index: number) => void;
}) {
	if (moments.length < 2) return null;
	return (
		<label class="moment">
			{name}{" "}
			<select
				value={chosen}
				onChange={(event) => onChoose(Number(event.currentTarget.value))}
			>
				{moments.map((moment, index) => (
					<option key={index} value={index}>
						{momentName(moment)}
					</option>
				))}
			</select>
		</label>
	);
}

/** The table of connections and the conditions, as the kernel would print them. */
export function Conntrack({
	moments,
}: {
	readonly moments: readonly ConntrackView[];
}) {
	const [chosen, setChosen] = useState(moments.length - 1);
	const moment = moments[chosen];
	if (moment === undefined) return null;
	const { lines, total, conditions } = moment;
	return (
		<section>
			<h4>Conntrack and conditions</h4>
			<MomentChoice
				name="When"
				moments={moments}
				chosen={chosen}
				onChoose={setChosen}
			/>
			{conditions.length > 0 && (
				<p class="conditions">
					{conditions.map(({ name, value }) => (
						<code key={name}>
							{name} {value}
						</code>
					))}
				</p>
			)}
			{total === 0 ? (
				<p class="remark">No entries {momentName(moment)}.</p>
			) : (
				<>
					<p class="remark">
						{lines.length === total
							? counted(total, "entry", "entries")
							: `Showing ${lines.length} of ${number(total)} entries`}{" "}
						{momentName(moment)}
					</p>
					<Lines label="Conntrack entries" text={lines.join("\n")} />
				</>
			)}
		</section>
	);
}
