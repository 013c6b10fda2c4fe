/** `marktwin explore`: rules or a scenario → a page with the model in it. */
import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { examples } from "../../explore/engine/examples.ts";
import type { Start } from "../../explore/engine/messages.ts";
import { study } from "../../explore/engine/study.ts";
import { EXPLORE_PARTS, exploreHtml } from "../../explore/explore-html.ts";
import { SCENARIO_ENDINGS } from "../../scenarios/load/load-scenarios.ts";
import { printFaults } from "../../sim/ruleset/base/ruleset-error.ts";
import { EXIT } from "../base/exit-code.ts";
import { mustBeWritable, STANDARD, writeText } from "../files/files.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { readBuilt } from "../outputs/read-page.ts";
import { select } from "../play/select.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { openInBrowser } from "./open-in-browser.ts";

export interface ExploreOptions extends WorldOptions {
	readonly output: string;
	/** Which scenario of a file. */
	readonly filter?: string;
	readonly open: boolean;
}

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
	const parts = await readBuilt("explore", EXPLORE_PARTS);
	const start = await startOf(file, options);
	await writeText(output, exploreHtml(start, parts));
	const screen = output === STANDARD ? err : out;
	if (output !== STANDARD) screen.show([`${nameText(output)} is written.`]);
	if (open) await openInBrowser(pathToFileURL(resolve(output)).href);
	const faults = start.kind === "rules" ? start.study.faults.length : 0;
	return faults > 0 ? EXIT.badInput : EXIT.holds;
}

async function startOf(
	file: string | undefined,
	options: ExploreOptions,
): Promise<Start> {
	if (file !== undefined && SCENARIO_ENDINGS.includes(extname(file)))
		return scenarioOf(file, options);
	if (options.filter !== undefined)
		throw new InputError(
			`--filter ${options.filter}: no scenario file is named`,
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
		const faults = studied.faults.map((one) => ({ ...one, file: read.name }));
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
	{ filter, ...options }: ExploreOptions,
): Promise<Start> {
	mustSayNothingOfMachine(file, options);
	const { loaded, broken } = await select([file], {
		...(filter === undefined ? {} : { filter }),
		rules: new Map(),
	});
	const [chosen, ...more] = loaded;
	const [fault] = broken;
	if (chosen === undefined) throw fault?.error;
	if (chosen.fault !== undefined) throw chosen.fault;
	if (more.length > 0)
		throw new InputError(
			`${file} has ${loaded.length} scenarios${filter === undefined ? "" : ` with ${filter}`}, and one can be explored`,
			`Name one with --filter: ${loaded.map(({ scenario }) => scenario.name).join(", ")}.`,
		);
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
