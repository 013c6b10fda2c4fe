/** One of GitHub's workflow commands. */
import { visible } from "../visible.ts";

/** GitHub shows that many of each level for a step (`_maxCountPerIssueType`, actions/runner). */
export const MOST_PER_LEVEL = 10;

/** `::error file=my.rules,line=5,title=…::message`. What texts hold speaks to no runner. */
export function workflowCommand(
	level: "error" | "warning" | "notice",
	properties: Readonly<Record<string, string>>,
	message: string,
): string {
	const written = Object.entries(properties).map(
		([name, value]) => `${name}=${escapeProperty(visible(value))}`,
	);
	return `::${level} ${written.join(",")}::${escapeData(visible(message))}`;
}

/** As GitHub's own toolkit does (`escapeData`, actions/toolkit core/src/command.ts). */
function escapeData(text: string): string {
	return text
		.replaceAll("%", "%25")
		.replaceAll("\r", "%0D")
		.replaceAll("\n", "%0A");
}

/** `escapeProperty` of the same file. */
function escapeProperty(text: string): string {
	return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
