import { extname, join } from "node:path";
import { givenOfScenario } from "../../scenarios/analysis/given/given-of-scenario.ts";
import { prove as proveAll } from "../../scenarios/analysis/prove/prove.ts";
import type { EventName } from "../../scenarios/analysis/prove/state/events.ts";
import {
	type Counterexample,
	outcomeOf,
	type Proof,
} from "../../scenarios/analysis/prove/state/proof.ts";
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import { EXIT } from "../base/exit-code.ts";
import { noteUsersFile } from "../base/users-code.ts";
import { makeOutputFolder, mustBeWritable, writeText } from "../files/files.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { analysed } from "../rules/analysed.ts";
import { loaded } from "../rules/load-rules.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, progress, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { confirm, type NamedCounterexample } from "./confirm.ts";
import { type ProvedFile, proofJson, proofLines } from "./print.ts";

export interface ProveCommandOptions extends WorldOptions {
	/** Left out: none, and each by itself. */
	readonly events?: readonly EventName[];
	readonly service?: string;
	readonly budget: number;
	/** Seconds. */
	readonly deadFor: number;
	readonly json: boolean;
	/** A folder. */
	readonly counterexamples?: string;
	readonly confirm?: DriverChoice<"vm">;
	/** A page. */
	readonly report?: string;
}

const FORMAT = 1;

/** @returns the exit code */
export async function prove(
	file: string,
	options: ProveCommandOptions,
): Promise<number> {
	const { report } = options;
	if (report !== undefined) await mustBeWritable(report);
	const found = await whileShowing(`analysing ${file} …`, () =>
		subjectsOf(file, options),
	);
	if (found === null) return EXIT.badInput;
	if (options.counterexamples !== undefined)
		makeOutputFolder(options.counterexamples);
	const proved = await whileShowing(`proving ${file} …`, async () =>
		found.map(({ name, analysis }) => {
			return { file: name, proof: proofOf(name, analysis, options) };
		}),
	);
	const written = await writeCounterexamples(proved, options);
	if (options.json)
		out.data(
			`${jsonLine({ format: FORMAT, proofs: proved.map(proofJson) }, 2)}\n`,
		);
	else out.show(proved.flatMap((one) => proofLines(one, out)));
	if (written > 0)
		err.show([`${written} counterexamples: ${options.counterexamples}`]);
	if (report !== undefined) await writePage(report, proved, file, options);
	const outcomes = proved.map(({ proof }) => outcomeOf(proof));
	if (options.confirm !== undefined) {
		const wrong = await confirm(
			proved.flatMap(counterexamplesOf),
			options.confirm,
		);
		if (wrong > 0) return EXIT.bug;
	}
	if (outcomes.includes("violated")) return EXIT.violated;
	return outcomes.includes("unknown") || outcomes.length === 0
		? EXIT.unknown
		: EXIT.holds;
}

async function writePage(
	page: string,
	proved: readonly ProvedFile[],
	file: string,
	{ counterexamples: folder, events = [] }: ProveCommandOptions,
): Promise<void> {
	const { writeProofReport } = await import("./report.ts");
	const asked = events.length === 0 ? [] : ["--events", events.join(",")];
	await writeProofReport(page, proved, {
		command: ["prove", file, ...asked],
		counterexamples: proved.flatMap(counterexamplesOf),
		...(folder === undefined ? {} : { folder }),
	});
}

interface Found {
	readonly name: string;
	readonly analysis: Analysis;
}

/** Of a scenario file: each of its rulesets on its gateway, once. */
const SCENARIO_FILES: ReadonlySet<string> = new Set([
	".ts",
	".mts",
	".js",
	".mjs",
	".json",
]);

/** @returns `null` where rules would not load: their faults are printed */
async function subjectsOf(
	file: string,
	options: ProveCommandOptions,
): Promise<readonly Found[] | null> {
	if (SCENARIO_FILES.has(extname(file))) return ofScenarios(file, options);
	const found = await analysed(file, options);
	if (found === null) return null;
	mustBeInRules(options.assume, [found.analysis.ruleset]);
	return [{ name: found.rules.name, analysis: found.analysis }];
}

async function ofScenarios(
	file: string,
	options: ProveCommandOptions,
): Promise<readonly Found[] | null> {
	const told = (
		[
			"addresses",
			"routes",
			"routingRules",
			"sets",
			"geoip",
			"capture",
			"linux",
		] as const
	).find((name) => options[name] !== undefined);
	if (told !== undefined)
		throw new InputError(
			`${file} is a scenario, and says itself what its gateway is`,
			"Leave out the options that tell of the machine, or name the rules.",
		);
	const { loadScenarios } = await import("../../index.ts");
	noteUsersFile(file);
	const seen = new Set<string>();
	const found: Found[] = [];
	for (const { scenario } of await loadScenarios([file])) {
		const { ruleset: source, gateway, assume } = scenario.setup;
		const key = JSON.stringify([source, gateway, assume]);
		if (seen.has(key)) continue;
		seen.add(key);
		const { linux, sets } = gateway;
		const ruleset = loaded(source.text, source.name, {
			...(linux === undefined ? {} : { linux }),
			...(sets === undefined ? {} : { sets }),
		});
		if (ruleset === null) return null;
		const given = givenOfScenario(scenario.setup);
		found.push({ name: source.name, analysis: analyse(ruleset, given) });
	}
	return found;
}

function proofOf(
	name: string,
	analysis: Analysis,
	{ events = [], service, budget, deadFor }: ProveCommandOptions,
): Proof {
	return proveAll(analysis, {
		name,
		events,
		single: events.length === 0,
		budget,
		limitMs: deadFor * 1000,
		...(service === undefined ? {} : { service }),
		onProgress: (words) => progress.show(nameText(words)),
	});
}

/** Each once: what quiet operation violates is violated under every event. */
function counterexamplesOf({
	proof,
}: ProvedFile): readonly NamedCounterexample[] {
	const found = new Map<Counterexample, string>();
	for (const { single, assumed } of proof.services)
		for (const { events, proved } of [assumed, ...single])
			for (const { result } of proved) {
				if (result.kind !== "violated") continue;
				const { counterexample } = result;
				if (found.has(counterexample)) continue;
				const under = events.length === 0 ? "quiet" : events.join("-");
				found.set(counterexample, `${counterexample.scenario.name}-${under}`);
			}
	const names = new Set<string>();
	return [...found].map(([counterexample, wanted]) => {
		let name = wanted.slice(0, MOST_NAME);
		for (let number = 2; names.has(name); number++)
			name = `${wanted.slice(0, MOST_NAME)}-${number}`;
		names.add(name);
		const scenario = { ...counterexample.scenario, name };
		return { name, counterexample: { ...counterexample, scenario } };
	});
}

const MOST_NAME = 120;

/** @returns how many there are */
async function writeCounterexamples(
	proved: readonly ProvedFile[],
	{ counterexamples: folder }: ProveCommandOptions,
): Promise<number> {
	if (folder === undefined) return 0;
	const all = proved.flatMap(counterexamplesOf);
	for (const { name, counterexample } of all)
		await writeText(
			join(folder, `${name}.scenario.json`),
			`${jsonLine(counterexample.scenario, 2)}\n`,
		);
	return all.length;
}
