/** GitHub's workflow commands: what does not hold is shown in the diff, at the rule that is to blame. */

import type { Reason, Report, RuleAt } from "../contract/report.ts";
import { fuzzChecks } from "./fuzz-checks.ts";
import { reasonsOf } from "./reasons.ts";
import { MOST_PER_LEVEL, workflowCommand } from "./workflow-command.ts";

/**
 * One line for each reason, `::error file=firewall/my.rules,line=5,title=…::expected …; seen …`:
 * errors, and warnings for what is unknown. Of many, those that stand in a file are chosen, and the
 * last one tells how many are not shown.
 * @param isThere whether the user has that file: built-in rules stand in none of his, and an
 * annotation on a file that is not there is shown nowhere
 */
export function githubAnnotations(
	report: Report,
	isThere: (file: string) => boolean,
): readonly string[] {
	const ofEntries = report.entries.flatMap((entry) =>
		reasonsOf(entry).map((reason): Found => {
			const { rule } = reason;
			const isShown = rule !== null && rule.file !== "" && isThere(rule.file);
			return {
				title: `${entry.name}: ${entry.title}`,
				reason,
				rule: isShown ? rule : null,
				replay: entry.replay,
			};
		}),
	);
	const found = [...ofEntries, ...ofChance(report)];
	const isUnknown = ({ reason }: Found) => reason.status === "unknown";
	return [
		...commands(
			"error",
			found.filter((one) => !isUnknown(one)),
		),
		...commands("warning", found.filter(isUnknown)),
	];
}

/** What else a fuzz has found is among the entries. */
function ofChance({ fuzz, command }: Report): readonly Found[] {
	const checks = fuzz === null ? [] : fuzzChecks(fuzz);
	return checks
		.filter(({ kind, status }) => kind === "chance" && status === "violated")
		.map(({ name, sentence, lines }) => ({
			title: `fuzz: ${name}`,
			reason: {
				status: "violated",
				parts: [],
				sentence: [sentence, ...lines].join("\n"),
			},
			rule: null,
			replay: command,
		}));
}

interface Found {
	readonly title: string;
	readonly reason: Pick<Reason, "status" | "sentence" | "parts">;
	/** The command that plays it once more. */
	readonly replay: string;
	/** In a file of the user's. */
	readonly rule: RuleAt | null;
}

function commands(
	level: "error" | "warning",
	found: readonly Found[],
): readonly string[] {
	const inFile = ({ rule }: Found) => rule !== null;
	const ordered = [
		...found.filter(inFile),
		...found.filter((one) => !inFile(one)),
	];
	const shown = ordered.slice(0, MOST_PER_LEVEL);
	const left = ordered.length - shown.length;
	return shown.map((one, index) => {
		const isLast = index === shown.length - 1;
		return command(
			level,
			one,
			isLast && left > 0 ? [`and ${left} more that are not shown here`] : [],
		);
	});
}

function command(
	level: "error" | "warning",
	{ title, reason, replay, rule }: Found,
	remarks: readonly string[],
): string {
	const { parts } = reason;
	const properties = {
		...(rule === null ? {} : { file: rule.file, line: String(rule.line) }),
		title,
	};
	const message = [
		reason.sentence,
		...parts
			.filter(({ name }) => name === "because")
			.map(({ text }) => `because ${text}`),
		...furtherReasons(parts),
		`replay: ${replay}`,
		...remarks,
	].join("\n");
	return workflowCommand(level, properties, message);
}

/** The first one stands in the sentence. */
function furtherReasons(parts: Reason["parts"]): readonly string[] {
	const why = parts.find(({ name }) => name === "why");
	return why === undefined ? [] : why.text.split("\n").slice(1);
}
