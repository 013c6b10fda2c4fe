import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { counted } from "../../reports/page/parts/format.ts";
import type { StepOperation } from "../../sim/contract/gateway.ts";
import type { Rules } from "../engine/study.ts";
import type { State } from "./state.ts";

/** Of the editor: a line of its text. */
const LINE_PX = 20;
/** Lines that are marked and faults that are told; more are counted. */
const MOST_FAULTS = 20;
const MOST_MARKS = 200;

const RELOADS = [
	{
		name: "iptables-restore",
		about:
			"replaces the tables: counters and turns begin anew, connections stay",
		how: { noflush: false, counters: false },
	},
	{
		name: "iptables-restore --noflush",
		about: "adds the rules to those that are there",
		how: { noflush: true, counters: false },
	},
	{
		name: "iptables-restore --counters",
		about: "replaces the tables, and takes the counters of the text",
		how: { noflush: false, counters: true },
	},
] as const;

/** Rules as a text, with what is wrong in it, and what to do with it. */
export function RulesEditor({
	state,
	onEdit,
	onReplay,
	onAfresh,
	onReload,
	onOperation,
}: {
	readonly state: State;
	readonly onEdit: (rules: Rules) => void;
	readonly onReplay: () => void;
	readonly onAfresh: () => void;
	readonly onReload: (how: (typeof RELOADS)[number]["how"]) => void;
	readonly onOperation: (operation: StepOperation) => void;
}) {
	const { rules, study, isStudying, view, opened } = state;
	const area = useRef<HTMLTextAreaElement>(null);
	const faults = study?.faults ?? [];
	const isBad = faults.length > 0;
	const cannot = isBad || isStudying || study === null;
	const goTo = (line: number) => {
		const { current } = area;
		if (current === null) return;
		const lines = current.value.split("\n");
		const from = lines
			.slice(0, line - 1)
			.reduce((sum, one) => sum + one.length + 1, 0);
		current.focus();
		current.setSelectionRange(from, from + (lines[line - 1]?.length ?? 0));
		current.scrollTop = Math.max(0, (line - 4) * LINE_PX);
	};
	return (
		<>
			<Editor
				area={area}
				text={rules.text}
				marks={marksOf(state)}
				isBad={isBad}
				onInput={(text) => onEdit({ ...rules, text })}
			/>
			<div class="faults" role="status" aria-live="polite">
				<Verdict state={state} />
			</div>
			{faults.slice(0, MOST_FAULTS).map((fault, index) => (
				<button
					key={index}
					type="button"
					class="fault"
					onClick={() => goTo(fault.line)}
				>
					<pre>{fault.printed}</pre>
				</button>
			))}
			{faults.length > MOST_FAULTS && (
				<p class="remark">… and {faults.length - MOST_FAULTS} more.</p>
			)}
			{(study?.notes ?? []).map((note) => (
				<p key={note} class="remark">
					{note}
				</p>
			))}
			<div class="actions">
				<button
					type="button"
					class="primary"
					disabled={cannot || opened === null}
					onClick={onReplay}
				>
					Play the same steps with these rules
				</button>
				<button
					type="button"
					class={opened === null ? "primary" : ""}
					disabled={cannot}
					onClick={onAfresh}
				>
					Begin anew with these rules
				</button>
			</div>
			<fieldset class="reloads">
				<legend>Load them now, into the gateway as it runs</legend>
				{RELOADS.map(({ name, about, how }) => (
					<button
						key={name}
						type="button"
						title={about}
						disabled={view === null || view.unknown !== null}
						onClick={() => onReload(how)}
					>
						{name}
					</button>
				))}
				<button
					type="button"
					title="the same rules and conditions, and no connection"
					disabled={view === null || view.unknown !== null}
					onClick={() => onOperation({ kind: "take-over" })}
				>
					another gateway takes over
				</button>
			</fieldset>
			<CommandLine
				isOff={view === null || view.unknown !== null}
				onCommand={(command) => onOperation({ kind: "iptables", command })}
			/>
		</>
	);
}

