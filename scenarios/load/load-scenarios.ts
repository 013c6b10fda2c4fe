/**
 * Reads scenario files and everything that they name. TypeScript goes through jiti, so that it
 * needs no build; `import … from "marktwin"` inside of a scenario file gets this very program, from
 * whatever folder, installed there or not.
 */
import {
	basename,
	dirname,
	extname,
	isAbsolute,
	join,
	normalize,
	resolve,
} from "node:path";
import { RulesetError } from "../../sim/ruleset/base/ruleset-error.ts";
import { restoreForm } from "../../sim/script/check-rules.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { withListenerBackends } from "../../sim/world/setup/services.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import { readUserFile, UnreadableFile } from "../files/read-user-file.ts";
import { validateScenarioFile } from "../language/check/validate.ts";
import type {
	PlayableScenario,
	RulesetSource,
	Scenario,
	ScenarioStep,
	SetsSource,
} from "../language/scenario.ts";
import {
	ScenarioError,
	type ScenarioErrorCode,
} from "../language/scenario-error.ts";
import { importModule } from "./import-module.ts";
import { parseJson } from "./parse-json.ts";

/** A ruleset that stands in for every file of some name. @public */
export interface RulesText {
	readonly name: string;
	readonly text: string;
}

/** Options of `loadScenarios`. @public */
export interface LoadOptions {
	/** What `import … from "marktwin"` gives: `await import("…/index.ts")`. */
	readonly library?: object;
	/**
	 * Played instead of the file of that name, wherever a scenario or a step names it: as it is written
	 * there (`../web/router.rules`), as it is seen from the current folder (`web/router.rules`), or by
	 * its last part (`router.rules`).
	 */
	readonly rules?: ReadonlyMap<string, RulesText>;
	/** A scenario with a script that cannot be read is returned with its `fault`; else that is thrown. */
	readonly keepsFaulty?: boolean;
}

/** A scenario with the file that it came from, as that was named; "" for a built-in one. @public */
export interface LoadedScenario {
	readonly file: string;
	readonly scenario: PlayableScenario;
	/** Names in `LoadOptions.rules` that stand in for rules of this scenario; left out where none does. */
	readonly replaced?: readonly string[];
	/** Why it cannot be played: of a script that it names for rules; such rules are as they are written. */
	readonly fault?: RulesetError;
	/** What its rules do besides that is not played: a script's routes and addresses; left out where nothing. */
	readonly notes?: readonly Note[];
}

const MODULES = [".ts", ".mts", ".js", ".mjs"];

/**
 * Loads scenario files (`.ts`, `.mts`, `.js`, `.mjs`, `.json`), in their order.
 * @throws ScenarioError for the first file that cannot be used, with all of its faults
 * @throws RulesetError for a script of iptables commands that it names as rules, unless `keepsFaulty`
 */
export async function loadScenarios(
	files: readonly string[],
	options: LoadOptions = {},
): Promise<readonly LoadedScenario[]> {
	const loaded: LoadedScenario[] = [];
	for (const file of files) {
		const scenarios = validateScenarioFile(await read(file, options), file);
		const folder = dirname(resolve(file));
		for (const scenario of scenarios)
			loaded.push(await withRules(scenario, folder, { ...options, file }));
	}
	return loaded;
}

async function read(file: string, options: LoadOptions): Promise<unknown> {
	const extension = extname(file);
	if (extension !== ".json" && !MODULES.includes(extension))
		throw new ScenarioError("export", file, [
			{
				path: "",
				message:
					extension === ""
						? "a scenario file has an extension"
						: `a scenario file does not end in "${extension}"`,
				remedy: `Scenarios are TypeScript, JavaScript or JSON: ${[...MODULES, ".json"].join(", ")}.`,
			},
		]);
	// A module is read again by whoever runs it, who would wait for a pipe.
	const text = await readScenarioFile(file);
	return extension === ".json"
		? parseJson(text, file)
		: importModule(file, options.library ?? {});
}

async function readScenarioFile(file: string): Promise<string> {
	try {
		// Editors of Windows begin a file with a byte order mark; in rules it is a fault that is told.
		return (await readUserFile(file)).replace(/^\ufeff/, "");
	} catch (error) {
		throw unreadable(error, {
			code: "missing",
			file,
			path: "",
			remedy: "Name a scenario file that is there.",
		});
	}
}

/**
 * Puts the texts of the rules files in, so that the scenario needs nothing but itself.
 * @param folder where the files are that it names
 * A shell script of iptables commands becomes what iptables-restore takes in its place.
 * @throws ScenarioError (`rules`) when one of them cannot be read
 * @throws RulesetError with the faults of a script
 */
export async function resolveRules(
	scenario: Scenario,
	folder: string,
	options: LoadOptions & { readonly file: string },
): Promise<PlayableScenario> {
	return (await withRules(scenario, folder, options)).scenario;
}

