/**
 * Asks the kernels and programs of all releases: every built-in scenario and generated rulesets, on the
 * model of each Linux and on its kernel. `make matrix` runs it. What it learns is written down when a
 * part of a cell is done, so a second call goes on where the first one ended.
 *
 *     npx tsx test/kernels/matrix.ts --seed 7 --runs 300 trixie/nft sid     only these Linuxes
 *     npx tsx test/kernels/matrix.ts --short --runs 20 trixie/nft     the table's scenarios; nothing is written down
 *
 * The exit code is 1 where a kernel differs from the model, which follows the table of differences: so
 * it is a difference that the table lacks.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { EXIT } from "../../cli/base/exit-code.ts";
import type { Results } from "../../cli/outputs/results-file.ts";
import { resultsSchema } from "../../cli/outputs/results-schema.ts";
import { buildOptionsOf, imageOf } from "../../lab/vm/image/wish.ts";
import { isOutside } from "../../scenarios/fuzz/chance-result.ts";
import { type Difference, NOT_FOLLOWED } from "../../sim/linux/difference.ts";
import { DIFFERENCES } from "../../sim/linux/differences.ts";
import { type Linux, linuxName, parseLinux } from "../../sim/linux/linux.ts";
import { ROOT } from "../source-files.ts";
import {
	cellOf,
	type Exception,
	MATRIX,
	outcomeOf,
	type PlayedFuzz,
	type PlayedScenarios,
	readMeasured,
	writeCell,
} from "./measured.ts";

/** Scenarios that show the differences of the table. */
const SHOWN: readonly string[] = scenariosOf(() => true);

/** Of those differences of which the model follows what this Linux does. */
function followedOn(linux: Linux): readonly string[] {
	return scenariosOf((one) => one.valueOn(linux) !== NOT_FOLLOWED);
}

function scenariosOf(
	isMeant: (difference: Difference<unknown>) => boolean,
): readonly string[] {
	const all: readonly Difference<unknown>[] = Object.values(DIFFERENCES);
	return all.filter(isMeant).flatMap(({ scenario }) => scenario ?? []);
}

/** Characters of what is said of an exception. */
const LONGEST_REASON = 200;

/** Whose change may change what a play says. */
const PLAYED = ["sim", "scenarios", "lab/kernel", "lab/vm"];

const { values, positionals } = parseArgs({
	options: {
		seed: { type: "string", default: "20261129" },
		runs: { type: "string", default: "100" },
		workers: { type: "string" },
		short: { type: "boolean", default: false },
	},
	allowPositionals: true,
});
const seed = Number(values.seed);
const runs = Number(values.runs);
const asked = positionals.length === 0 ? MATRIX : positionals.map(linuxOf);
const sources = hashOfSources();
const atATime = (option: string) =>
	values.workers === undefined ? [] : [option, values.workers];
const amount = [
	"--seed",
	`${seed}`,
	"--runs",
	`${runs}`,
	...atATime("--machines"),
];
const folder = join(ROOT, "build", "matrix");
mkdirSync(folder, { recursive: true });

function linuxOf(name: string): Linux {
	const linux = parseLinux(name);
	const one = MATRIX.find(
		(each) => linux !== null && linuxName(each) === linuxName(linux),
	);
	if (one !== undefined) return one;
	console.error(
		`${name} is none of the matrix: ${MATRIX.map(linuxName).join(", ")}`,
	);
	process.exit(EXIT.badInput);
}

/** What is not known yet of these sources. */
function ask(linux: Linux): void {
	const cell = cellOf(readMeasured(), linux);
	const needsScenarios = cell.scenarios?.sources !== sources;
	const needsFuzz =
		cell.fuzz?.sources !== sources ||
		cell.fuzz.seed !== seed ||
		cell.fuzz.runs !== runs;
	if (!needsScenarios && !needsFuzz) return;
	console.log(`\n${linuxName(linux)}`);
	const built = marktwin(["lab", "build", ...buildOptionsOf(imageOf(linux))]);
	if (built !== EXIT.holds) {
		writeCell(linux, { scenarios: null, fuzz: null });
		return;
	}
	if (needsScenarios) writeCell(linux, { scenarios: playScenarios(linux) });
	if (needsFuzz) writeCell(linux, { fuzz: playFuzz(linux) });
}

/**
 * Whether a kernel does what the table says of it: the scenarios that show its differences, and a fuzz, unless it has no runs.
 * @returns the exit code
 */
function askShortly(linux: Linux): number {
	console.log(`\n${linuxName(linux)}`);
	const on = ["--with", `vm:${linuxName(linux)}`];
	const shown = followedOn(linux);
	const left = SHOWN.filter((name) => !shown.includes(name));
	if (left.length > 0)
		console.log(`not played, for the model does not follow them here: ${left}`);
	return Math.max(
		marktwin(["lab", "build", ...buildOptionsOf(imageOf(linux))]),
		marktwin(["compare", ...shown, ...atATime("--workers"), ...on]),
		runs === 0 ? 0 : marktwin(["fuzz", ...amount, "--save", folder, ...on]),
	);
}

