import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Entry, PathView, RulesView } from "../../contract/report.ts";
import { counted, time } from "../parts/format.ts";
import type { Whole } from "../parts/load.ts";
import { MomentChoice, momentName } from "./conntrack.tsx";
import { litLines, RuleTable } from "./rule-table.tsx";
import { Way } from "./way.tsx";

/** Whose packets a reader asks for; a new object each time. */
export interface Asked {
	readonly connection: number;
}

/** Every rule with its counters, and the way of a packet through them. */
export function Rules({
	whole: { entry, rulesets, walks },
	asked,
}: {
	readonly whole: Whole;
	readonly asked: Asked | null;
}) {
	const { snapshots, paths, noPaths, omitted, sampling } = entry.rules;
	const [moment, setMoment] = useState(lastThatCounted(snapshots, rulesets));
	const [packet, setPacket] = useState(() => firstTelling(entry));
	const section = useRef<HTMLElement>(null);
	useEffect(() => {
		if (asked === null) return;
		const at = paths.findIndex((one) => one.connection === asked.connection);
		if (at >= 0) setPacket(at);
		section.current?.scrollIntoView();
		section.current?.querySelector<HTMLElement>(".way select")?.focus();
	}, [asked]);
	const snapshot = snapshots[moment];
	const lines = rulesets[snapshot?.ruleset ?? -1];
	const path = paths[packet];
	const walk = path === undefined ? [] : (walks[path.walk] ?? []);
	const lit = useMemo(() => litLines(walk, lines ?? []), [walk, lines]);
	if (snapshot === undefined || lines === undefined) return null;
	return (
		<section ref={section}>
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
							<p class="remark">{sampling}.</p>
							<Way path={path} walk={walk} />
						</>
					)}
				</div>
			</div>
		</section>
	);
}

/**
 * The last moment at which any rule had counted something: a reload just before the end has set all
 * counters back, and nothing would be seen of what happened.
 */
function lastThatCounted(
	snapshots: RulesView["snapshots"],
	rulesets: Whole["rulesets"],
): number {
	const found = snapshots.findLastIndex(({ ruleset, packets }) =>
		rulesets[ruleset]?.some(
			({ number }, index) => number > 0 && (packets[index] ?? 0) > 0,
		),
	);
	return found < 0 ? snapshots.length - 1 : found;
}

/** A packet of a connection that something violated names; else the first of all. */
function firstTelling({ expectations, rules }: Entry): number {
	const named = new Set(
		expectations
			.filter(({ status }) => status === "violated")
			.flatMap(({ connections }) => connections),
	);
	const found = rules.paths.findIndex(
		({ connection }) => connection !== null && named.has(connection),
	);
	return Math.max(0, found);
}

function packetName({
	connection,
	atMs,
	direction,
	interface: name,
	packet,
}: PathView): string {
	const whose = connection === null ? "by hand" : `#${connection}`;
	const where = direction === "past" ? `past ${name}:` : `${name} ←`;
	return `${whose} · ${time(atMs)} · ${where} ${packet}`;
}
