/** One text, read by the model and by a real iptables. */

import type { Ruleset } from "../../../sim/contract/ruleset.ts";
import {
	isName,
	type NameKind,
} from "../../../sim/extension/values/open-names.ts";
import { behaviourOf } from "../../../sim/linux/behaviour.ts";
import type { Linux } from "../../../sim/linux/linux.ts";
import type { Fault } from "../../../sim/ruleset/base/ruleset-error.ts";
import { TABLE_HOOKS } from "../../../sim/ruleset/base/tables.ts";
import { openPoints } from "../../../sim/ruleset/check/open-points.ts";
import {
	checkRuleset,
	EMPTY_RULESET,
	restoreText,
} from "../../../sim/ruleset/parse.ts";
import { printRuleset } from "../../../sim/ruleset/print.ts";
import type { TextCase } from "./arbitrary.ts";
import {
	areHere,
	type RestoreOptions,
	type Said,
	type TextOracle,
} from "./oracle.ts";

export interface TextDifference {
	/**
	 * `verdict`: only one of them takes it; `line`: they refuse another line; `words`: with other words;
	 * `exit code`: in the same words; `saved`: what is loaded then; `test`: `iptables-restore --test` against the model.
	 */
	readonly kind: "verdict" | "line" | "words" | "exit code" | "saved" | "test";
	/** What was given to iptables-restore. */
	readonly one: TextCase;
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

type TextVerdict =
	| "accepted"
	| "refused by iptables-restore"
	| "refused at COMMIT"
	/** It would be loaded where something is that no ruleset brings along: not here. */
	| "needs something else"
	/** marktwin says that it does not take this, though iptables might. */
	| "not taken by marktwin";

/** Stands before every text: takes away what the one before has left, and makes all tables known. */
const CLEAN = Object.entries(TABLE_HOOKS)
	.map(([table, hooks]) => {
		const policies = hooks.map((hook) => `:${hook} ACCEPT [0:0]\n`).join("");
		return `*${table}\n${policies}COMMIT\n`;
	})
	.join("");
const CLEAN_LINES = CLEAN.split("\n").length - 1;
const TABLES = Object.keys(TABLE_HOOKS).length;

/** A text on its way to iptables-restore. */
interface Restored {
	readonly one: TextCase;
	/** What is loaded first, for a text that is added to it. */
	readonly first: string | null;
	readonly text: string;
	readonly options: RestoreOptions;
	/** Lines and tables of the text that are not the case's own. */
	readonly linesBefore: number;
	readonly tablesBefore: number;
	/** What is loaded by then; `null`: marktwin does not take it. */
	readonly base: Ruleset | null;
	/** Of the text that is loaded first; `undefined`: none. */
	readonly firstFault: Fault | undefined;
}

function onItsWay(one: TextCase, linux: Linux): Restored {
	const { counters, onto } = one;
	const options = { counters, noflush: onto !== null };
	if (onto === null)
		return {
			one,
			options,
			first: null,
			text: CLEAN + one.text,
			linesBefore: CLEAN_LINES,
			tablesBefore: TABLES,
			base: EMPTY_RULESET,
			firstFault: undefined,
		};
	const first = CLEAN + onto;
	const loaded = restoreText(EMPTY_RULESET, first, { counters, linux });
	const isTaken = loaded.faults.every(({ from }) => from !== "marktwin");
	return {
		one,
		options,
		first,
		text: one.text,
		linesBefore: 0,
		tablesBefore: 0,
		base: isTaken ? loaded.ruleset : null,
		firstFault: loaded.faults[0],
	};
}

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
	const { counters } = one;
	const { linux } = oracle;
	const restored = onItsWay(one, linux);
	const { text, base, options, firstFault } = restored;
	if (base === null)
		return { difference: null, verdict: "not taken by marktwin", words: "" };
	const applied = restoreText(base, text, { ...options, linux });
	const { ruleset, replaced, read, faults } = applied;
	const [fault] = faults;
	const words = fault === undefined ? "" : plainWords(fault.message);
	const verdict = verdictOf(fault);
	const { needs } = openPoints([...base.tables, ...read]);
	const missing: TextComparison = {
		difference: null,
		verdict: "needs something else",
		words,
	};
	if (!areHere(needs)) return missing;
	const agreed = { difference: null, verdict, words };
	if (verdict === "not taken by marktwin") return agreed;
	const differs = (
		kind: TextDifference["kind"],
		model: string,
		kernel: string,
	): TextComparison => ({
		...agreed,
		difference: { kind, model, kernel, one },
	});
	await oracle.account(needs.map(({ name }) => name));
	if (restored.first !== null) {
		const how = { counters, noflush: false };
		const saidFirst = await oracle.restore(restored.first, how);
		if (saidFirst.exitCode !== 0 && isMissing(saidFirst.words, firstFault))
			return missing;
	}
	const said = await oracle.restore(text, options);
	if (said.exitCode !== 0 && isMissing(said.words, fault)) return missing;
	if ((said.exitCode === 0) !== (fault === undefined))
		return differs("verdict", words || "accepted", wordsOf(said));
	if (fault !== undefined) {
		const wrong =
			compareRefusals(restored, faults, said) ??
			(await compareTests(restored, fault, oracle));
		if (wrong !== null) return differs(...wrong);
		if (replaced.length <= restored.tablesBefore) return agreed;
	}
	const saved = await oracle.save({ counters });
	const printed = printRuleset(ruleset, { counters, linux });
	return saved === printed
		? agreed
		: differs("saved", onlyIn(printed, saved), onlyIn(saved, printed));
}

