import type { Status } from "../../contract/report.ts";
import { SIGNS } from "../../wording.ts";

/** A sign, and the word for those who do not see it. */
export function Sign({
	status,
	word,
	isTrap = false,
}: {
	readonly status: Status;
	readonly word: string;
	/** It holds as it is told, and what is told is that the ruleset does wrong. */
	readonly isTrap?: boolean;
}) {
	const shows = isTrap && status === "holds" ? "trap" : status;
	return (
		<span
			class={`sign ${shows}`}
			title={shows === "trap" ? `${word}; shows a trap` : word}
		>
			<span aria-hidden="true">{shows === "trap" ? "▲" : SIGNS[status]}</span>
			<span class="unseen">
				{shows === "trap" ? `${word}, shows a trap` : word}
			</span>
		</span>
	);
}