/** The same, with the names of the replacements that were used; ports on which the gateway listens are backends. */
export async function withRules(
	scenario: Scenario,
	folder: string,
	options: LoadOptions & { readonly file: string },
): Promise<LoadedScenario> {
	const { file } = options;
	const { linux } = scenario.setup.gateway;
	const replaced = new Set<string>();
	const faults: RulesetError[] = [];
	const notes: Note[] = [];
	const textOf = async (
		source: RulesetSource,
		path: string,
	): Promise<RulesText> => {
		const { name, text } = await written(source, path);
		try {
			const restored = restoreForm(text, name, linux);
			notes.push(...restored.notes);
			return { name, text: restored.text };
		} catch (error) {
			if (!options.keepsFaulty || !(error instanceof RulesetError)) throw error;
			faults.push(error);
			return { name, text };
		}
	};
	const written = async (
		source: RulesetSource,
		path: string,
	): Promise<RulesText> => {
		const name = "text" in source ? source.name : source.file;
		const key = keyOf(name, options);
		const replacement = key === null ? undefined : options.rules?.get(key);
		if (key !== null && replacement !== undefined) {
			replaced.add(key);
			return replacement;
		}
		if ("text" in source) return source;
		const text = await readRules(name, {
			folder,
			file: options.file,
			path: `${scenario.name}: ${path}`,
		});
		// From where the user stands, as he named the scenario: what is printed can be opened.
		const near = dirname(options.file);
		return { name: isAbsolute(name) ? name : join(near, name), text };
	};
	const setsOf = (source: SetsSource, path: string) =>
		typeof source === "string"
			? source
			: readRules(source.file, {
					folder,
					file: options.file,
					path: `${scenario.name}: ${path}`,
				});
	const { sets, ...gateway } = scenario.setup.gateway;
	const ruleset = await textOf(scenario.setup.ruleset, "setup.ruleset.file");
	const steps: Step[] = [];
	for (const [index, step] of scenario.steps.entries())
		steps.push(
			await withText(step, {
				rules: (source) => textOf(source, `steps[${index}].operation.file`),
				sets: (source) =>
					setsOf(source, `steps[${index}].operation.input.file`),
			}),
		);
	const playable = {
		...scenario,
		setup: withListenerBackends({
			...scenario.setup,
			ruleset,
			gateway:
				sets === undefined
					? gateway
					: { ...gateway, sets: await setsOf(sets, "setup.gateway.sets.file") },
		}),
		steps,
	};
	const [fault] = faults;
	return {
		file,
		scenario: playable,
		...(replaced.size === 0 ? {} : { replaced: [...replaced] }),
		...(fault === undefined ? {} : { fault }),
		...(notes.length === 0 ? {} : { notes }),
	};
}

/** Which of the replacements stands in for the rules that a scenario calls `name`. */
function keyOf(
	name: string,
	{ rules, file }: LoadOptions & { readonly file: string },
): string | null {
	const near = isAbsolute(name) ? normalize(name) : join(dirname(file), name);
	const names = [normalize(name), near, resolve(near), basename(name)];
	for (const one of names)
		for (const key of rules?.keys() ?? [])
			if (normalize(key) === one) return key;
	return null;
}

async function withText(
	step: ScenarioStep,
	textOf: {
		rules(source: RulesetSource): Promise<RulesText>;
		sets(source: SetsSource): string | Promise<string>;
	},
): Promise<Step> {
	if (step.kind !== "operation") return step;
	const { operation } = step;
	if (operation.kind === "ipset") {
		const { kind, command, input } = operation;
		return {
			...step,
			operation:
				input === undefined
					? { kind, command }
					: { kind, command, input: await textOf.sets(input) },
		};
	}
	if (operation.kind !== "restore") return { ...step, operation };
	const { file, noflush, counters } = operation;
	const source =
		"text" in operation ? { name: file, text: operation.text } : { file };
	const { name, text } = await textOf.rules(source);
	return {
		...step,
		operation: { kind: "restore", file: name, text, noflush, counters },
	};
}

/** Rules of a file, named by a scenario. */
async function readRules(
	name: string,
	place: {
		readonly folder: string;
		readonly file: string;
		readonly path: string;
	},
): Promise<string> {
	const { folder, file, path } = place;
	// A JSON file is data, and may come from anybody; a module could read any file by itself.
	const below = extname(file) === ".json" ? folder : null;
	try {
		return await readUserFile(resolve(folder, name), below);
	} catch (error) {
		throw unreadable(error, {
			code: "rules",
			file,
			path,
			remedy: "Rules are looked for beside the scenario file that names them.",
		});
	}
}

function unreadable(
	error: unknown,
	of: {
		readonly code: ScenarioErrorCode;
		readonly file: string;
		readonly path: string;
		readonly remedy: string;
	},
): unknown {
	if (!(error instanceof UnreadableFile)) return error;
	const { code, file, path } = of;
	const remedy = error.remedy || of.remedy;
	return new ScenarioError(code, file, [
		{ path, message: error.message, remedy },
	]);
}
