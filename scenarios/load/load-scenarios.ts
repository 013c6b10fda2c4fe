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
import type { RulesetError } from "../../sim/ruleset/base/ruleset-error.ts";
import type { Note } from "../../sim/script/run/report.ts";
import { readUserFile, UnreadableFile } from "../files/read-user-file.ts";
import { strangeAssumptions } from "../language/check/check-assumptions.ts";
import { validateScenarioFile } from "../language/check/validate.ts";
import type { PlayableScenario, Scenario } from "../language/scenario.ts";
import {
	ScenarioError,
	type ScenarioErrorCode,
} from "../language/scenario-error.ts";
import { importModule } from "./import-module.ts";
import { parseJson } from "./parse-json.ts";
import { type RulesText, withTexts } from "./with-texts.ts";

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

/** How the names of scenario files end. */
export const SCENARIO_ENDINGS: readonly string[] = [...MODULES, ".json"];

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
	if (!SCENARIO_ENDINGS.includes(extension))
		throw new ScenarioError("export", file, [
			{
				path: "",
				message:
					extension === ""
						? "a scenario file has an extension"
						: `a scenario file does not end in "${extension}"`,
				remedy: `Scenarios are TypeScript, JavaScript or JSON: ${SCENARIO_ENDINGS.join(", ")}.`,
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
	const replaced = new Set<string>();
	const read = (name: string, path: string) =>
		readRules(name, { folder, file, path: `${scenario.name}: ${path}` });
	const resolved = await withTexts(scenario, {
		keepsFaulty: options.keepsFaulty === true,
		async rules(source, path) {
			const name = "text" in source ? source.name : source.file;
			const key = keyOf(name, options);
			const replacement = key === null ? undefined : options.rules?.get(key);
			if (key !== null && replacement !== undefined) {
				replaced.add(key);
				return replacement;
			}
			if ("text" in source) return source;
			const text = await read(name, path);
			// From where the user stands, as he named the scenario: what is printed can be opened.
			return {
				name: isAbsolute(name) ? name : join(dirname(file), name),
				text,
			};
		},
		sets: (source, path) =>
			typeof source === "string" ? source : read(source.file, path),
	});
	const { notes } = resolved;
	const [fault] = resolved.faults;
	// Other rules than the scenario's own need not have all that it is about.
	const strange =
		replaced.size > 0 || fault !== undefined
			? []
			: strangeAssumptions(resolved.scenario);
	if (strange.length > 0)
		throw new ScenarioError(
			"invalid",
			file,
			strange.map((one) => ({
				...one,
				path: `${scenario.name}: ${one.path}`,
			})),
		);
	return {
		file,
		scenario: resolved.scenario,
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
