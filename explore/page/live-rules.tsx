import type { ComponentChildren, VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Lit, litLines } from "../../reports/page/entry/rule-table.tsx";
import { counted, number } from "../../reports/page/parts/format.ts";
import type { SeenPacket } from "../engine/exploration.ts";
import type { RuleView } from "../engine/rule-key.ts";

/** Longer rulesets are shown in a window of lines of one height. */
const MOST_WHOLE = 250;
const LINE_PX = 26;
/** Lines of the window above and below what is seen. */
const SPARE = 12;

interface Line extends RuleView {
	readonly index: number;
}

/** Every rule with what it has counted; those that the packet matched are lit. */
export function LiveRules({
	lines,
	counters,
	hit,
	packet,
	nothing,
}: {
	readonly lines: readonly RuleView[];
	readonly counters: readonly number[];
	readonly hit: ReadonlySet<number>;
	readonly packet: SeenPacket | null;
	/** Why there are none. */
	readonly nothing: string;
}) {
	const [text, setText] = useState("");
	const [isMatched, setIsMatched] = useState(false);
	const walk = packet?.steps ?? [];
	const lit = useMemo(() => litLines(walk, lines), [packet, lines]);
	const met = walk.filter((step) => step.text.startsWith("-A ")).length;
	const found = lines.reduce(
		(sum, line) =>
			sum + (line.number > 0 ? (lit.get(keyOf(line))?.length ?? 0) : 0),
		0,
	);
	const shown = useMemo(
		() =>
			lines
				.map((line, index): Line => ({ ...line, index }))
				.filter(
					({ text: rule, number: place, index }) =>
						rule.includes(text) &&
						(!isMatched || (place > 0 && (counters[index] ?? 0) > 0)),
				),
		[lines, text, isMatched, isMatched ? counters : null],
	);
	const row = (line: Line) => (
		<Row
			key={line.index}
			line={line}
			count={counters[line.index] ?? 0}
			isHit={hit.has(line.index)}
			steps={lit.get(keyOf(line)) ?? []}
			isFirst={shown[0] === line || lines[line.index - 1]?.table !== line.table}
		/>
	);
	if (lines.length === 0) return <p class="remark">{nothing}</p>;
	return (
		<>
			<p class="filter-rules">
				<input
					type="search"
					placeholder="Find a rule"
					aria-label="Find a rule"
					value={text}
					onInput={(event) => setText(event.currentTarget.value)}
				/>
				<label class="check">
					<input
						type="checkbox"
						checked={isMatched}
						onChange={(event) => setIsMatched(event.currentTarget.checked)}
					/>
					only those that matched
				</label>
				<span class="remark">
					{number(shown.filter((one) => one.number > 0).length)} of{" "}
					{number(lines.filter((one) => one.number > 0).length)} rules
				</span>
			</p>
			{met > found && (
				<p class="doubt">
					{counted(met - found, "rule")} on the way of the packet are not there
					any more: the rules have changed since.
				</p>
			)}
			{shown.length <= MOST_WHOLE ? (
				<Scrolling>{shown.map(row)}</Scrolling>
			) : (
				<Windowed shown={shown} row={row} lit={lit} />
			)}
		</>
	);
}

function keyOf({ table, chain, number: place }: RuleView): string {
	return `${table} ${chain} ${place}`;
}

function Scrolling({ children }: { readonly children: ComponentChildren }) {
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
		<div
			class="rules"
			role="group"
			aria-label="Rules"
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
			tabIndex={0}
		>
			{children}
		</div>
	);
}

/** Only the lines that are seen are there. */
function Windowed({
	shown,
	row,
	lit,
}: {
	readonly shown: readonly Line[];
	readonly row: (line: Line) => VNode;
	readonly lit: Lit;
}) {
	const box = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const heightPx = 560;
	useEffect(() => {
		const first = shown.findIndex(
			(line) => lit.has(keyOf(line)) && line.number > 0,
		);
		const { current } = box;
		if (first < 0 || current === null) return;
		const atPx = first * LINE_PX;
		if (
			atPx < current.scrollTop ||
			atPx > current.scrollTop + heightPx - LINE_PX
		)
			current.scrollTop = Math.max(0, atPx - heightPx / 3);
	}, [lit]);
	const first = Math.max(0, Math.floor(top / LINE_PX) - SPARE);
	const last = Math.ceil((top + heightPx) / LINE_PX) + SPARE;
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
		<div
			ref={box}
			class="rules windowed"
			// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keyboard
			tabIndex={0}
			role="group"
			aria-label="Rules"
			style={{ height: `${heightPx}px` }}
			onScroll={(event) => setTop(event.currentTarget.scrollTop)}
		>
			<div class="lines" style={{ height: `${shown.length * LINE_PX}px` }}>
				<div style={{ transform: `translateY(${first * LINE_PX}px)` }}>
					{shown.slice(first, last).map(row)}
				</div>
			</div>
		</div>
	);
}

function Row({
	line: { table, number: place, text },
	count,
	isHit,
	steps,
	isFirst,
}: {
	readonly line: Line;
	readonly count: number;
	readonly isHit: boolean;
	readonly steps: readonly number[];
	readonly isFirst: boolean;
}) {
	const isChain = place === 0;
	const isUserChain = isChain && text.endsWith(" -");
	const kinds = [
		"rule",
		isChain ? "chain" : count === 0 ? "idle" : "",
		steps.length > 0 ? "lit" : "",
		isFirst ? "first" : "",
	];
	return (
		<div class={kinds.filter((one) => one !== "").join(" ")}>
			{/* A new element each time begins the flash anew. */}
			<span key={isHit ? count : "still"} class={isHit ? "count hit" : "count"}>
				{isUserChain ? "" : number(count)}
			</span>
			<span class="steps">
				{steps.map((step) => (
					<span class="step" key={step}>
						{step}
					</span>
				))}
			</span>
			<code>
				{isFirst && <span class="table">{table} </span>}
				{text}
			</code>
		</div>
	);
}
