/** One text, read by the model and by a real iptables. */
import {
	applyScript,
	checkRuleset,
	EMPTY_RULESET,
	parseScript,
} from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { Ruleset } from "../../../sim/ruleset/ruleset.ts";
import type { Fault } from "../../../sim/ruleset/ruleset-error.ts";
import { TABLE_HOOKS } from "../../../sim/ruleset/tables.ts";
import type { TextCase } from "./arbitrary.ts";
import type { Said, TextOracle } from "./oracle.ts";

export interface TextDifference {
	/**
	 * `verdict`: only one of them takes it; `line`: they refuse another line; `words`: with other words;
	 * `saved`: what is loaded then; `test`: `iptables-restore --test` against the model.
	 */
	readonly kind: "verdict" | "line" | "words" | "saved" | "test";
	readonly text: string;
	readonly counters: boolean;
	readonly model: string;
	readonly kernel: string;
}

/** What became of a text that both read alike, or not. */
export interface TextComparison {
	readonly difference: TextDifference | null;
	readonly verdict: TextVerdict;
	/** The model's words, when it refuses; "" otherwise. */
	readonly words: string;
}

export type TextVerdict =
	| "accepted"
	| "refused by iptables-restore"
	| "refused at COMMIT"
	/** marktwin says that it does not take this, though iptables might. */
	| "not taken by marktwin";

/** Stands before every text: takes away what the one before has left, and makes all tables known. */
export const CLEAN = Object.entries(TABLE_HOOKS)
	.map(([table, hooks]) => {
		const policies = hooks.map((hook) => `:${hook} ACCEPT [0:0]\n`).join("");
		return `*${table}\n${policies}COMMIT\n`;
	})
	.join("");
const CLEAN_LINES = CLEAN.split("\n").length - 1;

/** @returns `null` where both agree */
export async function compareText(
	text: TextCase,
	oracle: TextOracle,
): Promise<TextDifference | null> {
	return (await examineText(text, oracle)).difference;
}

/** The same, and what was met on the way. */
export async function examineText(
	one: TextCase,
	oracle: TextOracle,
): Promise<TextComparison> {
	const text = CLEAN + one.text;
	const { faults } = checkRuleset(text, { counters: one.counters });
	const [first] = faults;
	const words = first === undefined ? "" : plainWords(first.message);
	const verdict = verdictOf(first);
	const agreed = { difference: null, verdict, words };
	if (verdict === "not taken by marktwin") return agreed;
	const differs = (
		kind: TextDifference["kind"],
		model: string,
		kernel: string,
	): TextComparison => ({
		...agreed,
		difference: {
			...{ kind, model, kernel },
			...{ text: one.text, counters: one.counters },
		},
	});
	const said = await oracle.restore(text, one);
	if (said.ok !== (first === undefined))
		return differs("verdict", words || "accepted", said.words || "accepted");
	if (first !== undefined) {
		const wrong = compareRefusals({ ...one, text }, faults, said);
		if (wrong !== null) return differs(...wrong);
		if (first.from === "kernel" || isTested(one)) {
			const tested = await oracle.test(text, one);
			const untested = faults.find(({ from }) => from !== "kernel");
			const isAlike = tested.ok === (untested === undefined);
			if (!isAlike && untested?.from !== "marktwin")
				return differs("test", untested?.message ?? "accepted", tested.words);
		}
	}
	const loaded = loadedBy(text, first, one.counters);
	if (loaded === null) return agreed;
	const saved = await oracle.save(one);
	const printed = printRuleset(loaded, one);
	return saved === printed
		? agreed
		: differs("saved", onlyIn(printed, saved), onlyIn(saved, printed));
}

/** The lines of a text that another has not, all of them when only their order differs. */
function onlyIn(text: string, other: string): string {
	const known = new Set(other.split("\n"));
	const own = text.split("\n").filter((line) => !known.has(line));
	return own.length > 0 ? own.join("\n") : text;
}

function verdictOf(fault: Fault | undefined): TextVerdict {
	switch (fault?.from) {
		case undefined:
			return "accepted";
		case "iptables-restore":
			return "refused by iptables-restore";
		case "kernel":
			return "refused at COMMIT";
		case "marktwin":
			return "not taken by marktwin";
	}
}

