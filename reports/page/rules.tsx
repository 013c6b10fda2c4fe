import { useMemo, useState } from "preact/hooks";
import type { Entry, PathView, RuleLine, WalkStep } from "../report.ts";
import { MomentChoice, momentName } from "./conntrack.tsx";
import { counted, mark, number, time } from "./format.ts";
import { Scrolls } from "./scrolls.tsx";

/** Every rule with its counters, and the way of a packet through them. */
export function Rules({ entry }: { readonly entry: Entry }) {
	const { rulesets, snapshots, paths, walks, noPaths, omitted } = entry.rules;
	const [moment, setMoment] = useState(snapshots.length - 1);
	const [packet, setPacket] = useState(0);
	const snapshot = snapshots[moment];
	const lines = rulesets[snapshot?.ruleset ?? -1];
	const path = paths[packet];
	const walk = path === undefined ? [] : (walks[path.walk] ?? []);
	const lit = useMemo(() => litLines(walk), [walk]);
	if (snapshot === undefined || lines === undefined) return null;
	return (
		<section>
			<h4>The rules, and the way of a packet</h4>
			<div class="rules-and-path">
				<div>
					<MomentChoice
						name="Counters"
						moments={snapshots}
						chosen={moment}
						onChoose={setMoment}
					/>
					<p class="remark">
						Packets that each rule counted since it was loaded,{" "}
						{momentName(snapshot)}
					</p>
					<RuleTable
						lines={lines}
						packets={snapshot.packets}
						bytes={snapshot.bytes}
						lit={lit}
					/>
					{omitted > 0 && (
						<p class="remark">… and {counted(omitted, "more line")}.</p>
					)}
				</div>
				<div class="way">
					{path === undefined ? (
						<p class="remark">{noPaths}</p>
					) : (
						<>
							<label>
								A packet
								<select
									size={8}
									value={packet}
									onChange={(event) =>
										setPacket(Number(event.currentTarget.value))
									}
								>
									{paths.map((one, index) => (
										<option key={index} value={index}>
											{packetName(one)}
										</option>
									))}
								</select>
							</label>
							<Way path={path} walk={walk} />
						</>
					)}
				</div>
			</div>
		</section>
	);
}

function packetName({
	connection,
	atMs,
	interface: into,
	packet,
}: PathView): string {
	const whose = connection === null ? "by hand" : `#${connection}`;
	return `${whose} · ${time(atMs)} · ${into} ← ${packet}`;
}

/** Lines of a ruleset by place: in which steps of the way they were met. */
type Lit = ReadonlyMap<string, readonly number[]>;

function litLines(walk: readonly WalkStep[]): Lit {
	const lit = new Map<string, number[]>();
	for (const [index, step] of walk.entries()) {
		const place = placeOfStep(step);
		lit.set(place, [...(lit.get(place) ?? []), index + 1]);
	}
	return lit;
}

/** TRACE calls the end of a chain and a rule without conditions alike; whether a rule stands there, its text tells. */
function placeOfStep({ place, text }: WalkStep): string {
	const [table = "", chain = "", , numbered = ""] = place.split(":");
	return `${table} ${chain} ${text.startsWith("-A ") ? numbered : "0"}`;
}

function RuleTable({
	lines,
	packets,
	bytes,
	lit,
}: {
	readonly lines: readonly RuleLine[];
	readonly packets: readonly number[];
	readonly bytes: readonly number[];
	readonly lit: Lit;
}) {
	return (
		<Scrolls label="Rules and their counters">
			<table class="rules">
				<thead>
					<tr>
						<th scope="col">packets</th>
						<th scope="col">rule</th>
					</tr>
				</thead>
				<tbody>
					{lines.map(({ table, chain, number: place, text }, index) => {
						const isFirst = lines[index - 1]?.table !== table;
						const steps = lit.get(`${table} ${chain} ${place}`) ?? [];
						const count = packets[index] ?? 0;
						const isRule = place > 0;
						const isUserChain = !isRule && text.endsWith(" -");
						const kind = isRule
							? count === 0
								? "unreached"
								: "reached"
							: "chain";
						return (
							<>
								{isFirst && (
									<tr class="table-name" key={table}>
										<td />
										<td>*{table}</td>
									</tr>
								)}
								<tr
									key={`${table} ${chain} ${place}`}
									class={`${kind} ${steps.length > 0 ? "lit" : ""}`}
								>
									<td title={`${number(bytes[index] ?? 0)} bytes`}>
										{isUserChain ? "" : number(count)}
									</td>
									<td>
										{steps.map((step) => (
											<span class="step" key={step}>
												{step}
											</span>
										))}
										<code>{text}</code>
										{isRule && count === 0 && (
											<span class="tag">never reached</span>
										)}
									</td>
								</tr>
							</>
						);
					})}
				</tbody>
			</table>
		</Scrolls>
	);
}

/** Rule by rule, with the marks, and what came out in the end. */
function Way({
	path,
	walk,
}: {
	readonly path: PathView;
	readonly walk: readonly WalkStep[];
}) {
	return (
		<div aria-live="polite">
			<p>
				<span class="label">in</span>{" "}
				<code>
					{path.interface} ← {path.packet}
				</code>
			</p>
			<ol class="steps">
				{walk.map((step, index) => (
					<li key={index}>
						<code class="place">{step.place}</code>{" "}
						<Marks step={step} before={walk[index - 1]} />
						{step.text !== "" && <code class="rule-text">{step.text}</code>}
					</li>
				))}
				{walk.length === 0 && <li class="remark">It met no rule.</li>}
			</ol>
			<p>
				<span class="label">out</span>{" "}
				{path.out.length === 0
					? "nothing at once"
					: path.out.map((one) => (
							<code key={one} class="out">
								{one}
							</code>
						))}
			</p>
			<p>
				<span class="label">so it was</span> {path.fate}
			</p>
		</div>
	);
}

/** Marks where they changed: `mark 0x0 → 0x1`, `connmark 0x1`. */
function Marks({
	step,
	before,
}: {
	readonly step: WalkStep;
	readonly before: WalkStep | undefined;
}) {
	const { markBefore, markAfter, connmark } = step;
	const isNew = connmark !== null && connmark !== (before?.connmark ?? 0);
	return (
		<>
			{markBefore !== markAfter && (
				<span class="chip">
					mark {mark(markBefore)} → {mark(markAfter)}
				</span>
			)}
			{isNew && <span class="chip">connmark {mark(connmark)}</span>}
		</>
	);
}
