/** A scenario in a line: how its connections went over time, who got how much and should have, and what it cost. */
import type { EntryRow } from "../../contract/report-page.ts";
import { colourClass } from "../parts/colours.ts";
import { counted, milliseconds, number, percent } from "../parts/format.ts";

/** Backends that are named with their shares. */
const MOST_NAMED = 3;

export function RowFigures({ row }: { readonly row: EntryRow }) {
	const { total, noun, lost, late, gap } = row;
	if (total === 0) return null;
	return (
		<>
			<Bars row={row} />
			<Shares row={row} />
			<span class={`figure ${lost > 0 ? "bad" : "none"}`}>
				{number(lost)} <span class="unit">lost</span>
			</span>
			<span class={`figure ${late > 0 ? "doubt" : "none"}`}>
				{number(late)} <span class="unit">late</span>
			</span>
			<span class={`figure gap ${gap === null ? "none" : ""}`}>
				{gap === null ? (
					<span aria-hidden="true">–</span>
				) : gap.ms === null ? (
					"no failover"
				) : (
					<>
						<span class="unit">gap</span> {milliseconds(gap.ms)}
					</>
				)}
			</span>
			<span class="unseen">{counted(total, noun)}</span>
		</>
	);
}

const HEIGHT = 35;

/** The whole play in a strip: each stretch as high as it had connections, in the colours of their backends. */
function Bars({ row: { bars, backends } }: { readonly row: EntryRow }) {
	const many = bars[0]?.length ?? 0;
	const below = new Array<number>(many).fill(0);
	return (
		<svg
			class="bars"
			viewBox={`0 0 ${many} ${HEIGHT}`}
			preserveAspectRatio="none"
			aria-hidden="true"
		>
			{bars.map((signs, index) => {
				let path = "";
				for (const [at, sign] of [...signs].entries()) {
					const height = Number.parseInt(sign, 36);
					if (height === 0) continue;
					const from = Math.min(HEIGHT, below[at] ?? 0);
					below[at] = from + height;
					path += `M${at} ${HEIGHT - from}v-${height}h.9v${height}z`;
				}
				const isLost = index > backends.length;
				const colour = isLost
					? "lost"
					: index === backends.length
						? "none"
						: colourClass(index);
				return path !== "" && <path key={index} class={colour} d={path} />;
			})}
		</svg>
	);
}

/** What each backend got, as a bar and in words, and below it what it should have. */
function Shares({ row }: { readonly row: EntryRow }) {
	const { backends, totals, shares } = row;
	const all = totals.reduce((sum, count) => sum + count, 0);
	const seen = shares?.seen ?? totals.map((count) => count / Math.max(1, all));
	return (
		<span class={`shares ${shares?.status ?? ""}`}>
			<span class="share-bars" aria-hidden="true">
				<Bar shares={seen} backends={backends.length} />
				{shares !== null && (
					<Bar shares={shares.expected} backends={backends.length} isExpected />
				)}
			</span>
			<span class="share-words">{shareWords(row, seen)}</span>
		</span>
	);
}

/** `b2 50.0 %, expected 66.7 % of step "load"`: of the backend that is farthest off; without an expectation, of each. */
function shareWords(
	{ backends, shares }: EntryRow,
	seen: readonly number[],
): string {
	const of = (index: number, share: number) =>
		`${backends[index] ?? "no backend"} ${percent(share)}`;
	if (shares === null)
		return backends.length > MOST_NAMED
			? counted(
					backends.filter((_, index) => (seen[index] ?? 0) > 0).length,
					"backend",
				)
			: seen
					.flatMap((share, index) => (share > 0 ? [of(index, share)] : []))
					.join(" · ");
	const off = (index: number) =>
		Math.abs((seen[index] ?? 0) - (shares.expected[index] ?? 0));
	const [worst = 0] = [...backends.keys()].sort(
		(one, other) =>
			off(other) - off(one) ||
			(shares.expected[other] ?? 0) - (shares.expected[one] ?? 0),
	);
	return `${of(worst, seen[worst] ?? 0)}, expected ${percent(shares.expected[worst] ?? 0)}${shares.of}`;
}

function Bar({
	shares,
	backends,
	isExpected = false,
}: {
	readonly shares: readonly number[];
	readonly backends: number;
	readonly isExpected?: boolean;
}) {
	let from = 0;
	return (
		<svg
			class={isExpected ? "expected" : "seen"}
			aria-hidden="true"
			viewBox="0 0 1000 1"
			preserveAspectRatio="none"
		>
			{shares.map((share, index) => {
				const x = from;
				from += share * 1000;
				return (
					share > 0 && (
						<rect
							key={index}
							class={index < backends ? colourClass(index) : "none"}
							x={x}
							width={share * 1000}
							height={1}
						/>
					)
				);
			})}
		</svg>
	);
}
