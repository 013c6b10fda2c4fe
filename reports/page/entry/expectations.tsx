import type { Entry, ExpectationView, RuleAt } from "../../contract/report.ts";
import { connectionNumbers, emptyWords, whyLines } from "../../wording.ts";
import { Lines, Scrolls } from "../parts/scrolls.tsx";
import { Sign } from "../parts/status.tsx";
import type { Followed } from "./connections.tsx";
import { WayWords } from "./way-words.tsx";

/** What was expected and what was seen, with the numbers. */
export function Expectations({
	entry,
	followed,
}: {
	readonly entry: Entry;
	readonly followed: Followed;
}) {
	const { expectations } = entry;
	if (expectations.length === 0)
		return <p class="remark">{emptyWords(entry)}</p>;
	return (
		<section>
			<h4>Expected and seen</h4>
			<Scrolls label="Expectations">
				<table class="expectations">
					<thead>
						<tr>
							<th scope="col">
								<span class="unseen">outcome</span>
							</th>
							<th scope="col">expected</th>
							<th scope="col">seen</th>
							<th scope="col">because</th>
						</tr>
					</thead>
					<tbody>
						{expectations.map((one, index) => (
							<tr key={index}>
								<td>
									<Sign status={one.status} word={one.status} />
								</td>
								<td data-label="expected">{one.expected}</td>
								<td data-label="seen">
									<Seen expectation={one} followed={followed} />
								</td>
								<td data-label="because">{one.because}</td>
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
		</section>
	);
}

/** Where it does not hold, also by which connections, and which rule to look at. */
function Seen({
	expectation,
	followed,
}: {
	readonly expectation: ExpectationView;
	readonly followed: Followed;
}) {
	const { seen, status, rule, connections } = expectation;
	const shown = connectionNumbers(expectation);
	return (
		<>
			<Long text={seen} />
			{status === "violated" && shown !== "" && (
				<>
					{" "}
					(
					<button
						type="button"
						class="link"
						onClick={() => followed.onConnections([...connections])}
					>
						{shown}
					</button>
					)
				</>
			)}
			{status === "violated" && <Why lines={whyLines(expectation)} />}
			{status !== "holds" && rule !== null && <RulePlace rule={rule} />}
		</>
	);
}

/** The path of those that failed, in words. */
function Why({ lines }: { readonly lines: readonly string[] }) {
	if (lines.length === 0) return null;
	return (
		<ul class="why" aria-label="Why">
			{lines.map((line) => (
				<li key={line}>
					<WayWords text={line} />
				</li>
			))}
		</ul>
	);
}

/** Lines and signs of a text that stand in the table at once. */
const MOST_LINES = 3;
const MOST_SIGNS = 600;

/** The beginning of a long text; the whole is folded. */
function Long({ text }: { readonly text: string }) {
	const lines = text.split("\n");
	if (lines.length <= MOST_LINES && text.length <= MOST_SIGNS)
		return <span class="said">{text}</span>;
	const beginning = lines.slice(0, MOST_LINES).join("\n").slice(0, MOST_SIGNS);
	return (
		<>
			<span class="said">{beginning} …</span>
			<details>
				<summary>all of it</summary>
				<Lines label="All that was seen" text={text} />
			</details>
		</>
	);
}

/** `mangle:MAILMARK:rule:2 my.rules:5`, and the rule itself. */
export function RulePlace({ rule }: { readonly rule: RuleAt }) {
	return (
		<p class="rule-place">
			<span class="label">rule</span> <code>{rule.place}</code>
			{rule.file !== "" && (
				<>
					{" "}
					<code>
						{rule.file}:{rule.line}
					</code>
				</>
			)}
			{rule.text !== "" && <code class="rule-text">{rule.text}</code>}
		</p>
	);
}
