import type { Status } from "../../contract/report.ts";
import { SIGNS } from "../../wording.ts";

/** A sign, and the word for those who do not see it. */
export function Sign({
	status,
	word,
	isSaid = false,
	isTrap = false,
	isAssumed = false,
}: {
	readonly status: Status;
	readonly word: string;
	/** The word stands beside it for everybody. */
	readonly isSaid?: boolean;
	/** It holds as it is told, and what is told is that the ruleset does wrong. */
	readonly isTrap?: boolean;
	/** It rests on what was assumed of matches that the model does not know. */
	readonly isAssumed?: boolean;
}) {
	const shows = isTrap && status === "holds" ? "trap" : status;
	const more = [
		...(shows === "trap" ? ["shows a trap"] : []),
		...(isAssumed ? ["rests on an assumption"] : []),
	];
	const sign = (
		<span aria-hidden="true">
			{shows === "trap" ? "▲" : SIGNS[status]}
			{isAssumed && "*"}
		</span>
	);
	if (isSaid)
		return (
			<>
				<span class={`sign ${shows}`}>{sign}</span> {[word, ...more].join(", ")}
			</>
		);
	return (
		<span class={`sign ${shows}`} title={[word, ...more].join("; ")}>
			{sign}
			<span class="unseen">{[word, ...more].join(", ")}</span>
		</span>
	);
}
