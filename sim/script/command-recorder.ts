/** Writes a script's commands down as lines for iptables-restore. */
import type { Linux } from "../linux/linux.ts";
import type { DraftLine } from "../ruleset/fix/change.ts";
import type {
	Executor,
	ExpandedWord,
	IptablesCommand,
	RestoreCommand,
} from "./run/executor.ts";
import { Report } from "./run/report.ts";
import { TablePlayer } from "./table-player.ts";

/** A class because it is told command by command. */
export class CommandRecorder implements Executor {
	private readonly report: Report;
	private readonly tables = new Map<string, DraftLine[]>();
	/** What succeeds decides what stands behind `&&` and `||`; its faults are those of the lines, too. */
	private readonly unsaid = new Report("", "");
	private readonly player: TablePlayer;

	constructor(report: Report, linux: Linux) {
		this.report = report;
		this.player = new TablePlayer(this.unsaid, linux);
	}

	/** Tables in the order in which they were first named. */
	lines(): readonly DraftLine[] {
		const lines: DraftLine[] = [];
		for (const [table, own] of this.tables) {
			const origin = own[0]?.origin ?? 1;
			lines.push({ text: `*${table}`, origin }, ...own);
			lines.push({ text: "COMMIT", origin: own.at(-1)?.origin ?? 1 });
		}
		return [...lines, { text: "", origin: lines.at(-1)?.origin ?? 1 }];
	}

	iptables(given: IptablesCommand): boolean {
		const faultsBefore = this.unsaid.faults.length;
		const done = this.player.iptables({ ...given, fatal: false });
		const isFault = this.unsaid.faults.length > faultsBefore;
		if (!done && given.allowed && !isFault) return false;
		const { table, words } = withoutTable(given.words);
		const own = this.linesOf(table);
		const [first = "", second] = words;
		const changesNothing = /^-([LSCnvx]+|-list|-list-rules|-check)$/.test(
			first,
		);
		// A table begins empty here, too.
		const isEmptying =
			own.length === 0 && /^-[FXZ]$/.test(first) && second === undefined;
		if (!changesNothing && !isEmptying)
			own.push({
				text: words.map(quoted).join(" "),
				origin: this.report.lineAt(given.from),
			});
		return true;
	}

	restore(given: RestoreCommand): boolean {
		this.player.restore({ ...given, fatal: false });
		const adds = given.words.some(({ text }) => /^(-n|--noflush)$/.test(text));
		let own: DraftLine[] | null = null;
		for (const [index, text] of given.text.split("\n").entries()) {
			if (text.startsWith("*")) {
				own = this.linesOf(text.slice(1).trim());
				if (!adds) own.length = 0;
			} else if (text === "COMMIT") own = null;
			else if (text !== "")
				own?.push({ text, origin: given.firstLine + index });
		}
		return true;
	}

	settle(): boolean {
		return this.player.settle();
	}

	private linesOf(table: string): DraftLine[] {
		const known = this.tables.get(table);
		if (known !== undefined) return known;
		const lines: DraftLine[] = [];
		this.tables.set(table, lines);
		return lines;
	}
}

/** `-t` and `-w` are not for iptables-restore. */
function withoutTable(words: readonly ExpandedWord[]): {
	readonly table: string;
	readonly words: readonly string[];
} {
	let table = "filter";
	const rest: string[] = [];
	const texts = words.map(({ text }) => text);
	for (let index = 0; index < texts.length; index++) {
		const word = texts[index] ?? "";
		const next = texts[index + 1] ?? "";
		if (word === "-t" || word === "--table") {
			table = next;
			index++;
		} else if (/^--table=|^-t./.test(word))
			table = word.replace(/^--table=|^-t/, "");
		else if (/^(-w|--wait|-W|--wait-interval)$/.test(word)) {
			if (/^\d+$/.test(next)) index++;
		} else if (!/^(-w\d+|--wait(-interval)?=\d+)$/.test(word)) rest.push(word);
	}
	return { table, words: rest };
}

/** As iptables-restore reads it: double quotes alone hold together, and a backslash counts in them. */
function quoted(word: string): string {
	if (word !== "" && !/[\s"]/.test(word)) return word;
	return `"${word.replace(/[\\"]/g, "\\$&")}"`;
}
