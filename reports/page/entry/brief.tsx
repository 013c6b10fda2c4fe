/** What keeps a scenario from holding, in its row: the same words that the terminal, JUnit and annotations have. */
import type { Reason } from "../../contract/report.ts";
import { firstLines } from "../../wording.ts";
import { Lines } from "../parts/scrolls.tsx";
import { RulePlace } from "./expectations.tsx";
import { WayWords } from "./way-words.tsx";

const SHOWN: ReadonlySet<Reason["parts"][number]["name"]> = new Set([
	"expected",
	"seen",
	"why",
	"unknown",
]);

/** A reason in the row of a scenario that is closed; behind it there is more. */
const MOST_SIGNS = 300;
const MOST_LINES = 6;

export function Brief({ reason }: { readonly reason: Reason }) {
	const { parts, sentence, rule, lines } = reason;
	return (
		<div class="brief">
			{parts.length === 0 && <p>{shortened(sentence)}</p>}
			{lines.length > 0 && (
				<Lines label="Why" text={firstLines(lines, MOST_LINES).join("\n")} />
			)}
			{parts.length > 0 && (
				<dl>
					{parts
						.filter(({ name }) => SHOWN.has(name))
						.map(({ name, text }) => (
							<div key={name} class={`of-${name}`}>
								<dt>{name}</dt>
								<dd>
									{name === "why"
										? text
												.split("\n")
												.map((line) => <WayWords key={line} text={line} />)
										: shortened(text)}
								</dd>
							</div>
						))}
				</dl>
			)}
			{rule !== null && <RulePlace rule={rule} />}
		</div>
	);
}

function shortened(text: string): string {
	return text.length <= MOST_SIGNS ? text : `${text.slice(0, MOST_SIGNS)}…`;
}