/** `--test` says little that COMMIT does not say: every eighth text is tried with it too. */
function isTested({ text }: TextCase): boolean {
	return text.length % 8 === 0;
}

type Wrong = readonly [kind: "line" | "words", model: string, kernel: string];

function compareRefusals(
	one: TextCase,
	faults: readonly Fault[],
	said: Said,
): Wrong | null {
	const [first] = faults;
	if (first === undefined) return null;
	const model = plainWords(first.message);
	// A program that dies leaves the words to whoever started it.
	const kernel = plainWords(said.words) || "Floating point exception";
	const line = lineOf(said.words);
	const own = lineOf(first.message) ?? first.line;
	if (line !== null && line !== own)
		return [
			"line",
			`${own - CLEAN_LINES}: ${model}`,
			`${line - CLEAN_LINES}: ${kernel}`,
		];
	if (one.oddities > 1) return null;
	// A line may have several faults in any case: the model tells them from left to right.
	const told = faults
		.filter((fault) => fault.line === first.line)
		.map(({ message }) => plainWords(message));
	return told.some((words) => isSaid(words, kernel)) ||
		isToldOfLess(one, first.line, kernel)
		? null
		: ["words", model, kernel];
}

/** Warnings may stand in front. */
const isSaid = (words: string, said: string): boolean =>
	`\n${said}`.endsWith(`\n${words}`);

/**
 * iptables stops at the first fault that it meets, where the model may name another one of the same line.
 * Does it say the same of less of the line: of its beginning, or without a word or two?
 */
function isToldOfLess(one: TextCase, number: number, words: string): boolean {
	const lines = one.text.split("\n");
	const before = lines.slice(0, number - 1);
	const whole = lines[number - 1] ?? "";
	const isTold = (line: string) => {
		const text = [...before, line, "COMMIT\n"].join("\n");
		return checkRuleset(text, one).faults.some(
			(fault) =>
				fault.line === number && isSaid(plainWords(fault.message), words),
		);
	};
	const places = [...whole.matchAll(/\s+|$/g)].map(({ index }) => index);
	return places.some(
		(to, index) =>
			isTold(whole.slice(0, to)) ||
			[1, 2].some((many) => {
				const end = places[index + many];
				return (
					end !== undefined && isTold(whole.slice(0, to) + whole.slice(end))
				);
			}),
	);
}

/**
 * What was said, without who says it and where. Why libiptc or the kernel refuse a line, iptables-restore
 * does not tell; and how a name is looked up is the machine's affair.
 */
function plainWords(words: string): string {
	return words
		.split("\n")
		.filter(
			(line) =>
				!/^(Error occurred at line: \d+|Try `|Warning|WARNING)/.test(line),
		)
		.map((line) =>
			line
				.replace(/^(iptables-restore( v\S+ \(legacy\))?: )*/, "")
				.replace(/^line (\d+) failed.*/, "line failed")
				.replace(/line \d+/g, "line N")
				.replace(/^getaddrinfo: .*/, "getaddrinfo")
				.replace(/^realm: (could not map|bad integer|trailing).*/, "realm"),
		)
		.filter((line) => line !== "")
		.join("\n");
}

function lineOf(words: string): number | null {
	const [, number] =
		/^Error occurred at line: (\d+)$/m.exec(words) ??
		/^(?:iptables-restore: )?line (\d+) failed/m.exec(words) ??
		[];
	return number === undefined ? null : Number(number);
}

/**
 * What has to be loaded afterwards: up to the last COMMIT before the fault. `null` when that is nothing
 * but empty tables.
 */
export function loadedBy(
	text: string,
	fault: Fault | undefined,
	counters: boolean,
): Ruleset | null {
	if (fault === undefined) return load(text, counters);
	const line = lineOf(fault.message) ?? fault.line;
	const before = text.split("\n").slice(0, line - 1);
	const end = before.lastIndexOf("COMMIT") + 1;
	if (end <= CLEAN_LINES) return null;
	return load(`${before.slice(0, end).join("\n")}\n`, counters);
}

function load(text: string, counters: boolean): Ruleset {
	return applyScript(EMPTY_RULESET, parseScript(text, { counters })).ruleset;
}
