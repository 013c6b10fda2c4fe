/** Plays generated cases on model and kernel, keeps what differs, and says what was covered. */

import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { isLostMachine } from "../../lab/lab-error.ts";
import { missingExtensions } from "../../lab/vm/extensions.ts";
import { imageOf } from "../../lab/vm/image/wish.ts";
import { createVmDriver, type VmDriver } from "../../lab/vm/vm-driver.ts";
import { judgeComparison } from "../../scenarios/compare/verdict.ts";
import { drawnExtensions } from "../../scenarios/fuzz/extensions/uses.ts";
import {
	type FuzzAccount,
	fuzz,
	type LostCase,
} from "../../scenarios/fuzz/fuzz.ts";
import {
	type Lacking,
	leftOut,
	NOTHING_LACKING,
} from "../../scenarios/fuzz/lacking.ts";
import type { TextFuzzAccount } from "../../scenarios/fuzz/text/fuzz-text.ts";
import { type FuzzTotals, totalsOf } from "../../scenarios/fuzz/totals.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { infoOf } from "../../scenarios/result/driver-info.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import { type CompareView, printFailure } from "../compare/print.ts";
import { makeOutputFolder, writeWhole } from "../files/files.ts";
import { openOutputs } from "../outputs/outputs.ts";
import type { Failure, Results } from "../outputs/results-file.ts";
import { emptyScenario } from "../play/broken-file.ts";
import { fuzzInvocation, savedInvocation } from "../play/invocation.ts";
import { finish, onTiers } from "../play/play.ts";
import { progress } from "../screen/screen.ts";
import type { FuzzOptions } from "./options.ts";
import {
	printFinding,
	printProgress,
	printTextCase,
	printTextFinding,
	printTextProgress,
	printTotals,
} from "./print.ts";
import { playTexts } from "./texts.ts";

const MOST_SEEDS = 2 ** 31;
const SHRINK_MS = 60_000;

/** Of the time, when that is what is given: the rest is for rulesets and packets. */
const PART_FOR_TEXTS = 0.2;

/** @returns the exit code */
export async function fuzzAndTell(options: FuzzOptions): Promise<number> {
	const seed = options.seed ?? randomInt(MOST_SEEDS);
	const outputs = await openOutputs(options);
	const { screen } = outputs;
	const { paint, columns, show } = screen;
	const view = { paint, columns, isWhole: false };
	const drivers = driversFor(options);
	// Printed first: a fuzz that is interrupted can be repeated as well.
	show([`seed ${seed}`]);
	const began = performance.now();
	const { totals, played } = await onTiers(drivers, async () => {
		const lacking = await lackingOn(drivers);
		const lost: Failure[] = [];
		const on = { seed, drivers, lacking, lost, show, view };
		const texts = await textsOf(options, on);
		const account = await casesOf(options, on);
		const totals = totalsOf(account, texts, {
			kernel: kernelOf(drivers),
			tookMs: performance.now() - began,
			leftOut: leftOut(lacking, linuxOf(options)),
		});
		return { totals, played: { account, lost } };
	});
	return finish(outputs, resultsOf(options, totals, played), {
		tookMs: totals.tookMs,
		totals: printTotals(totals, view),
	});
}

interface On {
	readonly seed: number;
	readonly drivers: readonly VmDriver[];
	/** What the kernel does not have. */
	readonly lacking: Lacking;
	/** What was not compared, as results tell of it; grows. */
	readonly lost: Failure[];
	readonly show: (lines: readonly string[]) => void;
	readonly view: CompareView;
}

/** How many, and for how long. */
function amountOf({ runs, minutes }: FuzzOptions, part: number) {
	return minutes === undefined
		? { runs, limitMs: Number.POSITIVE_INFINITY }
		: { runs: Number.MAX_SAFE_INTEGER, limitMs: minutes * 60_000 * part };
}

/** `null` where only a case is wanted. */
async function textsOf(
	options: FuzzOptions,
	on: On,
): Promise<TextFuzzAccount | null> {
	const { seed, drivers, lacking, show, view } = on;
	const { path = null, save, shard = null } = options;
	if (path !== null && !path.startsWith("t")) return null;
	const amount = amountOf(options, PART_FOR_TEXTS);
	const began = performance.now();
	const saved: Promise<void>[] = [];
	const account = await playTexts({
		seed,
		shard,
		drivers,
		linux: linuxOf(options),
		takenForChains: lacking.takenForChains,
		shrinkMs: SHRINK_MS,
		...amount,
		path: path?.slice(1) ?? null,
		onTexts: (texts) =>
			progress.show(
				printTextProgress(texts, {
					...amount,
					tookMs: performance.now() - began,
				}),
			),
		onFinding(finding) {
			const file = join(
				save,
				`fuzz-${seed}-t${finding.path.replace(/:.*/, "")}.rules`,
			);
			saved.push(saveFile(file, printTextCase(finding.difference.one)));
			const again = fuzzInvocation(
				{ ...options, path: `t${finding.path}` },
				seed,
			);
			show(printTextFinding(finding, { seed, file, again, view }));
		},
		onLost: ({ path, error }) =>
			noteLost(options, on, {
				path: `t${path}`,
				error,
				name: `fuzz-${seed}-t${path}`,
				scenario: null,
			}),
	});
	await Promise.all(saved);
	return account;
}

