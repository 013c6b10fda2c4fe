/** Rules that nothing was shown of. */
import type {
	CoverageOfRules,
	RuleCoverageView,
} from "../contract/report-proof.ts";
import { counted, coverageWords, number } from "../wording.ts";

/** Rulesets that are listed at once; the others are folded. */
const MOST_LISTED = 10;

/** `recipe.rules: 4 of 24 rules matched no packet, in 8 scenarios`. */
export function RuleCoverage({
	coverage: { whole, shown, omitted },
}: {
	readonly coverage: CoverageOfRules;
}) {
	const folded = shown.slice(MOST_LISTED);
	return (
		<section class="beyond" aria-labelledby="-coverage">
			<h2 id="-coverage">Rules that matched no packet</h2>
			{shown.slice(0, MOST_LISTED).map((one, index) => (
				<Unmatched key={index} ruleset={one} />
			))}
			{folded.length > 0 && (
				<details>
					<summary>{counted(folded.length + omitted, "more ruleset")}</summary>
					{folded.map((one, index) => (
						<Unmatched key={index} ruleset={one} />
					))}
					{omitted > 0 && <p class="remark">… and {number(omitted)} more.</p>}
				</details>
			)}
			{whole > 0 && (
				<p>
					{counted(whole, shown.length > 0 ? "other ruleset" : "ruleset")}:
					every rule matched a packet.
				</p>
			)}
		</section>
	);
}

function Unmatched({ ruleset }: { readonly ruleset: RuleCoverageView }) {
	const { unmatched, shown } = ruleset;
	return (
		<details>
			<summary>{coverageWords(ruleset)}</summary>
			<ul class="rules-alone">
				{shown.map(({ line, text }, at) => (
					<li key={at}>
						{line > 0 && <span class="label">line {line} </span>}
						<code>{text}</code>
					</li>
				))}
				{unmatched > shown.length && (
					<li class="remark">… and {number(unmatched - shown.length)} more</li>
				)}
			</ul>
		</details>
	);
}
