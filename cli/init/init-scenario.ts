/** `marktwin init RULES`: writes scenarios of what a ruleset balances. */
import { basename, dirname, join, relative, sep } from "node:path";
import {
	typescriptOf,
	withRemarks,
} from "../../scenarios/analysis/draft/draft.ts";
import {
	draftPlayed,
	type PlayedDraft,
} from "../../scenarios/analysis/draft/draft-played.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { analyse } from "../../scenarios/analysis/services/analysis.ts";
import type { GivenWorld } from "../../scenarios/analysis/world/assumed-world.ts";
import type { RulesetSource } from "../../scenarios/language/scenario.ts";
import { commandLine, shellLine } from "../../scenarios/result/invocation.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import { EXIT } from "../base/exit-code.ts";
import {
	mustBeWritable,
	operand,
	STANDARD,
	writeText,
} from "../files/files.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import { readRulesAndWorld } from "../options/read-world.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { loaded } from "../rules/load-rules.ts";
import { mustNameService } from "../rules/must-name-service.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { mustBeFree } from "./must-be-free.ts";

export interface InitScenarioOptions extends WorldOptions {
	readonly output?: string;
	readonly format?: "ts" | "json";
	readonly service?: string;
	readonly force: boolean;
}

/**
 * One file for each ruleset.
 * @returns the exit code
 */
export async function initScenarios(
	rules: readonly string[],
	options: InitScenarioOptions,
): Promise<number> {
	if (rules.length > 1 && options.output !== undefined)
		throw new InputError(
			`--output ${options.output} is one file, and there are ${rules.length} rulesets`,
			"Leave --output out: each ruleset gets a file beside it.",
		);
	const codes: number[] = [];
	const isOnly = rules.length === 1;
	for (const one of rules) codes.push(await initScenario(one, options, isOnly));
	return codes.includes(EXIT.badInput) ? EXIT.badInput : Math.max(...codes);
}

/**
 * @param named the rules, or a folder with a capture
 * @param isOnly of several rulesets, each may have what is assumed of the others
 * @returns the exit code
 */
async function initScenario(
	named: string,
	options: InitScenarioOptions,
	isOnly: boolean,
): Promise<number> {
	const { rules, given } = await readRulesAndWorld(named, options);
	const { name, text } = rules;
	const file = named === STANDARD ? STANDARD : name;
	const format = formatOf(options);
	const output = outputFor(file, format, options.output);
	await mustBeWritable(output);
	const ruleset = loaded(text, name, given);
	if (ruleset === null) return EXIT.badInput;
	if (isOnly) mustBeInRules(options.assume, [ruleset]);
	err.show(given.notes);
	const source = sourceFor({ file, text, output, format });
	const made = await whileShowing(`playing ${name} …`, () =>
		drafted({ ruleset, given, text, file, source, service: options.service }),
	);
	const { scenarios } = made.draft;
	if (scenarios.length === 0) {
		err.show([
			`${nameText(name)}: no service that scenarios can play, so nothing is written`,
			...faultLines(made, file),
			...leftOutLines(made),
		]);
		return EXIT.unknown;
	}
	const written = textOf(made, format);
	if (!options.force && output !== STANDARD) await mustBeFree(output, written);
	await writeText(output, written);
	// Standard output may be the file.
	const screen = output === STANDARD ? err : out;
	screen.show(reportLines(made, { file, output, paint: screen.paint }));
	return EXIT.holds;
}

function formatOf({ format, output }: InitScenarioOptions): "ts" | "json" {
	if (format !== undefined) return format;
	return output?.endsWith(".json") ? "json" : "ts";
}

/** `web.scenario.ts` beside `web.rules`. */
function outputFor(
	file: string,
	format: "ts" | "json",
	named: string | undefined,
): string {
	if (named !== undefined) return named;
	if (file === STANDARD)
		throw new InputError(
			"rules from standard input have no name to call the scenarios by",
			"Name the file to write: --output my.scenario.ts.",
		);
	const name = basename(file).replace(/\.(rules|txt|sh|conf|save|v4)$/, "");
	return join(dirname(file), `${name}.scenario.${format}`);
}

