/** Which scenarios the command line means. */
import { extname } from "node:path";
import type { LoadedScenario } from "../../scenarios/load/load-scenarios.ts";
import type { RulesText } from "../../scenarios/load/with-texts.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { noteUsersFile } from "../base/users-code.ts";
import { readRules as readRulesFile } from "../files/files.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import type { Shard } from "../options/read-option.ts";
import type { ScenarioOptions } from "../options/scenario-options.ts";
import { InputError } from "../screen/input-error.ts";
import {
	type BrokenFile,
	type Chosen,
	isBroken,
	playableAmong,
} from "./broken-file.ts";
import { eachOnce, filesOf, OWN, scenarioFilesBelow } from "./find-files.ts";

type Rules = ReadonlyMap<string, RulesText>;

export interface Selection {
	readonly loaded: readonly LoadedScenario[];
	/** Files that were chosen and cannot be used; the others are played. */
	readonly broken: readonly BrokenFile[];
	/** What was chosen where nothing or a folder or a pattern is named, for a person; "" where names say it. */
	readonly said: string;
	/** Every file that was read: it must not be written to. */
	readonly inputs: readonly string[];
}

/** What there is to say of a shard that came away empty, which is no fault; `null` for any other play. */
export function emptyShard(
	{ loaded, broken }: Selection,
	shard: Shard | undefined,
): string | null {
	if (shard === undefined || loaded.length + broken.length > 0) return null;
	const { index, total } = shard;
	return `shard ${index} of ${total} has no scenario: nothing was played`;
}

/** All that come with marktwin. */
const BUILT_IN = "builtin";
/** What is played in containers when nothing is named, and nowhere else: it says nothing new there. */
const LIVE = "live";

/**
 * Loads what is named and keeps what the filter leaves; in the order in which it was named.
 * @throws InputError, ScenarioError
 */
export async function select(
	names: readonly string[],
	options: Pick<ScenarioOptions, "filter" | "rules" | "shard"> & {
		readonly on?: DriverChoice;
		readonly with?: DriverChoice;
	},
): Promise<Selection> {
	const rules = await readRules(options.rules);
	const isLive = [options.on, options.with].some(
		(one) => one?.kind === "docker",
	);
	const own = names.length === 0 ? await scenarioFilesBelow(".") : [];
	const { chosen, said, files } = await chooseAll(
		names.length > 0 ? names : own.length > 0 ? own : [BUILT_IN],
		{ rules, isLive },
	);
	const kept = filtered(chosen, options.filter);
	mustBeUsed(rules, kept);
	const mine = dealt(kept, options.shard);
	const loaded = playableAmong(mine);
	const broken = mine.filter(isBroken);
	mustBePlayable(loaded, broken);
	return {
		loaded,
		broken,
		said:
			names.length > 0
				? said
				: own.length > 0
					? `${countOf(own)} below .`
					: `no ${OWN} below .: all built-in scenarios (${BUILT_IN})`,
		inputs: [
			...files,
			...options.rules.values(),
			...loaded.flatMap(({ scenario }) => scenario.setup.ruleset.name),
			...loaded.flatMap(({ scenario }) =>
				scenario.steps.flatMap((step) =>
					step.kind === "operation" && step.operation.kind === "restore"
						? [step.operation.file]
						: [],
				),
			),
		],
	};
}

/** All that the names mean, each once. */
async function chooseAll(
	names: readonly string[],
	{ rules, isLive }: { readonly rules: Rules; readonly isLive: boolean },
): Promise<{
	readonly chosen: readonly Chosen[];
	readonly said: string;
	readonly files: readonly string[];
}> {
	const needsBuiltIn = !names.every(isFile);
	const builtIn = needsBuiltIn ? await loadBuiltIn(rules) : [];
	const parts: (readonly LoadedScenario[] | readonly string[])[] = [];
	const said: string[] = [];
	for (const name of names) {
		const known = isFile(name) ? [] : builtInNamed(name, builtIn, isLive);
		if (known.length > 0) {
			parts.push(known);
			continue;
		}
		const files = await filesOf(name);
		if (files === null && !isFile(name)) throw unknownName(name, builtIn);
		if (files === null && extname(name) === "")
			throw new InputError(`no file or folder is named ${name}`);
		if (files?.length === 0) throw noFile(name);
		if (files !== null && (files.length !== 1 || files[0] !== name))
			said.push(`${countOf(files)}: ${name}`);
		parts.push(files ?? [name]);
	}
	const files = await eachOnce(
		parts.flat().filter((one): one is string => typeof one === "string"),
	);
	const byFile = new Map<string, readonly Chosen[]>();
	for (const file of files) byFile.set(file, await loadFile(file, rules));
	const chosen = parts.flatMap((part) =>
		part.flatMap((one): readonly Chosen[] => {
			if (typeof one !== "string") return [one];
			const its = byFile.get(one) ?? [];
			// A file that several names mean is played once.
			byFile.delete(one);
			return its;
		}),
	);
	return { chosen: [...new Set(chosen)], said: said.join("; "), files };
}

