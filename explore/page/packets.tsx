import { Way } from "../../reports/page/entry/way.tsx";
import { time } from "../../reports/page/parts/format.ts";
import type { SeenPacket } from "../engine/exploration.ts";
import type { View } from "../engine/view.ts";

/** Rules of one way that are shown. */
const MOST_STEPS = 200;

/** Packets that were followed, and the way of one of them. */
export function Packets({
	view,
	index,
	onChoose,
}: {
	readonly view: View | null;
	/** Of the one that is looked at. */
	readonly index: number;
	readonly onChoose: (index: number) => void;
}) {
	const packets = view?.packets ?? [];
	const chosen = packets[index] ?? null;
	return (
		<>
			<h2>The way of a packet</h2>
			{chosen === null ? (
				<p class="remark">
					Connect once, and go on packet by packet: each rule that matches
					lights up, with the marks, the conntrack entry and the translation.
				</p>
			) : (
				<>
					<p class="which">
						<button
							type="button"
							aria-label="The packet before"
							disabled={index <= 0}
							onClick={() => onChoose(index - 1)}
						>
							←
						</button>
						<span>
							{index + 1} of {packets.length}
						</span>
						<button
							type="button"
							aria-label="The packet after"
							disabled={index >= packets.length - 1}
							onClick={() => onChoose(index + 1)}
						>
							→
						</button>
						<span class="remark">
							{time(chosen.atMs)},{" "}
							{chosen.connection === null
								? "no client's"
								: `connection ${chosen.connection}`}
						</span>
					</p>
					<Chosen packet={chosen} />
				</>
			)}
		</>
	);
}

function Chosen({ packet }: { readonly packet: SeenPacket }) {
	const { atMs, connection, direction, steps, out, fate, entry } = packet;
	return (
		<div class="way">
			<Way
				path={{
					atMs,
					connection,
					direction,
					...packet.in,
					out: out.map((one) => `${one.interface} → ${one.packet}`),
					fate,
					walk: 0,
				}}
				walk={steps.slice(0, MOST_STEPS)}
			/>
			{steps.length > MOST_STEPS && (
				<p class="remark">… and {steps.length - MOST_STEPS} more rules.</p>
			)}
			{entry.after !== null && (
				<p>
					<span class="label">conntrack</span>{" "}
					<Entry before={entry.before ?? ""} after={entry.after} />
				</p>
			)}
		</div>
	);
}

/** The words of the entry; those that are new are marked. */
function Entry({
	before,
	after,
}: {
	readonly before: string;
	readonly after: string;
}) {
	if (after === "") return <span>no entry</span>;
	const known = before.split(" ");
	return (
		<code>
			{after.split(" ").map((word, index) =>
				known[index] === word ? (
					`${word} `
				) : (
					<>
						<mark key={index}>{word}</mark>{" "}
					</>
				),
			)}
		</code>
	);
}
