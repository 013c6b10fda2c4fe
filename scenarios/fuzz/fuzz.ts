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
import { chanceRules, playChance } from "./chance.ts";
import type { ChanceResult } from "./chance-result.ts";
import { addCoverage, type Coverage, count, noCoverage } from "./coverage.ts";
import { type FuzzCase, fuzzCases } from "./fuzz-case.ts";
import { KNOWN_KINDS, type KnownKind } from "./known.ts";
import { type Lacking, NOTHING_LACKING, withoutLacking } from "./lacking.ts";

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
	/** Extensions that the drivers' kernel does not have: rules with them are left out of each case. */
	readonly lacking?: Lacking;
	/** Whether what a driver threw means that its machine is gone, and the next case gets another one. */
	readonly isLoss?: (error: unknown) => error is Error;
	/** After each case. */
	readonly onCase: (account: FuzzAccount) => void;
	/** As soon as it is known in full. */
	readonly onFinding: (finding: Finding) => void;
	readonly onLost?: (lost: LostCase) => void;
}

/** What the fuzz has seen so far. */
export interface FuzzAccount {
	readonly seed: number;
	/** That were compared. */
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
	/** Cases that were not compared. */
	readonly lost: LostCase[];
}

/** A case that was not compared: its machine died of it, or hung. */
export interface LostCase {
	/** With the seed, what it is played again by; `null`: a rule of chance, which the whole fuzz plays. */
	readonly path: string | null;
	readonly name: string;
	/** `null`: a rule of chance is none. */
	readonly scenario: PlayableScenario | null;
	readonly error: Error;
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
		lost: [],
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
	if (driver !== undefined && options.path === null && options.runs > 0)
		await playAllChances(driver, options, account);
	return account;
}

async function playAllChances(
	driver: TracingDriver,
	options: FuzzOptions,
	account: FuzzAccount,
): Promise<void> {
	const { seed, linux } = options;
	for (const [index, rule] of chanceRules(seed).entries()) {
		const played = await unlessLost(
			() => playChance(rule, { seed, driver, linux }),
			{ path: null, name: `fuzz-${seed}-chance-${index + 1}`, scenario: null },
			{ options, account },
		);
		if (played !== null) account.chances.push(played);
	}
}

/** @returns `null` where the machine was lost over it, which is noted */
async function unlessLost<Made>(
	play: () => Promise<Made>,
	about: Omit<LostCase, "error">,
	{
		options: { isLoss = neverLost, onLost },
		account,
	}: { readonly options: FuzzOptions; readonly account: FuzzAccount },
): Promise<Made | null> {
	try {
		return await play();
	} catch (error) {
		if (!isLoss(error)) throw error;
		const lost = { ...about, error };
		account.lost.push(lost);
		onLost?.(lost);
		return null;
	}
}

function neverLost(_error: unknown): _error is Error {
	return false;
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
	const realised = scenarioAt(path, options);
	const { scenario } = realised;
	const comparison = await unlessLost(
		() => compareQuickly(realised, driver),
		{ path, name: scenario.name, scenario },
		{ options, account },
	);
	if (comparison === null) return;
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

/** As it is played: without the rules that the kernel has no extension for. */
function scenarioAt(
	path: string,
	{ seed, linux, lacking = NOTHING_LACKING }: FuzzOptions,
): GeneratedScenario {
	const fuzzCase = withoutLacking(caseAt(seed, path), lacking);
	return toScenario(fuzzCase, nameOf(seed, path), linux);
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
	options: FuzzOptions,
): Promise<Finding> {
	const { seed, shrinkMs, linux, known = KNOWN_KINDS } = options;
	const { lacking = NOTHING_LACKING } = options;
	const agrees = fc.asyncProperty(fuzzCases, async (fuzzCase) => {
		const played = withoutLacking(fuzzCase, lacking);
		const realised = toScenario(played, nameOf(seed, path), linux);
		const compared = await compareUnlessLost(realised, driver, options);
		return compared === null || !isUnexpected(compared, known);
	});
	const details = await fc.check(agrees, {
		seed,
		path,
		numRuns: 1,
		interruptAfterTimeLimit: shrinkMs,
	});
	const found = details.counterexamplePath ?? path;
	const again = await compareUnlessLost(
		scenarioAt(found, options),
		driver,
		options,
	);
	return again !== null && isUnexpected(again, known)
		? { path: found, comparison: again, isFleeting: false }
		: { path, comparison: first, isFleeting: true };
}

/** @returns `null` where the machine was lost: that is no difference, and the next play gets another one */
async function compareUnlessLost(
	realised: GeneratedScenario,
	driver: TracingDriver,
	{ isLoss = neverLost }: FuzzOptions,
): Promise<Comparison | null> {
	try {
		return await compareQuickly(realised, driver);
	} catch (error) {
		if (isLoss(error)) return null;
		throw error;
	}
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