/** Every n-th, so that long suites are shared out as well. */
function dealt<One>(all: readonly One[], shard: Shard | undefined) {
	if (shard === undefined) return all;
	const { index, total } = shard;
	return all.filter((_, number) => number % total === index - 1);
}

/** Names of built-in scenarios and suites have neither folders nor extensions. */
function isFile(name: string): boolean {
	return name.includes("/") || extname(name) !== "";
}

function countOf(files: readonly string[]): string {
	return files.length === 1
		? "1 scenario file"
		: `${files.length} scenario files`;
}

async function readRules(files: ReadonlyMap<string, string>): Promise<Rules> {
	const rules = new Map<string, RulesText>();
	for (const [name, file] of files) rules.set(name, await readRulesFile(file));
	return rules;
}

async function loadBuiltIn(rules: Rules): Promise<readonly LoadedScenario[]> {
	const { loadBuiltInScenarios } = await import(
		"../../scenarios/suites/index.ts"
	);
	return loadBuiltInScenarios({ rules, keepsFaulty: true });
}

async function loadFile(
	file: string,
	rules: Rules,
): Promise<readonly Chosen[]> {
	const { loadScenarios } = await import("../../index.ts");
	noteUsersFile(file);
	try {
		return await loadScenarios([file], { rules, keepsFaulty: true });
	} catch (error) {
		if (error instanceof Error && error.name === "ScenarioError")
			return [{ file, error }];
		throw error;
	}
}

/** A scenario of that name, else all of the suite; none where it names neither. */
function builtInNamed(
	name: string,
	builtIn: readonly LoadedScenario[],
	isLive: boolean,
): readonly LoadedScenario[] {
	if (name === BUILT_IN)
		return builtIn.filter(
			({ scenario }) => (scenario.suite === LIVE) === isLive,
		);
	const one = builtIn.filter(({ scenario }) => scenario.name === name);
	if (one.length > 0) return one;
	return builtIn.filter(({ scenario }) => scenario.suite === name);
}

function unknownName(
	name: string,
	builtIn: readonly LoadedScenario[],
): InputError {
	const suites = [...new Set(builtIn.map(({ scenario }) => scenario.suite))];
	const names = [
		BUILT_IN,
		...suites,
		...builtIn.map(({ scenario }) => scenario.name),
	];
	const meant = nearest(name, names);
	return new InputError(
		`no scenario, suite, file or folder is named "${name}"`,
		meant
			? `Did you mean ${meant}? (A file is named with its extension, or ./${name}.)`
			: `Suites are ${suites.join(", ")}; marktwin run ${BUILT_IN} --list shows all.`,
	);
}

function noFile(name: string): InputError {
	return new InputError(
		`${name}: no scenario file`,
		`In a folder, scenario files are ${OWN}; a pattern names any others: 'folder/*.json'.`,
	);
}

/** A single file that cannot be used is an error like any other; of several, each has its message. */
function mustBePlayable(
	loaded: readonly LoadedScenario[],
	broken: readonly BrokenFile[],
): void {
	const [first] = broken;
	if (loaded.length === 0 && first !== undefined && broken.length === 1)
		throw first.error;
}

/** A replacement that replaces nothing is a mistake: what is played is not what was meant. */
function mustBeUsed(rules: Rules, chosen: readonly Chosen[]): void {
	// What a broken file plays is not known.
	if (chosen.some(isBroken)) return;
	const loaded = playableAmong(chosen);
	const used = new Set(loaded.flatMap(({ replaced = [] }) => replaced));
	for (const [name, { name: by }] of rules) {
		if (used.has(name)) continue;
		const played = [
			...new Set(loaded.map(({ scenario }) => scenario.setup.ruleset.name)),
		];
		const meant = nearest(name, played) ?? played.join(", ");
		throw new InputError(
			`--rules ${name}=${by}: no scenario plays rules named ${name}`,
			`They play ${meant}.`,
		);
	}
}

/** A name that is given whole means that scenario alone. */
function filtered(
	chosen: readonly Chosen[],
	filter: string | undefined,
): readonly Chosen[] {
	if (filter === undefined) return chosen;
	const loaded = playableAmong(chosen);
	const exact = loaded.filter(({ scenario }) => scenario.name === filter);
	const wanted = filter.toLowerCase();
	const found =
		exact.length > 0
			? exact
			: loaded.filter(({ scenario }) =>
					[scenario.name, scenario.suite, scenario.title].some((text) =>
						text.toLowerCase().includes(wanted),
					),
				);
	const kept = new Set<Chosen>(found);
	// What a broken file holds is not known, so it is not left out.
	const left = chosen.filter((one) => kept.has(one) || isBroken(one));
	if (left.length > 0 && filter !== "") return left;
	const meant = nearest(
		filter,
		loaded.map(({ scenario }) => scenario.name),
	);
	throw new InputError(
		`--filter "${filter}" leaves no scenario of ${loaded.length}`,
		meant
			? `Did you mean ${meant}?`
			: `--list shows all; those that come with marktwin: marktwin run ${BUILT_IN}.`,
	);
}
