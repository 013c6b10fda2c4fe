/**
 * Draws texts, has each read by the model and by a real iptables, and makes what differs as small as it
 * gets. Text number i of a seed is always the same one.
 */
import fc from "fast-check";
import { type TextCase, textArbitrary } from "./arbitrary.ts";
import {
	compareText,
	examineText,
	type TextDifference,
} from "./compare-text.ts";
import { coverText, noTextCoverage, type TextCoverage } from "./coverage.ts";
import type { TextOracle } from "./oracle.ts";
import { withoutNames } from "./without-names.ts";

export interface TextFuzzOptions {
	readonly seed: number;
	/** Numbers of the texts: from which on, and how many. */
	readonly from: number;
	readonly runs: number;
	/** Asked before each text: the machine that the last one was on may be gone. */
	readonly oracle: () => Promise<TextOracle>;
	/** Lines that name one of these are left out. */
	readonly names?: readonly string[];
	/** Whether what the oracle threw means that its machine is gone. */
	readonly isLoss?: (error: unknown) => error is Error;
	/** So long a difference is made smaller. */
	readonly shrinkMs: number;
	readonly onText?: (account: TextFuzzAccount) => void;
	readonly onFinding?: (finding: TextFinding) => void;
	readonly onLost?: (lost: LostText) => void;
}

export interface TextFuzzAccount {
	readonly seed: number;
	/** That were compared. */
	texts: number;
	readonly coverage: TextCoverage;
	readonly findings: TextFinding[];
	readonly lost: LostText[];
}

/** A text that was not compared: its machine died of it, or hung. */
export interface LostText {
	readonly path: string;
	readonly error: Error;
}

/** A difference at its smallest; with the seed, `path` finds it again. */
export interface TextFinding {
	readonly path: string;
	readonly difference: TextDifference;
}

/** @throws whatever the oracle throws */
export async function fuzzTexts(
	options: TextFuzzOptions,
): Promise<TextFuzzAccount> {
	const { seed, from, runs, oracle, names = [] } = options;
	const account: TextFuzzAccount = {
		seed,
		texts: 0,
		coverage: noTextCoverage(),
		findings: [],
		lost: [],
	};
	const { isLoss = neverLost, onLost } = options;
	for (let number = from; number < from + runs; number++) {
		const path = String(number);
		const text = withoutNames(textAt(seed, path), names);
		try {
			const comparison = await examineText(text, await oracle());
			account.texts++;
			coverText(account.coverage, text, comparison);
			if (comparison.difference !== null) {
				const finding = await smallest(path, comparison.difference, options);
				account.findings.push(finding);
				options.onFinding?.(finding);
			}
		} catch (error) {
			if (!isLoss(error)) throw error;
			const lost = { path, error };
			account.lost.push(lost);
			onLost?.(lost);
		}
		options.onText?.(account);
	}
	return account;
}

function neverLost(_error: unknown): _error is Error {
	return false;
}

/** What a path of a seed stands for. */
export function textAt(seed: number, path: string): TextCase {
	const [text] = fc.sample(textsOf(path), { seed, path, numRuns: 1 });
	if (text === undefined)
		throw new RangeError(`seed ${seed} has no text ${path}`);
	return text;
}

/** A path begins with the number of its text. */
function textsOf(path: string): fc.Arbitrary<TextCase> {
	return textArbitrary(Number.parseInt(path, 10));
}

async function smallest(
	path: string,
	found: TextDifference,
	options: TextFuzzOptions,
): Promise<TextFinding> {
	const { seed, oracle, names = [], shrinkMs, isLoss = neverLost } = options;
	const compare = async (one: TextCase): Promise<TextDifference | null> => {
		const text = withoutNames(one, names);
		try {
			return await compareText(text, await oracle());
		} catch (error) {
			// Of another kind as well.
			if (isLoss(error)) return null;
			throw error;
		}
	};
	const agrees = fc.asyncProperty(textsOf(path), async (text) => {
		const difference = await compare(text);
		// Of another kind would be another finding.
		return difference?.kind !== found.kind;
	});
	const details = await fc.check(agrees, {
		seed,
		path,
		numRuns: 1,
		interruptAfterTimeLimit: shrinkMs,
	});
	const smaller = details.counterexamplePath ?? path;
	const difference = await compare(textAt(seed, smaller));
	return difference === null
		? { path, difference: found }
		: { path: smaller, difference };
}
