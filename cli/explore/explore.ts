/** `marktwin explore`: rules or a scenario → a page with the model in it. */
import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { examples } from "../../explore/engine/examples.ts";
import type { Start } from "../../explore/engine/messages.ts";
import { study } from "../../explore/engine/study.ts";
import { exploreHtml } from "../../explore/explore-html.ts";
import { nearest } from "../../sim/edit-distance.ts";
import { printFaults } from "../../sim/ruleset/base/ruleset-error.ts";
import { checkRules } from "../../sim/script/check-rules.ts";
import { EXIT } from "../base/exit-code.ts";
import { noteUsersFile } from "../base/users-code.ts";
import { mustBeWritable, STANDARD, writeText } from "../files/files.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { openInBrowser } from "./open-in-browser.ts";

export interface ExploreOptions extends WorldOptions {
	readonly output: string;
	readonly scenario?: string;
	readonly open: boolean;
}

const SCENARIO_FILES = [".ts", ".mts", ".js", ".mjs", ".json"];

/** @returns the exit code */
export async function explore(
	file: string | undefined,
	options: ExploreOptions,
): Promise<number> {
	const { output, open } = options;
	if (open && output === STANDARD)
		throw new InputError(
			"--open opens a file, and --output - writes none",
			"Name a file: --output explore.html.",
		);
	await mustBeWritable(output);
	const start = await startOf(file, options);
	await writeText(output, await exploreHtml(start));
	const screen = output === STANDARD ? err : out;
	if (output !== STANDARD) screen.show([`${nameText(output)} is written.`]);
	if (open) err.show(await openInBrowser(pathToFileURL(resolve(output)).href));
	const faults = start.kind === "rules" ? start.study.faults.length : 0;
	return faults > 0 ? EXIT.badInput : EXIT.holds;
}

async function startOf(
	file: string | undefined,
	options: ExploreOptions,
): Promise<Start> {
	if (file !== undefined && SCENARIO_FILES.includes(extname(file)))
		return scenarioOf(file, options);
	if (options.scenario !== undefined)
		throw new InputError(
			`--scenario ${options.scenario}: no scenario file is named`,
			"Name the file that has it.",
		);
	if (file !== undefined) return rulesOf(file, options);
	const recipe = new URL(
		"../../scenarios/suites/recipe/recipe.rules",
		import.meta.url,
	);
	return {
		kind: "examples",
		examples: examples(await readFile(recipe, "utf8")),
	};
}

async function rulesOf(file: string, options: ExploreOptions): Promise<Start> {
	const { rules: read, given } = await readRulesAndWorld(file, options);
	const name = basename(read.name);
	const rules = {
		name,
		text: read.text,
		given: { lacks: "", ...given } as const,
	};
	const studied = await whileShowing(`analysing ${read.name} …`, async () =>
		study(rules),
	);
	if (studied.faults.length > 0) {
		const { linux } = given;
		const { faults } = checkRules(read.text, {
			file: read.name,
			...(linux === undefined ? {} : { linux }),
		});
		err.show([
			printFaults(faults),
			"",
			`${nameText(read.name)} would not load: the page shows why, and has an editor.`,
		]);
	}
	return { kind: "rules", rules, study: studied };
}

async function scenarioOf(
	file: string,
	{ scenario: named, ...options }: ExploreOptions,
): Promise<Start> {
	noteUsersFile(file);
	mustSayNothingOfMachine(file, options);
	const { loadScenarios } = await import("../../index.ts");
	const loaded = await loadScenarios([file]);
	const names = loaded.map(({ scenario }) => scenario.name);
	const chosen =
		named === undefined && loaded.length === 1
			? loaded[0]
			: loaded.find(({ scenario }) => scenario.name === named);
	if (chosen === undefined) {
		const meant = named === undefined ? null : nearest(named, names);
		throw new InputError(
			named === undefined
				? `${file} has ${loaded.length} scenarios, and one can be explored`
				: `--scenario ${named}: ${file} has no such scenario`,
			meant === null
				? `Name one with --scenario: ${names.join(", ")}.`
				: `Did you mean ${meant}?`,
		);
	}
	const { scenario } = chosen;
	const text = JSON.stringify(scenario);
	return { kind: "scenario", name: scenario.name, text };
}

/** Options that tell of the machine around rules, as they are written. */
const OF_MACHINE = {
	addresses: "addresses",
	routes: "routes",
	routingRules: "routing-rules",
	sets: "sets",
	geoip: "geoip",
	capture: "capture",
	otherTables: "other-tables",
	linux: "linux",
} as const;

/** @throws InputError for an option that a scenario has no use for */
function mustSayNothingOfMachine(file: string, options: WorldOptions): void {
	const given = [
		...Object.entries(OF_MACHINE).flatMap(([name, written]) =>
			options[name as keyof typeof OF_MACHINE] === undefined ? [] : [written],
		),
		...((options.assume?.size ?? 0) > 0 ? ["assume"] : []),
	];
	const [first] = given;
	if (first === undefined) return;
	throw new InputError(
		`--${first} tells of the machine around rules, and ${file} is a scenario`,
		"A scenario says all of its gateway: write it there.",
	);
}
