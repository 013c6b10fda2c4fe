import type { PathView, WalkStep } from "../../contract/report.ts";
import { mark } from "../parts/format.ts";

/** Rule by rule, with the marks, and what came out in the end. */
export function Way({
	path,
	walk,
}: {
	readonly path: PathView;
	readonly walk: readonly WalkStep[];
}) {
	if (path.direction === "past") return <WayPast path={path} />;
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

/** From host to host: the gateway and its rules have no part in it. */
function WayPast({ path }: { readonly path: PathView }) {
	return (
		<div aria-live="polite">
			<p>
				<span class="label">on the link of {path.interface}</span>{" "}
				<code>{path.packet}</code>
			</p>
			<p>
				<span class="label">it was</span> {path.fate}
			</p>
		</div>
	);
}
