/**
 * Repairs rules as people have them. Of a script comes what iptables-restore takes: its commands,
 * table by table, in their order, with the repairs of a file.
 */
import { DEFAULT_LINUX } from "../linux/linux.ts";
import type { Change, DraftLine } from "../ruleset/fix/change.ts";
import {
	type FixedLines,
	type FixOptions,
	fixLines,
} from "../ruleset/fix/fix.ts";
import { fixCharacters, fixLineEnd } from "../ruleset/fix/fix-characters.ts";
import { checkRules, isShellScript } from "./check-rules.ts";
import { CommandRecorder } from "./command-recorder.ts";
import { type Note, Report } from "./run/report.ts";
import { runShell } from "./run/run-shell.ts";

export interface FixedRules extends FixedLines {
	readonly notes: readonly Note[];
	readonly isScript: boolean;
	/** What the script does is not known: nothing was repaired, and `text` is the script. */
	readonly isRefused: boolean;
}

/** Rules or a script. */
export function fixRules(text: string, options: FixOptions = {}): FixedRules {
	const isScript = isShellScript(text);
	const lines = text
		.split("\n")
		.map((line, index): DraftLine => ({ text: line, origin: index + 1 }));
	if (!isScript)
		return {
			...fixLines(lines, options),
			notes: [],
			isScript,
			isRefused: false,
		};
	const changes: Change[] = [];
	const loads = checkRules(text, options).faults.length === 0;
	for (const line of loads ? [] : lines) {
		fixLineEnd(line, changes);
		fixCharacters(line, changes);
	}
	const script = lines.map((line) => line.text).join("\n");
	const report = new Report(script, options.file ?? "<text>");
	const recorder = new CommandRecorder(report, options.linux ?? DEFAULT_LINUX);
	runShell(script, recorder, report);
	const { faults } = report;
	const notes = report.notes();
	if (faults.length > 0)
		return {
			text,
			lines,
			changes: [],
			faults,
			notes,
			isScript,
			isRefused: true,
		};
	const written = {
		line: 1,
		before: "",
		after: "",
		what: "wrote the script's commands as a file for iptables-restore",
	};
	const fixed = fixLines(withRemarks(recorder.lines(), lines), options);
	return {
		...fixed,
		changes: [...changes, written, ...fixed.changes],
		notes,
		isScript,
		isRefused: false,
	};
}

/** What a comment says to marktwin, it says of the rules of the command below it, or of the whole file. */
const REMARK = /^\s*#.*\bmarktwin-(ignore(?:-file)?)\b/;

/** The lines of a script's commands, with the remarks that stand above them in the script. */
function withRemarks(
	commands: readonly DraftLine[],
	script: readonly DraftLine[],
): readonly DraftLine[] {
	const kindOf = ({ text }: DraftLine) => REMARK.exec(text)?.[1];
	const isComment = (line: DraftLine | undefined) =>
		line?.text.trimStart().startsWith("#") ?? false;
	const start = script.findIndex(
		(line) => line.text.trim() !== "" && !isComment(line),
	);
	const ofFile = script
		.slice(0, Math.max(0, start))
		.filter((line) => kindOf(line) === "ignore-file");
	const withOwn = commands.flatMap((line, index) => {
		// Those within a here-document are among the commands.
		const isRule = line.text.startsWith("-") && !isComment(commands[index - 1]);
		if (!isRule) return [line];
		let from = line.origin - 1;
		while (isComment(script[from - 1])) from--;
		const own = script
			.slice(from, line.origin - 1)
			.filter((one) => kindOf(one) === "ignore");
		return [...own.map((one) => ({ ...one })), line];
	});
	return [...ofFile, ...withOwn];
}
