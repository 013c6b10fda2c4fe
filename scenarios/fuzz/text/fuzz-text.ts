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

export interface TextFuzzOptions {
	readonly seed: number;
	/** Numbers of the texts: from which on, and how many. */
	readonly from: number;
	readonly runs: number;
	readonly oracle: TextOracle;
	/** So long a difference is made smaller. */
	readonly shrinkMs: number;
	readonly onText?: (account: TextFuzzAccount) => void;
	readonly onFinding?: (finding: TextFinding) => void;
}

export interface TextFuzzAccount {
	readonly seed: number;
	texts: number;
	readonly coverage: TextCoverage;
	readonly findings: TextFinding[];
}

/** A difference at its smallest; with the seed, `path` finds it again. */
export interface TextFinding {
	readonly path: string;
	readonly difference: TextDifference;
}

const texts = textArbitrary();

/** @throws whatever the oracle throws */
export async function fuzzTexts(
	options: TextFuzzOptions,
): Promise<TextFuzzAccount> {
	const { seed, from, runs, oracle } = options;
	const account: TextFuzzAccount = {
		seed,
		texts: 0,
		coverage: noTextCoverage(),
		findings: [],
	};
	for (let number = from; number < from + runs; number++) {
		const path = String(number);
		const text = textAt(seed, path);
		const comparison = await examineText(text, oracle);
		account.texts++;
		coverText(account.coverage, text, comparison);
		if (comparison.difference !== null) {
			const finding = await smallest(path, comparison.difference, options);
			account.findings.push(finding);
			options.onFinding?.(finding);
		}
		options.onText?.(account);
	}
	return account;
}

/** What a path of a seed stands for. */
export function textAt(seed: number, path: string): TextCase {
	const [text] = fc.sample(texts, { seed, path, numRuns: 1 });
	if (text === undefined)
		throw new RangeError(`seed ${seed} has no text ${path}`);
	return text;
}

async function smallest(
	path: string,
	found: TextDifference,
	{ seed, oracle, shrinkMs }: TextFuzzOptions,
): Promise<TextFinding> {
	const agrees = fc.asyncProperty(texts, async (text) => {
		const difference = await compareText(text, oracle);
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
	const difference = await compareText(textAt(seed, smaller), oracle);
	return { path: smaller, difference: difference ?? found };
}
