import { useEffect, useMemo, useState } from "preact/hooks";
import { Tabs } from "../../reports/page/parts/tabs.tsx";
import type { StepOperation } from "../../sim/contract/gateway.ts";
import type { SeenPacket } from "../engine/exploration.ts";
import type { Start } from "../engine/messages.ts";
import { keyOfRules } from "../engine/rule-key.ts";
import { Controls } from "./controls.tsx";
import { Findings } from "./findings.tsx";
import { Header } from "./header.tsx";
import { History } from "./history.tsx";
import { LiveRules } from "./live-rules.tsx";
import { Packets } from "./packets.tsx";
import { RulesEditor } from "./rules-editor.tsx";
import { type Exact, Shares } from "./shares.tsx";
import { packetOf, type State } from "./state.ts";
import { Topology } from "./topology.tsx";
import { type Engine, useEngine } from "./use-engine.ts";

export function App({
	code,
	start,
	own,
	failed,
}: {
	/** Of the workers. */
	readonly code: string;
	readonly start: Start;
	/** What the page was made of, whatever its link says. */
	readonly own: Start;
	/** What is wrong with its link. */
	readonly failed: string;
}) {
	const engine = useEngine(code, start);
	const { state, say } = engine;
	const { view, study, lines } = state;
	const openWorld = (index: number) => {
		const chosen = study?.worlds[index];
		if (chosen !== undefined) engine.open(state.rules, study, chosen);
	};
	const seen = view?.packets[packetOf(state)] ?? null;
	const running = useMemo(() => keyOfRules(lines), [lines]);
	return (
		<>
			<Header
				state={state}
				own={own}
				onRules={(rules) => engine.open(rules, null, null)}
				onOpen={engine.openText}
				onFail={engine.fail}
				onSave={(as) => say({ kind: "save", as })}
			/>
			<main>
				<Callouts engine={engine} failed={failed} />
				<Controls
					state={state}
					say={say}
					worlds={state.isOfRules ? (study?.worlds ?? []) : []}
					onWorld={openWorld}
					onRestart={engine.restart}
				/>
				<div class="columns">
					<div>
						<section class="card" aria-label="The gateway and its hosts">
							<Topology view={view} packet={seen} say={say} />
						</section>
						<section class="card" aria-label="Shares">
							<Shares view={view} exact={exactFor(state, running)} />
						</section>
						<section class="card" aria-label="What happened">
							<History view={view} say={say} />
						</section>
					</div>
					<div>
						<section class="card" aria-label="Rules">
							<Rules
								engine={engine}
								packet={seen}
								onAfresh={() => openWorld(0)}
							/>
						</section>
						<section class="card" id="packets" aria-label="Packets">
							<Packets
								view={view}
								index={packetOf(state)}
								onChoose={engine.choose}
							/>
						</section>
					</div>
				</div>
				<section class="card" aria-label="What follows from the rules">
					<Findings state={state} />
				</section>
			</main>
		</>
	);
}

/** The study, where it is of the rules that run now, on the machine as it is now; else why it is not. */
function exactFor(
	{ study, isStudying, view, service }: State,
	running: string,
): Exact {
	if (study === null || isStudying || study.split === null)
		return { kind: "none", why: "" };
	if (study.key !== running)
		return {
			kind: "none",
			why: "The gateway has other rules than those that were looked at: what they give exactly is not shown.",
		};
	if (view?.isMachineChanged)
		return {
			kind: "none",
			why: "A step has changed the machine around the rules: what they give exactly is not shown.",
		};
	return { kind: "split", split: study.split, service };
}

/** What went wrong, and what is not known. */
function Callouts({
	engine: { state },
	failed,
}: {
	readonly engine: Engine;
	/** What is wrong with the link of the page. */
	readonly failed: string;
}) {
	const { failure, view } = state;
	const unknown = view?.unknown ?? null;
	return (
		<>
			{failed !== "" && (
				<p class="callout bad" role="alert">
					{failed}
				</p>
			)}
			{failure !== "" && (
				<pre class="callout bad" role="alert">
					{failure}
				</pre>
			)}
			{unknown !== null && (
				<p class="callout" role="alert">
					<strong>Unknown:</strong> {unknown.reason}
					{unknown.rule !== "" && (
						<>
							{" "}
							(<code>{unknown.rule}</code> <code>{unknown.text}</code>)
						</>
					)}
					. The play stands here: what a kernel does next is not known.
				</p>
			)}
		</>
	);
}

/** The rules as they count, and as a text to edit. */
function Rules({
	engine,
	packet,
	onAfresh,
}: {
	readonly engine: Engine;
	readonly packet: SeenPacket | null;
	readonly onAfresh: () => void;
}) {
	const { state, say } = engine;
	const { name, text } = state.rules;
	const operate = (operation: StepOperation) =>
		say({ kind: "act", step: { kind: "operation", operation } });
	const faults = state.study?.faults.length ?? 0;
	const [tab, setTab] = useState<"live" | "edit">("live");
	// Nothing counts before rules load.
	const isStuck = state.view === null && faults > 0;
	useEffect(() => {
		if (isStuck) setTab("edit");
	}, [isStuck]);
	return (
		<Tabs
			label="Rules"
			id="rules-panel"
			tabs={[
				{ name: "live", words: "Rules and counters" },
				{
					name: "edit",
					words: (
						<>
							Edit the rules
							{faults > 0 && <span class="badge bad">{faults}</span>}
						</>
					),
				},
			]}
			chosen={tab}
			onChoose={setTab}
		>
			{tab === "live" ? (
				<LiveRules
					lines={state.lines}
					counters={state.view?.counters ?? []}
					hit={state.hit}
					packet={packet}
					nothing={
						faults > 0
							? "The rules would not load: mend them under “Edit the rules”, and begin anew."
							: "The rules are looked at …"
					}
				/>
			) : (
				<RulesEditor
					state={state}
					onEdit={engine.edit}
					onReplay={() => say({ kind: "rules", name, text })}
					onAfresh={onAfresh}
					onReload={(how) =>
						operate({ kind: "restore", text, file: name, ...how })
					}
					onOperation={operate}
				/>
			)}
		</Tabs>
	);
}
