import type { RuleLine, WalkStep } from "../../contract/report.ts";
import { number } from "../parts/format.ts";
import { Scrolls } from "../parts/scrolls.tsx";

/** Rulesets of so many lines are shown without scrolling: what is below the edge, nobody sees. */
const MOST_WHOLE = 60;

/** Lines of a ruleset by place: in which steps of the way they were met. */
export type Lit = ReadonlyMap<string, readonly number[]>;

/** @param lines where another rule stands by now in the place of one that was met, none is lit */
export function litLines(
	walk: readonly WalkStep[],
	lines: readonly RuleLine[],
): Lit {
	const texts = new Map(
		lines.map(({ table, chain, number: place, text }) => [
			`${table} ${chain} ${place}`,
			text,
		]),
	);
	const lit = new Map<string, number[]>();
	for (const [index, step] of walk.entries()) {
		const place = placeOfStep(step);
		const isRule = step.text.startsWith("-A ");
		if (isRule && texts.get(place) !== step.text) continue;
		lit.set(place, [...(lit.get(place) ?? []), index + 1]);
	}
	return lit;
}

/** TRACE calls the end of a chain and a rule without conditions alike; whether a rule stands there, its text tells. */
function placeOfStep({ place, text }: WalkStep): string {
	const [table = "", chain = "", , numbered = ""] = place.split(":");
	return `${table} ${chain} ${text.startsWith("-A ") ? numbered : "0"}`;
}

/** Every rule with what it counted; those that the packet met are lit. */
export function RuleTable({
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
		<Scrolls
			label="Rules and their counters"
			isWhole={lines.length <= MOST_WHOLE}
		>
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
								? "unmatched"
								: "matched-rule"
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
											<span class="tag">not matched since it was loaded</span>
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
