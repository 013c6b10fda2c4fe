/**
 * A ruleset's text, line by line, as iptables-restore reads it (1.8.9, iptables/iptables-restore.c,
 * `ip46tables_restore_main`); after a line that it would refuse, reading goes on with the next.
 */

import type { Counters, TableName } from "../../contract/ruleset.ts";
import {
	OTHER_PROBLEM,
	PARAMETER_PROBLEM,
	Refusal,
} from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import type { Command } from "../base/command.ts";
import { LONGEST_LINE, noWords, splitWords } from "../base/lexer.ts";
import type { Fault } from "../base/ruleset-error.ts";
import { isTableName, TABLE_HOOKS } from "../base/tables.ts";
import { LineParser } from "../line/line-parser.ts";
import { optionName } from "../line/option-name.ts";
import { faultAt, faultOfLine, faultOfRefusal, type Place } from "./fault.ts";
import { outsideRemedy } from "./guess-table.ts";
import { Origins } from "./origin-remark.ts";
import {
	readChainLine,
	readRuleCounters,
	readTableLine,
	unknownTable,
} from "./read-chain-line.ts";

/** What a line of the text says; lines that say nothing, and comments, are left out. */
export type Statement =
	| { readonly kind: "table"; readonly name: TableName }
	| {
			readonly kind: "command";
			readonly command: Command;
			readonly place: PlaceNow;
	  }
	| {
			readonly kind: "commit";
			readonly place: PlaceNow;
			/** Any line of the text. */
			readonly placeOf: (line: number) => Place;
	  }
	/** What iptables-restore refuses about a line. */
	| { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** The line of a statement, until the next one is read: only faults need it. */
type PlaceNow = () => Place;

export interface ReadOptions {
	readonly file: string;
	/** What iptables does where its versions differ. */
	readonly behaviour: Behaviour;
	/** `iptables-restore -c`: malformed counters of a policy are refused. */
	readonly strictCounters: boolean;
	/** `iptables-restore` without `-c` passes over `[packets:bytes]`; what a rule says by `-c` counts. */
	readonly ignoreCounters: boolean;
	/** Number of the first line; 1 when left out. */
	readonly firstLine?: number;
}

/** The statements of a text, in the order of its lines. A table without COMMIT ends in a fault. */
export function* readScript(
	text: string,
	options: ReadOptions,
): Generator<Statement, void> {
	const reader = new ScriptReader(text, options);
	let from = 0;
	let line = (options.firstLine ?? 1) - 1;
	while (from < text.length) {
		const newline = text.indexOf("\n", from);
		const to = newline < 0 ? text.length : newline;
		line++;
		const statement = reader.line(line, from, to, newline >= 0);
		if (statement !== null) yield statement;
		from = to + 1;
	}
	const last = reader.end(line);
	if (last !== null) yield last;
}

const HASH = 35;
const STAR = 42;
const COLON = 58;
const BRACKET = 91;

/** A class because it is a reader's state: which table it is in, what it has read. */
class ScriptReader {
	private readonly source: string;
	private readonly anyNul: boolean;
	private readonly options: ReadOptions;
	private readonly parser = new LineParser();
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

	constructor(source: string, options: ReadOptions) {
		this.source = source;
		this.anyNul = source.includes("\0");
		this.options = options;
	}

	line(
		number: number,
		from: number,
		to: number,
		complete: boolean,
	): Statement | null {
		this.lineNumber = this.origins.of(number);
		this.lineFrom = from;
		this.lineTo = to;
		const first = this.source.charCodeAt(from);
		if (from === to && complete) return null;
		if (first === HASH && to - from < 3000) {
			this.origins.readComment(this.source.slice(from, to), number);
			return null;
		}
		if (to - from > LONGEST_LINE / 3 || this.anyNul) {
			const place = this.place();
			const fault = faultOfLength(place) ?? faultOfNul(place);
			if (fault !== null) return { kind: "faults", faults: [fault] };
		}
		try {
			if (this.state === "outside") {
				if (first === STAR) return this.beginTable();
				return first === HASH ? null : this.outside();
			}
			if (this.isCommit(complete)) return this.commit();
			if (first === COLON) return this.chain();
			return first === HASH ? null : this.rule();
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			return { kind: "faults", faults: this.faultsOf(error) };
		}
	}

	/** What is wrong behind the last line. */
	end(lines: number): Statement | null {
		if (this.state === "outside") return null;
		const fault = faultAt(
			{ ...this.place(), line: lines + 1, text: "" },
			0,
			0,
			{
				code: "no-commit",
				message: `COMMIT expected at line ${lines + 1}`,
				remedy: `Close the table ${this.tableName} of line ${this.tableLine} with a line COMMIT.`,
				exitCode: OTHER_PROBLEM,
				from: "iptables-restore",
			},
		);
		return { kind: "faults", faults: [fault] };
	}

	private readonly place = (): Place => ({
		file: this.options.file,
		line: this.lineNumber,
		text: this.source.slice(this.lineFrom, this.lineTo),
	});

	/** Any line; slow the first time, which only a fault needs. */
	private readonly placeOf = (line: number): Place => {
		this.lines ??= this.source.split("\n");
		const at = this.origins.standsAt(line);
		const text = this.lines[at - (this.options.firstLine ?? 1)] ?? "";
		return { file: this.options.file, line, text };
	};

	/** A line may have several faults. */
	private faultsOf(error: Refusal): readonly Fault[] {
		const { parser } = this;
		const place = this.place();
		const all = parser.refusals[0] === error ? parser.refusals : [error];
		return all.map((refusal) =>
			faultOfRefusal(place, this.words, refusal, parser.word),
		);
	}

	/** A fault of the whole line. */
	private wrong(
		{ code, exitCode }: Pick<Fault, "code" | "exitCode">,
		message: string,
		remedy: string,
	): Statement {
		const from = "iptables-restore";
		const what = { code, message, remedy, exitCode, from } as const;
		return { kind: "faults", faults: [faultOfLine(this.place(), what)] };
	}

	private isCommit(complete: boolean): boolean {
		return (
			(complete ||
				this.options.behaviour.unendedCommit === "the end of the table") &&
			this.lineTo - this.lineFrom === 6 &&
			this.source.startsWith("COMMIT", this.lineFrom)
		);
	}

	private beginTable(): Statement {
		const name = readTableLine(
			this.source.slice(this.lineFrom + 1, this.lineTo),
		);
		this.tableName = name ?? "";
		this.tableLine = this.lineNumber;
		if (name !== undefined && isTableName(name)) {
			this.state = "inside";
			return { kind: "table", name };
		}
		this.state = "lost";
		return this.wrong(
			{ code: "unknown-table", exitCode: PARAMETER_PROBLEM },
			...unknownTable(name, this.lineNumber, this.options.behaviour),
		);
	}

	/** A line that is no comment and stands in no table. */
	private outside(): Statement {
		const text = this.source.slice(this.lineFrom, this.lineTo);
		return this.wrong(
			{ code: "outside-table", exitCode: OTHER_PROBLEM },
			`line ${this.lineNumber} failed`,
			outsideRemedy(text),
		);
	}

	private commit(): Statement | null {
		const { state } = this;
		this.state = "outside";
		return state === "inside"
			? { kind: "commit", place: this.place, placeOf: this.placeOf }
			: null;
	}

	/** A command, unless the table does not exist. */
	private said(command: Command): Statement | null {
		return this.state === "inside"
			? { kind: "command", command, place: this.place }
			: null;
	}

	/** `:CHAIN POLICY [packets:bytes]`. */
	private chain(): Statement | null {
		const { lineNumber, words } = this;
		words.count = 0;
		const line = this.source.slice(this.lineFrom + 1, this.lineTo);
		const declared = readChainLine(line, lineNumber, this.options.behaviour);
		const { chain, policy, counters } = declared;
		if (counters === null && this.mustCount(declared))
			throw new Refusal(
				`invalid policy counters for chain '${chain}'`,
				"Write `[packets:bytes]`, without a blank.",
			);
		this.announced.add(chain);
		return this.said({
			kind: "chain",
			line: lineNumber,
			chain,
			policy,
			counters: this.options.ignoreCounters ? null : counters,
		});
	}

	/** Is something else than counters behind a policy refused? */
	private mustCount({
		chain,
		policy,
		hasMore,
	}: ReturnType<typeof readChainLine>): boolean {
		const { strictCounters, behaviour } = this.options;
		const { tableName } = this;
		const isAsked =
			behaviour.commands === "at once"
				? policy !== "-"
				: isTableName(tableName) &&
					TABLE_HOOKS[tableName].some((hook) => hook === chain);
		if (!isAsked) return false;
		return (
			strictCounters || (hasMore && behaviour.oddPolicyCounters === "always")
		);
	}

	private rule(): Statement | null {
		const { source, lineFrom, lineTo, words, lineNumber } = this;
		let [from, to] = [lineFrom, lineTo];
		let counters: Counters | null = null;
		words.count = 0;
		if (source.charCodeAt(from) === BRACKET) {
			const line = source.slice(from, to);
			const { strictCounters, behaviour } = this.options;
			const name = strictCounters ? optionName("c", behaviour) : null;
			const counted = readRuleCounters(line, lineNumber, name);
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
			behaviour: this.options.behaviour,
		};
		words.lineStart = lineFrom;
		splitWords(source, from, to, words);
		const command = this.parser.parse(words, context);
		if (command.kind === "new-chain") this.announced.add(command.chain);
		if ("rules" in command) {
			this.multiplied += command.rules.length - 1;
			checkMultiplied(this.multiplied);
		}
		return this.said(command);
	}
}

/** Rules of a text beyond one for each line. */
const MOST_MULTIPLIED = 1_000_000;

/** A line longer than iptables-restore reads at once. */
function faultOfLength(place: Place): Fault | null {
	const length = octets(place.text);
	if (length <= LONGEST_LINE) return null;
	return faultOfLine(place, {
		code: "bad-line",
		message: `line ${place.line} has ${length} octets`,
		remedy: `iptables-restore reads at most ${LONGEST_LINE} of a line and takes the rest for another line: split it.`,
		// What the rest of the line says decides.
		exitCode: null,
		from: "iptables-restore",
	});
}

/** C's strings end at a NUL: the rest of the line would be lost without a word. */
function faultOfNul(place: Place): Fault | null {
	const at = place.text.indexOf("\0");
	if (at < 0) return null;
	return faultAt(place, at, at + 1, {
		code: "bad-line",
		message: "a NUL octet in the line",
		remedy:
			"iptables-restore would silently ignore the rest of the line: take the NUL away.",
		exitCode: null,
		from: "marktwin",
	});
}

/**
 * Lists of addresses make several rules of one line, and many such lines make more than memory holds.
 * @param multiplied rules of the text so far, less one for each line
 * @throws Refusal
 */
function checkMultiplied(multiplied: number): void {
	if (multiplied > MOST_MULTIPLIED)
		throw new Refusal(
			`the lists behind -s and -d make more than ${MOST_MULTIPLIED} rules of this text`,
			"Match a set (`-m set`), or jump to a chain that has a rule for each destination.",
			0,
			{ from: "marktwin" },
		);
}