/** A program that dies leaves none. */
function wordsOf({ exitCode, words }: Said): string {
	return words || (exitCode === 0 ? "accepted" : `exit code ${exitCode}`);
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
		case "iptables":
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

type Wrong = readonly [
	kind: TextDifference["kind"],
	model: string,
	kernel: string,
];

/** Without COMMIT the model reads into empty tables, and on to the end. */
async function compareTests(
	{ one, text, options }: Restored,
	fault: Fault,
	oracle: TextOracle,
): Promise<Wrong | null> {
	if (options.noflush || (fault.from !== "kernel" && !isTested(one)))
		return null;
	const tested = await oracle.test(text, options);
	const { faults } = checkRuleset(text, {
		...options,
		linux: oracle.linux,
	});
	// What iptables-nft finds out with the COMMIT, --test does not.
	const late = behaviourOf(oracle.linux).commands === "with COMMIT";
	const untested = faults.find(
		({ from, code }) => from !== "kernel" && !(late && code === "failed"),
	);
	return (tested.exitCode === 0) === (untested === undefined) ||
		untested?.from === "marktwin" ||
		isMissing(tested.words, untested)
		? null
		: ["test", untested?.message ?? "accepted", tested.words];
}

/** What a shell says of a program that dies, by its exit code: 128 and the signal's number. */
const DEATHS: Readonly<Record<number, string>> = {
	136: "Floating point exception",
	139: "Segmentation fault",
};

function compareRefusals(
	restored: Restored,
	faults: readonly Fault[],
	said: Said,
): Wrong | null {
	const { linesBefore } = restored;
	const [first] = faults;
	if (first === undefined) return null;
	const model = plainWords(first.message);
	// A program that dies leaves the words to whoever started it.
	const kernel = firstOfKernel(
		plainWords(said.words) || (DEATHS[said.exitCode] ?? ""),
	);
	const line = lineOf(said.words);
	const own = lineOf(first.message) ?? first.saidLine ?? first.line;
	if (line !== null && line !== own)
		return [
			"line",
			`${own - linesBefore}: ${model}`,
			`${line - linesBefore}: ${kernel}`,
		];
	if (!isSaid(model, kernel)) return ["words", model, kernel];
	return first.exitCode === said.exitCode
		? null
		: ["exit code", `${first.exitCode}`, `${said.exitCode}`];
}

/** nf_tables names each rule that it refuses, as far as iptables has room for them; the first one counts. */
function firstOfKernel(words: string): string {
	const [first = "", ...more] = words.split("\n");
	const isOne = (line: string) => /^line N: \w+ failed/.test(line);
	return more.length > 0 && isOne(first) && isOne(more[0] ?? "")
		? first
		: words;
}

/** Said of what no ruleset brings along, before anything else of the line is looked at. */
const MISSING =
	/(: (Set .* doesn't exist\.|bpf: failed to get bpf object|label '[^']*[^\d'][^']*' not found or invalid value)$|^Warning: Extension \S+ revision \d+ not supported, missing kernel module\?$)/ms;

/**
 * The last words of the real iptables are about what only another machine may have.
 * @param fault the model's: a line that both refuse may have a host's name in front of its fault
 */
function isMissing(words: string, fault: Fault | undefined): boolean {
	return (
		MISSING.test(words) ||
		(HOST_LOOK_UP.test(words) &&
			fault !== undefined &&
			!HOST_LOOK_UP.test(`: ${fault.message}`)) ||
		LOOK_UPS.some(([failure, kind]) => {
			const [, name] = failure.exec(words) ?? [];
			return name !== undefined && isName(kind, name);
		})
	);
}

/** getaddrinfo(3) has looked a host up in vain, and does not name it. */
const HOST_LOOK_UP = /: getaddrinfo: /m;

/** How iptables 1.8.9 says that it has looked another name up in vain. */
const LOOK_UPS: readonly (readonly [RegExp, NameKind])[] = [
	[/: unknown protocol "(.*)" specified$/m, "protocol"],
	[/: host\/network `(.*)' not found$/m, "host"],
	[/: Port "(.*)" does not resolve to anything\.$/m, "service"],
	[/: invalid port\/service `(.*)' specified$/m, "service"],
	[/: Port `(.*)' not valid$/m, "service"],
	[/: owner: Bad value for "--uid-owner" option: "(.*)"$/m, "user"],
	[/: owner: Bad value for "--gid-owner" option: "(.*)"$/m, "group"],
];

/** Warnings may stand in front. */
const isSaid = (words: string, said: string): boolean =>
	`\n${said}`.endsWith(`\n${words}`);

/**
 * What was said, without who says it and where. Why libiptc or the kernel refuse a line, iptables-restore
 * does not tell; and how a name is looked up is the machine's affair.
 */
function plainWords(words: string): string {
	return words
		.split("\n")
		.filter(
			(line) =>
				!/^(Error occurred at line: \d+|Try `|Warning|WARNING|warn: )/.test(
					line,
				),
		)
		.map((line) =>
			line
				.replace(/^(iptables-restore( v\S+ \((legacy|nf_tables)\))?: )*/, "")
				.replace(/^line (\d+) failed( \(.*)?$/, "line failed")
				.replace(/line \d+/g, "line N")
				.replace(/^getaddrinfo: .*/, "getaddrinfo")
				.replace(
					/^(realm|devgroup): (could not map|bad integer|trailing).*/,
					"$1",
				),
		)
		.filter((line) => line !== "")
		.join("\n");
}

function lineOf(words: string): number | null {
	const [, number] =
		/^Error occurred at line: (\d+)$/m.exec(words) ??
		/^(?:iptables-restore: )?line (\d+)(?:: \w+)? failed/m.exec(words) ??
		[];
	return number === undefined ? null : Number(number);
}