function playScenarios(linux: Linux): PlayedScenarios | null {
	const results = resultsOf(linux, "compare", [
		"builtin",
		...atATime("--workers"),
	]);
	if (results === null) return null;
	const { comparisons, failures, draws } = results;
	const named = (verdict: string) =>
		comparisons.filter((one) => one.verdict === verdict);
	const agree = named("agrees").map(({ comparison }) => comparison);
	return {
		...playOf(
			comparisons[0]?.comparison.kernel.version ??
				failures[0]?.driver.version ??
				"",
		),
		packets: agree.reduce((sum, { packets }) => sum + packets, 0),
		agree: agree.length,
		differ: named("diverges").map(exceptionOf),
		unknown: named("unknown").map(exceptionOf),
		notCompared: failures.map(({ scenario, message }) => ({
			name: scenario.name,
			why: short(message.split("\n")[0] ?? ""),
		})),
		shown: agree
			.map(({ scenario }) => scenario.name)
			.filter((name) => SHOWN.includes(name))
			.sort(),
		odds: oddDraws(draws),
	};
}

function playFuzz(linux: Linux): PlayedFuzz | null {
	const save = join(folder, `${nameOf(linux)}-findings`);
	rmSync(save, { recursive: true, force: true });
	const results = resultsOf(linux, "fuzz", [...amount, "--save", save]);
	if (results?.fuzz === undefined) return null;
	const { comparisons, draws, fuzz } = results;
	const { kernel, cases, packets, texts, coverage, chances } = fuzz;
	return {
		...playOf([kernel].flat()[0]?.version ?? ""),
		packets,
		seed,
		runs,
		rulesets: cases,
		texts: texts?.texts ?? 0,
		differ: [
			...comparisons.map(exceptionOf),
			...(texts === null || texts.findings === 0 ? [] : textFindings(save)),
		],
		unknown: coverage
			.filter(({ kind }) => kind === "unknown")
			.flatMap(({ met }) => met)
			.map(([why, times]) => ({ why: short(why), times })),
		odds: [
			...oddDraws(draws),
			...chances
				.filter(isOutside)
				.map(({ probability }) => `--probability ${probability}`),
		],
	};
}

function playOf(kernel: string) {
	const date = new Date().toISOString().slice(0, 16).replace("T", " ");
	return { date, sources, kernel };
}

type Made = v.InferOutput<typeof resultsSchema>;

/** Plays by the command that users have. @returns `null` where the lab failed */
function resultsOf(
	linux: Linux,
	command: "compare" | "fuzz",
	words: readonly string[],
): Made | null {
	const file = join(folder, `${nameOf(linux)}-${command}.json`);
	rmSync(file, { force: true });
	marktwin([
		command,
		...words,
		"--with",
		`vm:${linuxName(linux)}`,
		"--json",
		file,
	]);
	if (!existsSync(file)) return null;
	return v.parse(resultsSchema, JSON.parse(readFileSync(file, "utf8")));
}

/** @returns its exit code */
function marktwin(words: readonly string[]): number {
	const command = ["--import", "tsx", "cli/main.ts", ...words];
	const { status } = spawnSync(process.execPath, command, {
		cwd: ROOT,
		stdio: "inherit",
	});
	return status ?? EXIT.bug;
}

function nameOf(linux: Linux): string {
	return linuxName(linux).replace("/", "-");
}

function exceptionOf({
	comparison,
}: Results["comparisons"][number]): Exception {
	const { scenario, divergences, unknown, chance } = comparison;
	const [first] = divergences;
	const why =
		first === undefined
			? `${unknown?.reason ?? ""} ${unknown?.text ?? chance ?? ""}`
			: `${first.kind} at ${first.atMs} ms: model ${first.model[0] ?? "nothing"}; kernel ${first.kernel[0] ?? "nothing"}`;
	return { name: scenario.name, why: short(why) };
}

/** Texts are saved, and the results have their number alone. */
function textFindings(save: string): readonly Exception[] {
	return readdirSync(save)
		.filter((name) => name.startsWith(`fuzz-${seed}-t`))
		.map((name) => ({
			name: name.replace(/\.rules$/, ""),
			why: "iptables-restore or iptables-save differs",
		}));
}

function oddDraws(draws: Made["draws"]): readonly string[] {
	return (draws?.kinds ?? [])
		.filter(({ isAsLikely }) => !isAsLikely)
		.map(({ of }) => of);
}

/** One line of a table or list. */
function short(text: string): string {
	const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
	return line.length > LONGEST_REASON
		? `${line.slice(0, LONGEST_REASON)} …`
		: line;
}

function hashOfSources(): string {
	const hash = createHash("sha256");
	for (const part of PLAYED)
		for (const name of readdirSync(join(ROOT, part), {
			recursive: true,
			encoding: "utf8",
		}).sort())
			if (/(?<!\.test)\.(ts|c|json|rules|saved)$/.test(name))
				hash.update(name).update(readFileSync(join(ROOT, part, name)));
	return hash.digest("hex").slice(0, 12);
}

if (values.short) process.exitCode = Math.max(...asked.map(askShortly));
else {
	for (const linux of asked) ask(linux);
	const cells = readMeasured();
	process.exitCode = EXIT[outcomeOf(asked.map((one) => cellOf(cells, one)))];
}
