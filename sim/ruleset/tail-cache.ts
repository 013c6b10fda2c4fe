/**
 * Rules repeat themselves: behind heads that differ (`-A CHAIN -s … -p …`) stand the same few
 * hundred tails, ` -m mark --mark 0x0 -j MARK --set-mark 1`. What a tail means is kept by its text,
 * so that most lines need only their heads read word by word. It is an accelerator and nothing
 * else: whatever is unusual about a line, it is read the ordinary way (`line-parser.ts`).
 */

import type { LineContext } from "./base-options.ts";
import { splitWords, type Words } from "./lexer.ts";
import type { LineParser } from "./line-parser.ts";
import type { MatchUse, TargetUse } from "./ruleset.ts";
import type { Command } from "./script.ts";

/** What a tail means behind a head with this protocol. */
export interface Tail {
	readonly protocol: number;
	readonly protocolInverted: boolean;
	readonly matches: readonly MatchUse[];
	readonly target: TargetUse | null;
	/** The name behind `-j`, or "". */
	readonly jump: string;
}

/** Tails that are kept; then all are forgotten, so that no input can fill the memory. */
const MOST_TAILS = 20_000;
/** New tails in a row, so to speak, after which only every 16th line is looked up. */
const MOST_IN_VAIN = 5000;

const tails = new Map<string, Tail>();

/** A class because it walks one text from its beginning to its end. */
export class TailCache {
	private readonly source: string;
	private readonly parser: LineParser;
	/** Where the next quote, ` -m ` and ` -j ` stand: looked for once for many lines. */
	private quote = -1;
	private dashM = -1;
	private dashJ = -1;
	/** Of the line at hand: where its tail begins, its blank left out, and its text; "" without one. */
	private tailFrom = 0;
	private inVain = 0;
	private tail = "";

	constructor(source: string, parser: LineParser) {
		this.source = source;
		this.parser = parser;
	}

	/**
	 * Reads a line whose tail is known.
	 * @param words is used for the head's words
	 * @returns `null` when it has to be read the ordinary way
	 */
	parse(
		lineFrom: number,
		from: number,
		to: number,
		words: Words,
		context: LineContext,
	): Command | null {
		// Where tails differ all the time, looking them up only costs: now and then is enough.
		if (this.inVain > MOST_IN_VAIN && (context.line & 15) !== 0) {
			this.tail = "";
			return null;
		}
		this.cut(from, to);
		const known = this.tail === "" ? undefined : tails.get(this.tail);
		if (known === undefined) {
			this.inVain++;
			return null;
		}
		this.inVain = Math.max(this.inVain - 16, 0);
		splitWords(this.source, lineFrom, from, this.tailFrom, words);
		return this.parser.parseHead(words, known, context);
	}

	/** Keeps the tail of the line that was just read the ordinary way, if it means the same elsewhere. */
	remember(command: Command, lineFrom: number, words: Words): void {
		const { tail, parser } = this;
		const { tailWord } = parser;
		if (tail === "" || tailWord === null || command.kind !== "append") return;
		const [rule] = command.rules;
		if (rule === undefined) return;
		// The ` -m ` that was found must be the option, not some other option's argument.
		if ((words.start[tailWord] ?? -1) + lineFrom !== this.tailFrom) return;
		if (tails.size >= MOST_TAILS) tails.clear();
		const { protocol, protocolInverted } = rule.header;
		tails.set(tail, {
			protocol,
			protocolInverted,
			matches: rule.matches.slice(parser.headMatches),
			target: rule.target,
			jump: parser.jumpName(),
		});
	}

	/** Finds where the tail begins. A line with quotes is taken to have none. */
	private cut(from: number, to: number): void {
		this.tail = "";
		if (this.quote < from) this.quote = this.next('"', from);
		if (this.quote < to) return;
		if (this.dashJ < from) this.dashJ = this.next(" -j ", from);
		if (this.dashM < from) this.dashM = this.next(" -m ", from);
		const at = Math.min(this.dashM, this.dashJ);
		if (at >= to) return;
		this.tailFrom = at + 1;
		this.tail = this.source.slice(at + 1, to);
	}

	private next(text: string, from: number): number {
		const at = this.source.indexOf(text, from);
		return at < 0 ? this.source.length : at;
	}
}
