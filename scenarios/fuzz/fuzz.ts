/**
 * Draws cases, plays each on the model and on a kernel, and makes what differs as small as it gets.
 * Case number i of a seed is always the same one: machines share the numbers, and any of them can be
 * played again by itself.
 */
import fc from "fast-check";
import type { Linux } from "../../sim/linux/linux.ts";
import {
	type Comparison,
	compareScenario,
} from "../compare/lockstep/compare-scenario.ts";
import type { Divergence } from "../compare/lockstep/divergence.ts";
import { addDraws, type DrawCounts } from "../compare/lockstep/draw-counts.ts";
import type { TracingDriver } from "../compare/lockstep/side-by-side.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { type GeneratedScenario, toScenario } from "./case-to-scenario.ts";
import { playChances } from "./chance.ts";
import type { ChanceResult } from "./chance-result.ts";
import { addCoverage, type Coverage, count, noCoverage } from "./coverage.ts";
import { type FuzzCase, fuzzCases } from "./fuzz-case.ts";
import { KNOWN_KINDS, type KnownKind } from "./known.ts";

export interface FuzzOptions {
	readonly seed: number;
	/** Cases; those of `path` alone when it is given. */
	readonly runs: number;
	/** No case is begun after so long. */
	readonly limitMs: number;
	/** A case of this seed, made smaller, as a finding names it: `17`, `17:0:3`. */
	readonly path: string | null;
	/** Every so manieth case, from which on; `null`: all of them. */
	readonly shard: { readonly index: number; readonly total: number } | null;
	/** What the drivers are; `null`: the Linux that is followed where none is named. */
	readonly linux: Linux | null;
	/** A machine each. */
	readonly drivers: readonly TracingDriver[];
	/** So long a finding is made smaller. */
	readonly shrinkMs: number;
	readonly known?: readonly KnownKind[];
	/** After each case. */
	readonly onCase: (account: FuzzAccount) => void;
	/** As soon as it is known in full. */
	readonly onFinding: (finding: Finding) => void;
}

/** What the fuzz has seen so far. */
export interface FuzzAccount {
	readonly seed: number;
	cases: number;
	/** That went into both. */
	packets: number;
	readonly coverage: Coverage;
	readonly findings: Finding[];
	/** What the kernel drew. */
	drawn: readonly DrawCounts[];
	/** Rules of chance, at the end. */
	readonly chances: ChanceResult[];
	/** How often each known kind was met, by its name. */
	readonly known: Map<string, number>;
}

/** A divergence that nobody knows of, at its smallest. */
export interface Finding {
	/** With the seed, what it is found again by. */
	readonly path: string;
	/** Of the smallest scenario, with the rules that matched on either side. */
	readonly comparison: Comparison;
	/** It was not seen again when the case was played once more: what is shown is the first time. */
	readonly isFleeting: boolean;
}

/** @throws whatever the drivers throw */
export async function fuzz(options: FuzzOptions): Promise<FuzzAccount> {
	const { seed, drivers } = options;
	const account: FuzzAccount = {
		seed,
		cases: 0,
		packets: 0,
		coverage: noCoverage(),
		findings: [],
		drawn: [],
		chances: [],
		known: new Map(),
	};
	const deadline = performance.now() + options.limitMs;
	const paths = pathsOf(options);
	const work = async (driver: TracingDriver): Promise<void> => {
		while (performance.now() < deadline) {
			const { value: mine, done } = paths.next();
			if (done) return;
			await playCase(mine, driver, options, account);
			options.onCase(account);
		}
	};
	await Promise.all(drivers.map(work));
	const [driver] = drivers;
	if (driver !== undefined && options.path === null)
		account.chances.push(...(await playChances(seed, driver, options.linux)));
	return account;
}

function* pathsOf({ path, runs, shard }: FuzzOptions): Generator<string, void> {
	if (path !== null) {
		yield path;
		return;
	}
	const { index, total } = shard ?? { index: 1, total: 1 };
	for (let number = index - 1; number < runs; number += total)
		yield String(number);
}

async function playCase(
	path: string,
	driver: TracingDriver,
	options: FuzzOptions,
	account: FuzzAccount,
): Promise<void> {
	const realised = toScenario(
		caseAt(options.seed, path),
		nameOf(options.seed, path),
		options.linux,
	);
	const comparison = await compareQuickly(realised, driver);
	account.cases++;
	account.packets += packetsIn(realised.scenario);
	addCoverage(account.coverage, realised.coverage);
	account.drawn = addDraws([account.drawn, comparison.drawn ?? []]);
	if (comparison.unknown !== null)
		count(account.coverage.unknown, comparison.unknown.reason);
	const { known = KNOWN_KINDS } = options;
	for (const divergence of comparison.divergences) {
		const kind = kindOf(divergence, comparison, known);
		if (kind !== null) count(account.known, kind.name);
	}
	if (!isUnexpected(comparison, known)) return;
	const finding = await smallest(path, comparison, driver, options);
	account.findings.push(finding);
	options.onFinding(finding);
}

/** What a path of a seed stands for. */
export function caseAt(seed: number, path: string): FuzzCase {
	const [fuzzCase] = fc.sample(fuzzCases, { seed, path, numRuns: 1 });
	if (fuzzCase === undefined)
		throw new RangeError(`seed ${seed} has no case ${path}`);
	return fuzzCase;
}

export function nameOf(seed: number, path: string): string {
	return `fuzz-${seed}-${path.replace(/:.*/, "")}`;
}

/** Without learning which rules the kernel met: that costs another play. */
function compareQuickly(
	{ scenario }: GeneratedScenario,
	driver: TracingDriver,
): Promise<Comparison> {
	return compareScenario(scenario, { driver });
}

async function smallest(
	path: string,
	first: Comparison,
	driver: TracingDriver,
	{ seed, shrinkMs, linux, known = KNOWN_KINDS }: FuzzOptions,
): Promise<Finding> {
	const agrees = fc.asyncProperty(fuzzCases, async (fuzzCase) => {
		const realised = toScenario(fuzzCase, nameOf(seed, path), linux);
		return !isUnexpected(await compareQuickly(realised, driver), known);
	});
	const details = await fc.check(agrees, {
		seed,
		path,
		numRuns: 1,
		interruptAfterTimeLimit: shrinkMs,
	});
	const found = details.counterexamplePath ?? path;
	const { scenario } = toScenario(
		caseAt(seed, found),
		nameOf(seed, path),
		linux,
	);
	const again = await compareScenario(scenario, { driver });
	return isUnexpected(again, known)
		? { path: found, comparison: again, isFleeting: false }
		: { path, comparison: first, isFleeting: true };
}

function isUnexpected(
	comparison: Comparison,
	known: readonly KnownKind[],
): boolean {
	return comparison.divergences.some(
		(one) => kindOf(one, comparison, known) === null,
	);
}

function kindOf(
	divergence: Divergence,
	{ scenario }: Comparison,
	known: readonly KnownKind[],
): KnownKind | null {
	return known.find((kind) => kind.is(divergence, scenario)) ?? null;
}

/** Packets that the scenario puts on interfaces. */
export function packetsIn({ steps }: PlayableScenario): number {
	const sent = (step: PlayableScenario["steps"][number]) =>
		step.kind === "race" ? step.packets.length : step.kind === "packet" ? 1 : 0;
	return steps.reduce((sum, step) => sum + sent(step), 0);
}
