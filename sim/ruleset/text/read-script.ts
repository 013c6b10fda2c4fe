/**
 * A ruleset's text, line by line, as iptables-restore reads it (1.8.9, iptables/iptables-restore.c,
 * `ip46tables_restore_main`); after a line that it would refuse, reading goes on with the next.
 */

import type { Counters, TableName } from "../../contract/ruleset.ts";
import { Refusal } from "../../extension/refusal.ts";
import { matches } from "../../matches/index.ts";
import { targets } from "../../targets/index.ts";
import type { Command } from "../base/command.ts";
import { LONGEST_LINE, noWords, splitWords } from "../base/lexer.ts";
import type { Fault } from "../base/ruleset-error.ts";
import { isTableName } from "../base/tables.ts";
import { LineParser } from "../line/line-parser.ts";
import { CommandFailure } from "../table/table-state.ts";
import { checkMultiplied, faultOfLength, faultOfNul } from "./check-line.ts";
import {
	faultAt,
	faultOfFailure,
	faultOfLine,
	faultOfRefusal,
	type Place,
} from "./fault.ts";
import { outsideRemedy } from "./guess-table.ts";
import { Origins } from "./origin-remark.ts";
import {
	readChainLine,
	readRuleCounters,
	readTableLine,
	unknownTable,
} from "./read-chain-line.ts";

/** Is told what the text says, line by line. */
export interface ScriptSink {
	beginTable(name: TableName, line: number): void;
	/** @throws CommandFailure when it cannot be carried out */
	command(command: Command): void;
	/** @returns what the kernel finds wrong with the table */
	commit(place: Place, lineAt: (line: number) => Place): readonly Fault[];
	/** The table is not to be loaded, because its COMMIT is missing. */
	abandon(): void;
}

export interface ReadOptions {
	readonly file: string;
	/** `iptables-restore -c`: malformed counters of a policy are refused. */
	readonly strictCounters: boolean;
	/** `iptables-restore` without `-c` passes over `[packets:bytes]`; what a rule says by `-c` counts. */
	readonly ignoreCounters: boolean;
	/** Ends where iptables-restore would, instead of going on with the next line. */
	readonly untilFault: boolean;
	/** Number of the first line; 1 when left out. */
	readonly firstLine?: number;
}

/** @returns all faults, in the order of their lines; with `untilFault` those of the first line that has any */
export function readScript(
	text: string,
	options: ReadOptions,
	sink: ScriptSink,
): readonly Fault[] {
	const reader = new ScriptReader(text, options, sink);
	let from = 0;
	let line = (options.firstLine ?? 1) - 1;
	while (from < text.length) {
		const newline = text.indexOf("\n", from);
		const to = newline < 0 ? text.length : newline;
		line++;
		reader.line(line, from, to, newline >= 0);
		if (options.untilFault && reader.faults.length > 0) return reader.faults;
		from = to + 1;
	}
	reader.end(line);
	return reader.faults;
}

const HASH = 35;
const STAR = 42;
const COLON = 58;
const BRACKET = 91;

const parser = new LineParser({ matches, targets });

/** A class because it is a reader's state: which table it is in, what it has met. */
class ScriptReader {
	readonly faults: Fault[] = [];
	private readonly source: string;
	private readonly anyNul: boolean;
	private readonly options: ReadOptions;
	private readonly sink: ScriptSink;
	private readonly words = noWords();
	private readonly announced = new Set<string>();
	/** "outside"; "lost": in a table that does not exist. */
	private state: "outside" | "inside" | "lost" = "outside";
	private tableName = "";
	private tableLine = 0;
	private multiplied = 0;
	private lineNumber = 0;
	private lineFrom = 0;
	private lineTo = 0;
	private lines: readonly string[] | null = null;
	private readonly origins = new Origins();

	constructor(source: string, options: ReadOptions, sink: ScriptSink) {
		this.source = source;
		this.anyNul = source.includes("\0");
		this.options = options;
		this.sink = sink;
	}

	line(number: number, from: number, to: number, complete: boolean): void {
		this.lineNumber = this.origins.of(number);
		this.lineFrom = from;
		this.lineTo = to;
		const first = this.source.charCodeAt(from);
		if (from === to && complete) return;
		if (first === HASH && to - from < 3000) {
			this.origins.readComment(this.source.slice(from, to), number);
			return;
		}
		if (
			to - from > LONGEST_LINE / 3 &&
			this.isWrong(faultOfLength(this.place()))
		)
			return;
		if (this.anyNul && this.isWrong(faultOfNul(this.place()))) return;
		try {
			if (this.state === "outside") {
				if (first === STAR) this.beginTable();
				else if (first !== HASH) this.outside();
			} else if (this.isCommit(complete)) this.commit();
			else if (first === COLON) this.chain();
			else if (first !== HASH) this.rule();
		} catch (error) {
			this.fault(error);
		}
	}

