/** Which scenarios the command line means. */
import { extname } from "node:path";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import type {
	LoadedScenario,
	RulesText,
} from "../../scenarios/run/load-scenarios.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { readText } from "../files.ts";
import { InputError } from "../input-error.ts";
import type { Shard } from "../read-option.ts";
import type { RunOptions } from "../run.ts";

type Rules = ReadonlyMap<string, RulesText>;

/**
 * Loads what is named and keeps what the filter leaves; in the order in which it was named.
 * @throws InputError, ScenarioError
 */
export async function select(
	names: readonly string[],
	options: Pick<RunOptions, "filter" | "rules" | "shard"> & {
		readonly on?: string;
		readonly with?: string;
	},
): Promise<readonly LoadedScenario[]> {
	const rules = await readRules(options.rules);
	const isLive = options.on === "docker" || options.with === "docker";
	const needsBuiltIn = names.length === 0 || !names.every(isFile);
	const builtIn = needsBuiltIn ? await loadBuiltIn(rules) : [];
	const loaded =
		names.length === 0
			? builtIn.filter(({ scenario }) => (scenario.suite === LIVE) === isLive)
			: [];
	for (const name of names)
		loaded.push(
			...(isFile(name) ? await loadFile(name, rules) : named(name, builtIn)),
		);
	if (loaded.length > 0) mustBeUsed(rules, loaded);
	return part(filtered([...new Set(loaded)], options.filter), options.shard);
}

/** Every n-th, so that long suites are shared out as well. */
function part(
	loaded: readonly LoadedScenario[],
	shard: Shard | undefined,
): readonly LoadedScenario[] {
	if (shard === undefined) return loaded;
	const { index, total } = shard;
	return loaded.filter((_, number) => number % total === index - 1);
}

/** What is played in containers when nothing is named, and nowhere else: it says nothing new there. */
const LIVE = "live";

/** Names of scenarios and suites have neither folders nor extensions. */
function isFile(name: string): boolean {
	return name.includes("/") || extname(name) !== "";
}

async function readRules(files: ReadonlyMap<string, string>): Promise<Rules> {
	const rules = new Map<string, RulesText>();
	for (const [name, file] of files) rules.set(name, await readText(file));
	return rules;
}

async function loadBuiltIn(rules: Rules): Promise<readonly LoadedScenario[]> {
	const { loadBuiltInScenarios } = await import(
		"../../scenarios/suites/index.ts"
	);
	return loadBuiltInScenarios({ rules });
}

async function loadFile(
	file: string,
	rules: Rules,
): Promise<readonly LoadedScenario[]> {
	const { loadScenarios } = await import("../../index.ts");
	return loadScenarios([file], { rules });
}

/** A scenario of that name, else all of the suite. */
function named(
	name: string,
	builtIn: readonly LoadedScenario[],
): readonly LoadedScenario[] {
	const one = builtIn.filter(({ scenario }) => scenario.name === name);
	const suite = builtIn.filter(({ scenario }) => scenario.suite === name);
	const found = one.length > 0 ? one : suite;
	if (found.length > 0) return found;
	const suites = [...new Set(builtIn.map(({ scenario }) => scenario.suite))];
	const names = [...suites, ...builtIn.map(({ scenario }) => scenario.name)];
	const meant = nearest(name, names);
	throw new InputError(
		`no scenario or suite is named "${name}"`,
		meant
			? `Did you mean ${meant}? (A file is named with its extension, or ./${name}.)`
			: `Suites are ${suites.join(", ")}; marktwin run --list shows all.`,
	);
}

/** A replacement that replaces nothing is a mistake: what is played is not what was meant. */
function mustBeUsed(rules: Rules, loaded: readonly LoadedScenario[]): void {
	const used = new Set(loaded.flatMap(({ scenario }) => rulesOf(scenario)));
	for (const [name, { name: by }] of rules)
		if (!used.has(by)) {
			const meant = nearest(name, [...used]) ?? [...used].join(", ");
			throw new InputError(
				`--rules ${name}=${by}: no scenario plays rules named ${name}`,
				`They play ${meant}.`,
			);
		}
}

function rulesOf({ setup, steps }: PlayableScenario): readonly string[] {
	const later = steps.flatMap((step) =>
		step.kind === "operation" && step.operation.kind === "restore"
			? [step.operation.file]
			: [],
	);
	return [setup.ruleset.name, ...later];
}

/** A name that is given whole means that scenario alone. */
function filtered(
	loaded: readonly LoadedScenario[],
	filter: string | undefined,
): readonly LoadedScenario[] {
	if (filter === undefined) return loaded;
	const exact = loaded.filter(({ scenario }) => scenario.name === filter);
	if (exact.length > 0) return exact;
	const wanted = filter.toLowerCase();
	const found = loaded.filter(({ scenario }) =>
		[scenario.name, scenario.suite, scenario.title].some((text) =>
			text.toLowerCase().includes(wanted),
		),
	);
	if (found.length > 0) return found;
	const meant = nearest(
		filter,
		loaded.map(({ scenario }) => scenario.name),
	);
	throw new InputError(
		`--filter "${filter}" leaves no scenario of ${loaded.length}`,
		meant ? `Did you mean ${meant}?` : "marktwin run --list shows all.",
	);
}