/** The rules by their file, as it is seen from the scenarios; their text where that cannot be. */
function sourceFor({
	file,
	text,
	output,
	format,
}: {
	readonly file: string;
	readonly text: string;
	readonly output: string;
	readonly format: "ts" | "json";
}): RulesetSource {
	if (file === STANDARD) return { name: "stdin.rules", text };
	const folder = output === STANDARD ? "." : dirname(output);
	const path = relative(folder, file).split(sep).join("/");
	// JSON may come from anybody: it names files in its own folder and below.
	const isBelow = !path.startsWith("../") && !path.startsWith("/");
	if (format === "json" && !isBelow) return { name: basename(file), text };
	return { file: path };
}

async function drafted({
	ruleset,
	given,
	text,
	file,
	source,
	service,
}: {
	readonly ruleset: Ruleset;
	readonly given: GivenWorld;
	readonly text: string;
	readonly file: string;
	readonly source: RulesetSource;
	readonly service: string | undefined;
}): Promise<PlayedDraft> {
	const analysis = analyse(ruleset, given);
	if (service !== undefined)
		mustNameService(`--service ${service}`, service, analysis.services);
	const findings = lintRuleset({ file, ...analysis }, text).filter(
		({ suppressed }) => suppressed === null,
	);
	const command = shellLine(["marktwin", "init", operand(basename(file))]);
	return draftPlayed(analysis, text, {
		ruleset: source,
		origin: `Written by ${command}.`,
		findings,
		...(service === undefined ? {} : { service }),
	});
}

function textOf({ draft }: PlayedDraft, format: "ts" | "json"): string {
	if (format === "ts") return typescriptOf(draft);
	return `${jsonLine(withRemarks(draft), 2)}\n`;
}

function reportLines(
	made: PlayedDraft,
	{
		file,
		output,
		paint,
	}: {
		readonly file: string;
		readonly output: string;
		readonly paint: Paint;
	},
): readonly string[] {
	const { results, draft } = made;
	const others = results.filter(({ outcome }) => outcome !== "holds");
	const count = (number: number, one: string) =>
		`${number} ${one}${number === 1 ? "" : "s"}`;
	const services = new Set(draft.services).size;
	const where = output === STANDARD ? "" : ` in ${nameText(output)}`;
	return [
		`${count(results.length, "scenario")} of ${count(services, "service")}${where}: ${results.length - others.length} hold on the model`,
		...others.map(
			({ outcome, scenario }) =>
				`  ${outcome === "violated" ? paint("red", "✗") : paint("yellow", "?")} ${scenario.name}: ${scenario.title}`,
		),
		...(others.some(({ outcome }) => outcome === "violated")
			? [
					"They say what a balancer should do, and are violated until the rules are repaired.",
				]
			: []),
		...faultLines(made, file),
		...leftOutLines(made),
		...(output === STANDARD
			? []
			: [`Play them: ${commandLine({ command: "run", names: [output] })}`]),
	];
}

/** What the linter finds, whether a scenario shows it or not. */
function faultLines(
	{ findings }: PlayedDraft,
	file: string,
): readonly string[] {
	const faults = findings.filter(({ severity }) => severity !== "note");
	if (faults.length === 0) return [];
	const codes = [...new Set(faults.map(({ lint }) => lint.code))].join(", ");
	const command = shellLine(["marktwin", "lint", operand(file)]);
	return [`The linter finds fault with the rules (${codes}): ${command}`];
}

/** What has no scenario; the file says it, too. */
function leftOutLines({ draft }: PlayedDraft): readonly string[] {
	const most = 10;
	const { leftOut } = draft;
	return leftOut.length === 0
		? []
		: [
				"Not tested:",
				...leftOut.slice(0, most).map((one) => `  ${one}`),
				...(leftOut.length > most
					? [`  … and ${leftOut.length - most} more`]
					: []),
			];
}
