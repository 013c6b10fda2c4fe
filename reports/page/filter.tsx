import type { Status } from "../contract/report.ts";
import type { EntryRow, PageHead } from "../contract/report-page.ts";
import { number, statusWord, WORST_FIRST } from "../wording.ts";
import { counted } from "./parts/format.ts";

export interface Filter {
	readonly text: string;
	/** `null`: every one. */
	readonly status: Status | null;
	/** "": every one. */
	readonly suite: string;
	/** Only those that show a trap. */
	readonly isTrap: boolean;
}

export const NO_FILTER: Filter = {
	text: "",
	status: null,
	suite: "",
	isTrap: false,
};

/** Does it leave anything out? */
export function isFiltering({ text, status, suite, isTrap }: Filter): boolean {
	return text.trim() !== "" || status !== null || suite !== "" || isTrap;
}

/** Every word has to stand somewhere in what the scenario says of itself. */
export function matchesFilter(entry: EntryRow, filter: Filter): boolean {
	if (filter.status !== null && entry.status !== filter.status) return false;
	if (filter.suite !== "" && entry.suite !== filter.suite) return false;
	const { name, suite, title, story, trap } = entry;
	if (filter.isTrap && trap === null) return false;
	const ofTrap = trap === null ? "" : `trap ${trap}`;
	const said = [name, suite, title, story, ofTrap].join(" ").toLowerCase();
	return filter.text
		.toLowerCase()
		.split(/\s+/)
		.every((word) => said.includes(word));
}

export function FilterBar({
	report,
	filter,
	shown,
	onFilter,
}: {
	readonly report: PageHead;
	readonly filter: Filter;
	/** So many fit. */
	readonly shown: number;
	readonly onFilter: (filter: Filter) => void;
}) {
	const { entries, isComparison } = report;
	const suites = [...new Set(entries.map(({ suite }) => suite))];
	const choices = [null, ...WORST_FIRST].flatMap((status) => {
		const many = entries.filter(
			(entry) => status === null || entry.status === status,
		).length;
		return many === 0 ? [] : [{ status, many }];
	});
	const traps = entries.filter(({ trap }) => trap !== null).length;
	return (
		<search>
			<form class="filter" onSubmit={(event) => event.preventDefault()}>
				<label>
					<span class="unseen">Filter by text</span>
					<input
						type="search"
						placeholder="Filter by text"
						value={filter.text}
						onInput={(event) =>
							onFilter({ ...filter, text: event.currentTarget.value })
						}
					/>
				</label>
				<label>
					<span class="unseen">Suite</span>
					<select
						value={filter.suite}
						onChange={(event) =>
							onFilter({ ...filter, suite: event.currentTarget.value })
						}
					>
						<option value="">every suite</option>
						{suites.map((suite) => (
							<option key={suite} value={suite}>
								{suite}
							</option>
						))}
					</select>
				</label>
				<fieldset>
					<legend class="unseen">Outcome</legend>
					{choices.map(({ status, many }) => (
						<button
							key={status}
							type="button"
							class={`choice ${status ?? "all"}`}
							aria-pressed={filter.status === status}
							onClick={() => onFilter({ ...filter, status })}
						>
							{status === null ? "all" : statusWord(status, { isComparison })}{" "}
							{number(many)}
						</button>
					))}
				</fieldset>
				{traps > 0 && (
					<button
						type="button"
						class="choice"
						aria-pressed={filter.isTrap}
						onClick={() => onFilter({ ...filter, isTrap: !filter.isTrap })}
					>
						<span aria-hidden="true">▲ </span>
						{counted(traps, "trap")}
					</button>
				)}
				<p role="status" class="shown">
					{number(shown)} of {number(entries.length)} shown
				</p>
			</form>
		</search>
	);
}