/** Whether iptables-restore would take the text, as `marktwin check` says it. */
function Verdict({
	state: { study, studyFailure, isStudying },
}: {
	readonly state: State;
}) {
	if (isStudying) return <p class="remark">Checking …</p>;
	if (study === null)
		return studyFailure === "" ? null : (
			<p class="bad">The text could not be checked: {studyFailure}</p>
		);
	const { faults, isEmpty, needs } = study;
	const count = counted(faults.length, "fault");
	if (faults.some(({ from }) => from !== "marktwin"))
		return <p class="bad">It would not load: {count}.</p>;
	if (faults.length > 0)
		return (
			<p class="doubt">
				Whether it would load is not known: marktwin does not take it ({count}).
			</p>
		);
	if (isEmpty)
		return (
			<p class="remark">There is no rule in it: nothing would be loaded.</p>
		);
	if (needs.length > 0)
		return (
			<p class="doubt">
				It would load where these are there: {needs.join(", ")}.
			</p>
		);
	return <p class="good">It would load.</p>;
}

/** One command, as one types it on the gateway. */
function CommandLine({
	isOff,
	onCommand,
}: {
	readonly isOff: boolean;
	readonly onCommand: (command: string) => void;
}) {
	const [command, setCommand] = useState("");
	const isCommand = /^\s*iptables\s/.test(command);
	return (
		<form
			class="command"
			onSubmit={(event) => {
				event.preventDefault();
				if (isOff || !isCommand) return;
				onCommand(command.trim().replace(/^iptables\s+/, ""));
				setCommand("");
			}}
		>
			<input
				type="text"
				aria-label="A command of iptables"
				placeholder="iptables -t nat -Z"
				spellcheck={false}
				value={command}
				onInput={(event) => setCommand(event.currentTarget.value)}
			/>
			<button type="submit" disabled={isOff || !isCommand}>
				Run
			</button>
		</form>
	);
}

/** What a line is marked with: the worst of it. */
type Mark = "fault" | "error" | "warning" | "note";

function marksOf({ study }: State): ReadonlyMap<number, Mark> {
	const marks = new Map<number, Mark>();
	for (const { line, severity } of study?.verdict?.findings ?? [])
		if (!marks.has(line)) marks.set(line, severity);
	for (const { line } of study?.faults ?? []) marks.set(line, "fault");
	return new Map([...marks].slice(0, MOST_MARKS));
}

/** A text with the numbers of its lines, and marks behind them. */
function Editor({
	area,
	text,
	marks,
	isBad,
	onInput,
}: {
	readonly area: RefObject<HTMLTextAreaElement | null>;
	readonly text: string;
	readonly marks: ReadonlyMap<number, Mark>;
	readonly isBad: boolean;
	readonly onInput: (text: string) => void;
}) {
	const [top, setTop] = useState(0);
	const count = text.split("\n").length;
	const first = Math.floor(top / LINE_PX);
	const shown = Math.min(count - first, 40);
	useEffect(() => setTop(area.current?.scrollTop ?? 0), [text]);
	return (
		<div class="editor">
			<div class="gutter" aria-hidden="true">
				<div style={{ transform: `translateY(${first * LINE_PX - top}px)` }}>
					{Array.from({ length: Math.max(0, shown) }, (_, index) => {
						const line = first + index + 1;
						return (
							<div key={line} class={marks.get(line) ?? ""}>
								{line}
							</div>
						);
					})}
				</div>
			</div>
			<textarea
				ref={area}
				aria-label="Rules, as iptables-save prints them or as a script of iptables commands"
				aria-invalid={isBad}
				spellcheck={false}
				autocapitalize="off"
				autocomplete="off"
				wrap="off"
				value={text}
				onInput={(event) => onInput(event.currentTarget.value)}
				onScroll={(event) => setTop(event.currentTarget.scrollTop)}
			/>
		</div>
	);
}
