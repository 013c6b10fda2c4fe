import { useEffect, useState } from "preact/hooks";
import { time } from "../../reports/page/parts/format.ts";
import type { ToPlay } from "../engine/messages.ts";
import type { World } from "../engine/study.ts";
import type { State } from "./state.ts";

/** Numbers of connections that a click opens. */
const COUNTS = [1, 10, 100, 1_000];
const PASSES = [
	{ name: "+10 ms", byMs: 10 },
	{ name: "+1 s", byMs: 1_000 },
	{ name: "+1 min", byMs: 60_000 },
	{ name: "+1 h", byMs: 3_600_000 },
];
/** Between the moments at which a slider that is dragged is heard. */
const SEEK_AFTER_MS = 120;

/** Connect, go on, and go back in time. */
export function Controls({
	state,
	say,
	worlds,
	onWorld,
	onRestart,
}: {
	readonly state: State;
	readonly say: (message: ToPlay) => void;
	readonly worlds: readonly World[];
	readonly onWorld: (index: number) => void;
	readonly onRestart: () => void;
}) {
	const { view, isWorking, service } = state;
	const clients = view?.clients ?? [];
	const [client, setClient] = useState("");
	const [everyMs, setEveryMs] = useState(10);
	const [stands, setStands] = useState(false);
	const chosen = clients.some(({ name }) => name === client)
		? client
		: (clients[0]?.name ?? "");
	const connect = (count: number) =>
		say({ kind: "connect", client: chosen, count, everyMs, stands });
	const isOff = view === null || view.unknown !== null;
	return (
		<section class="controls" aria-label="Play">
			{worlds.length > 1 && (
				<label>
					Service{" "}
					<select
						value={worlds.findIndex((one) => one.service === service)}
						onChange={(event) => onWorld(Number(event.currentTarget.value))}
					>
						{worlds.map((one, index) => (
							<option key={one.service} value={index}>
								{one.service}
							</option>
						))}
					</select>
				</label>
			)}
			{clients.length > 1 && (
				<label>
					Client{" "}
					<select
						value={chosen}
						onChange={(event) => setClient(event.currentTarget.value)}
					>
						{clients.map(({ name, address }) => (
							<option key={name} value={name}>
								{name} ({address})
							</option>
						))}
					</select>
				</label>
			)}
			<fieldset>
				<legend>Connect</legend>
				{COUNTS.map((count) => (
					<button
						key={count}
						type="button"
						class="primary"
						disabled={isOff}
						onClick={() => connect(count)}
					>
						{count.toLocaleString("en")}
					</button>
				))}
				<Other isOff={isOff} onConnect={connect} />
				<select
					aria-label="How connections arrive"
					value={everyMs}
					onChange={(event) => setEveryMs(Number(event.currentTarget.value))}
				>
					<option value={0}>all at once</option>
					<option value={1}>every 1 ms</option>
					<option value={10}>every 10 ms</option>
					<option value={1000}>every 1 s</option>
				</select>
			</fieldset>
			<fieldset>
				<legend>Step</legend>
				<label class="check">
					<input
						type="checkbox"
						checked={stands}
						onChange={(event) => setStands(event.currentTarget.checked)}
					/>
					stop before the first packet
				</label>
				<button
					type="button"
					disabled={isOff || view?.isBusy !== true}
					onClick={() => say({ kind: "packet" })}
				>
					Next packet
				</button>
				<button
					type="button"
					disabled={isOff || view?.isBusy !== true}
					onClick={() => say({ kind: "run" })}
				>
					Run on
				</button>
			</fieldset>
			<Time state={state} say={say} />
			<fieldset>
				<legend class="unseen">The play</legend>
				<button
					type="button"
					disabled={!isWorking}
					onClick={() => say({ kind: "stop" })}
				>
					Stop
				</button>
				<button type="button" disabled={view === null} onClick={onRestart}>
					Start again
				</button>
			</fieldset>
		</section>
	);
}

/** Any number of connections. */
function Other({
	isOff,
	onConnect,
}: {
	readonly isOff: boolean;
	readonly onConnect: (count: number) => void;
}) {
	const [count, setCount] = useState("");
	const number = Number(count);
	const isNumber = Number.isInteger(number) && number >= 1;
	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				if (isNumber && !isOff) onConnect(number);
			}}
		>
			<input
				aria-label="Another number of connections"
				placeholder="other"
				inputMode="numeric"
				size={6}
				value={count}
				onInput={(event) => setCount(event.currentTarget.value)}
			/>
			{count !== "" && (
				<button type="submit" class="primary" disabled={isOff || !isNumber}>
					Connect
				</button>
			)}
		</form>
	);
}

/** Time, to be dragged to any moment of the play. */
function Time({
	state,
	say,
}: {
	readonly state: State;
	readonly say: (message: ToPlay) => void;
}) {
	const { view, farthestMs, isWorking } = state;
	const nowMs = view?.nowMs ?? 0;
	const [dragged, setDragged] = useState<number | null>(null);
	useEffect(() => {
		if (dragged === null) return;
		const timer = setTimeout(() => {
			say({ kind: "seek", toMs: dragged });
			setDragged(null);
		}, SEEK_AFTER_MS);
		return () => clearTimeout(timer);
	}, [dragged]);
	const mostMs = Math.max(1, Math.ceil(farthestMs));
	return (
		<fieldset class="time">
			<legend>Time</legend>
			<input
				type="range"
				aria-label="Time"
				aria-valuetext={time(dragged ?? nowMs)}
				min={0}
				max={mostMs}
				step={Math.max(1, Math.round(mostMs / 1_000))}
				disabled={view === null}
				value={dragged ?? nowMs}
				onInput={(event) => setDragged(Number(event.currentTarget.value))}
			/>
			<output class={isWorking ? "working" : ""}>
				{time(dragged ?? nowMs)}
			</output>
			{PASSES.map(({ name, byMs }) => (
				<button
					key={name}
					type="button"
					disabled={view === null || view.unknown !== null}
					onClick={() => say({ kind: "pass", byMs })}
				>
					{name}
				</button>
			))}
		</fieldset>
	);
}