async function casesOf(options: FuzzOptions, on: On): Promise<FuzzAccount> {
	const { seed, drivers, lacking, show, view } = on;
	const { path = null, save, shard = null } = options;
	const isText = path?.startsWith("t") ?? false;
	const amount = amountOf(options, 1 - PART_FOR_TEXTS);
	const began = performance.now();
	const saved: Promise<void>[] = [];
	const account = await fuzz({
		seed,
		path: isText ? null : path,
		shard,
		drivers,
		linux: options.with.linux,
		lacking,
		isLoss: isLostMachine,
		shrinkMs: SHRINK_MS,
		...(isText ? { ...amount, runs: 0 } : amount),
		onCase: (soFar) =>
			progress.show(
				printProgress(soFar, { ...amount, tookMs: performance.now() - began }),
			),
		onFinding(finding) {
			const { scenario } = finding.comparison;
			const file = fileOf(scenario, save);
			saved.push(saveFile(file, `${JSON.stringify(scenario, null, "\t")}\n`));
			const again = fuzzInvocation({ ...options, path: finding.path }, seed);
			const replay = savedInvocation(file, options);
			show(printFinding(finding, { file, again, replay, view }));
		},
		onLost: (lost) => noteLost(options, on, lost),
	});
	await Promise.all(saved);
	return account;
}

/** What the machine died of, or hung over: it is not compared, and the next one gets another machine. */
function noteLost(
	options: FuzzOptions,
	{ seed, drivers, lost, show, view }: On,
	{ path, name, scenario, error }: LostCase,
): void {
	// A rule of chance is played with all others alone.
	const { path: _, ...whole } = options;
	const failure: Failure = {
		scenario: scenario ?? emptyScenario({ name, suite: "fuzz", title: name }),
		driver: kernelOf(drivers),
		seed,
		message: `not compared, the guest died: ${error.message}`,
		replay: fuzzInvocation(path === null ? whole : { ...options, path }, seed),
	};
	lost.push(failure);
	show(printFailure(failure, view));
}

function linuxOf(options: FuzzOptions): Linux {
	return options.with.linux ?? DEFAULT_LINUX;
}

/** All machines have the same kernel. */
async function lackingOn([driver]: readonly VmDriver[]): Promise<Lacking> {
	return driver === undefined
		? NOTHING_LACKING
		: missingExtensions(await driver.start(), drawnExtensions());
}

function driversFor(options: FuzzOptions): readonly VmDriver[] {
	const { machines, kernel } = options;
	const count = machines ?? availableParallelism();
	const linux = linuxOf(options);
	const image = imageOf(linux, kernel);
	const { backend } = linux;
	return Array.from({ length: count }, () =>
		createVmDriver({ image, backend }),
	);
}

function kernelOf([driver]: readonly VmDriver[]): FuzzTotals["kernel"] {
	if (driver === undefined) return { kind: "vm", name: "", version: "" };
	return infoOf(driver);
}

async function saveFile(file: string, text: string): Promise<void> {
	makeOutputFolder(dirname(file));
	await writeWhole(file, text);
}

function resultsOf(
	options: FuzzOptions,
	totals: FuzzTotals,
	{
		account: { findings },
		lost,
	}: { readonly account: FuzzAccount; readonly lost: readonly Failure[] },
): Results {
	return {
		commands: [fuzzInvocation(options, totals.seed)],
		shard: options.shard ?? null,
		seed: totals.seed,
		results: [],
		comparisons: findings.map(({ comparison }) => {
			const file = fileOf(comparison.scenario, options.save);
			const replay = savedInvocation(file, options);
			const result = comparison.result && { ...comparison.result, replay };
			return judgeComparison({ ...comparison, result, replay });
		}),
		failures: lost,
		fuzz: totals,
	};
}

/** Where a finding is saved. */
function fileOf({ name }: PlayableScenario, folder: string): string {
	return join(folder, `${name}.json`);
}