	end(lines: number): void {
		if (this.state === "outside") return;
		if (this.state === "inside") this.sink.abandon();
		this.faults.push(
			faultAt({ ...this.place(), line: lines + 1, text: "" }, 0, 0, {
				code: "no-commit",
				message: `COMMIT expected at line ${lines + 1}`,
				remedy: `Close the table ${this.tableName} of line ${this.tableLine} with a line COMMIT.`,
				from: "iptables-restore",
			}),
		);
	}

	private place(): Place {
		return {
			file: this.options.file,
			line: this.lineNumber,
			text: this.source.slice(this.lineFrom, this.lineTo),
		};
	}

	/** Any line; slow the first time, which only a fault needs. */
	private placeOf(line: number): Place {
		this.lines ??= this.source.split("\n");
		const at = this.origins.standsAt(line);
		const text = this.lines[at - (this.options.firstLine ?? 1)] ?? "";
		return { file: this.options.file, line, text };
	}

	/** Notes what was thrown; a line may have several faults. */
	private fault(error: unknown): void {
		const place = this.place();
		if (error instanceof CommandFailure) {
			this.faults.push(faultOfFailure(place, error, "restore"));
			return;
		}
		if (!(error instanceof Refusal)) throw error;
		const all = parser.refusals[0] === error ? parser.refusals : [error];
		for (const refusal of all)
			this.faults.push(faultOfRefusal(place, this.words, refusal, parser.word));
	}

	/** Notes a fault of the whole line. */
	private wrong(code: Fault["code"], message: string, remedy: string): void {
		this.faults.push(
			faultOfLine(this.place(), {
				code,
				message,
				remedy,
				from: "iptables-restore",
			}),
		);
	}

	private isCommit(complete: boolean): boolean {
		return (
			complete &&
			this.lineTo - this.lineFrom === 6 &&
			this.source.startsWith("COMMIT", this.lineFrom)
		);
	}

	private beginTable(): void {
		const name = readTableLine(
			this.source.slice(this.lineFrom + 1, this.lineTo),
		);
		this.tableName = name ?? "";
		this.tableLine = this.lineNumber;
		if (name !== undefined && isTableName(name)) {
			this.state = "inside";
			this.sink.beginTable(name, this.lineNumber);
			return;
		}
		this.state = "lost";
		this.wrong("unknown-table", ...unknownTable(name, this.lineNumber));
	}

	/** A line that is no comment and stands in no table. */
	private outside(): void {
		const text = this.source.slice(this.lineFrom, this.lineTo);
		this.wrong(
			"outside-table",
			`line ${this.lineNumber} failed`,
			outsideRemedy(text),
		);
	}

	private commit(): void {
		if (this.state === "inside")
			for (const fault of this.sink.commit(this.place(), (line) =>
				this.placeOf(line),
			))
				this.faults.push(fault);
		this.state = "outside";
	}

	/** `:CHAIN POLICY [packets:bytes]`. */
	private chain(): void {
		const { lineNumber, words } = this;
		words.count = 0;
		const line = this.source.slice(this.lineFrom + 1, this.lineTo);
		const declared = readChainLine(line, lineNumber);
		const { chain, policy, counters } = declared;
		if (policy !== "-" && counters === null && this.options.strictCounters)
			throw new Refusal(
				`invalid policy counters for chain '${chain}'`,
				"Write `[packets:bytes]`, without a blank.",
			);
		this.announced.add(chain);
		if (this.state === "inside")
			this.sink.command({
				kind: "chain",
				line: lineNumber,
				chain,
				policy,
				counters: this.options.ignoreCounters ? null : counters,
			});
	}

	private rule(): void {
		const { source, lineFrom, lineTo, words, lineNumber } = this;
		let [from, to] = [lineFrom, lineTo];
		let counters: Counters | null = null;
		words.count = 0;
		if (source.charCodeAt(from) === BRACKET) {
			const line = source.slice(from, to);
			const { strictCounters } = this.options;
			const counted = readRuleCounters(line, lineNumber, strictCounters);
			({ counters } = counted);
			to = from + counted.to;
			from += counted.from;
		}
		const context = {
			line: lineNumber,
			table: this.tableName,
			restore: true,
			announced: this.announced,
			counters: this.options.ignoreCounters ? null : counters,
			countersAreOption: counters !== null && this.options.strictCounters,
		};
		splitWords(source, lineFrom, from, to, words);
		const command = parser.parse(words, context);
		if ("rules" in command) {
			this.multiplied += command.rules.length - 1;
			checkMultiplied(this.multiplied);
		}
		if (this.state === "inside") this.sink.command(command);
	}

	/** Notes a fault of the line as it stands, if there is one. */
	private isWrong(fault: Fault | null): boolean {
		if (fault !== null) this.faults.push(fault);
		return fault !== null;
	}
}
