import { extname } from "node:path";
import { counted } from "../../reports/wording.ts";
import { givenOfScenario } from "../../scenarios/analysis/given/given-of-scenario.ts";
import type { Demand } from "../../scenarios/analysis/prove/demand.ts";
import { prove as proveAll } from "../../scenarios/analysis/prove/prove.ts";
import type { EventName } from "../../scenarios/analysis/prove/state/events.ts";
import {
	outcomeOf,
	type Proof,
	type ProofPart,
} from "../../scenarios/analysis/prove/state/proof.ts";
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import { SCENARIO_ENDINGS } from "../../scenarios/load/load-scenarios.ts";
import { EXIT } from "../base/exit-code.ts";
import { noteUsersFile } from "../base/users-code.ts";
import { makeOutputFolder } from "../files/files.ts";
import { mustBeInRules } from "../options/check-assumed.ts";
import type { DriverChoice } from "../options/driver-option.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { jsonLine } from "../outputs/json-text.ts";
import { openPage } from "../outputs/page.ts";
import { analysed } from "../rules/analysed.ts";
import { loaded } from "../rules/load-rules.ts";
import { mustNameService } from "../rules/must-name-service.ts";
import { InputError } from "../screen/input-error.ts";
import { err, out, progress, whileShowing } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { confirm } from "./confirm.ts";
import {
	namedCounterexamples,
	writeCounterexamples,
} from "./counterexamples.ts";
import { partLines, proofJson, restLines } from "./print.ts";

export interface ProveCommandOptions extends WorldOptions {
	/** Left out: none, and each by itself. */
	readonly events?: readonly EventName[];
	readonly service?: string;
	/** A file, in place of events and a service. */
	readonly properties?: string;
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
	const { json, report, counterexamples: folder } = options;
	const page = await openPage(report, json);
	const demands = await demandsOf(options);
	const found = await whileShowing(`analysing ${file} …`, () =>
		subjectsOf(file, options),
	);
	if (found === null) return EXIT.badInput;
	const services = found.flatMap(({ analysis }) => analysis.services);
	if (options.service !== undefined)
		mustNameService(`--service ${options.service}`, options.service, services);
	for (const { where, service } of demands ?? [])
		mustNameService(`${where}: service ${service}`, service, services);
	if (folder !== undefined) makeOutputFolder(folder);
	const proved = await whileShowing(`proving ${file} …`, async () =>
		found.map(({ name, analysis }) => {
			const { screen } = page;
			// Told as it is found, as run and compare do: some take minutes, and a pipe shows no progress.
			const onPart = (part: ProofPart) => {
				if (!json) screen.show(partLines(part, screen));
			};
			const proof = proofOf(name, analysis, { ...options, demands, onPart });
			if (!json) screen.show(restLines({ file: name, proof }, screen));
			return { file: name, proof };
		}),
	);
	const counterexamples = namedCounterexamples(proved);
	if (folder !== undefined) await writeCounterexamples(counterexamples, folder);
	if (json)
		out.data(
			`${jsonLine({ format: FORMAT, proofs: proved.map(proofJson) }, 2)}\n`,
		);
	if (folder !== undefined && counterexamples.length > 0)
		err.show([
			`${counted(counterexamples.length, "counterexample")}: ${folder}`,
		]);
	if (page.write !== null) {
		const { writeProofPage } = await import("./report.ts");
		await writeProofPage(page.write, proved, { counterexamples, folder });
	}
	if (options.confirm !== undefined) {
		const wrong = await confirm(counterexamples, options.confirm);
		if (wrong > 0) return EXIT.bug;
	}
	const outcomes = proved.map(({ proof }) => outcomeOf(proof));
	if (outcomes.includes("violated")) return EXIT.violated;
	return outcomes.includes("unknown") || outcomes.length === 0
		? EXIT.unknown
		: EXIT.holds;
}

async function demandsOf({ properties }: ProveCommandOptions) {
	if (properties === undefined) return null;
	const { readDemands } = await import("./demands.ts");
	return readDemands(properties);
}

interface Found {
	readonly name: string;
	readonly analysis: Analysis;
}

/** @returns `null` where rules would not load: their faults are printed */
async function subjectsOf(
	file: string,
	options: ProveCommandOptions,
): Promise<readonly Found[] | null> {
	if (SCENARIO_ENDINGS.includes(extname(file)))
		return ofScenarios(file, options);
	const found = await analysed(file, options);
	if (found === null) return null;
	mustBeInRules(options.assume, [found.analysis.ruleset]);
	return [{ name: found.rules.name, analysis: found.analysis }];
}

/** Each of its rulesets on its gateway, once. */
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
	{
		events = [],
		service,
		budget,
		deadFor,
		demands,
		onPart,
	}: ProveCommandOptions & {
		readonly demands: readonly Demand[] | null;
		readonly onPart: (part: ProofPart) => void;
	},
): Proof {
	return proveAll(analysis, {
		name,
		events,
		single: events.length === 0,
		budget,
		limitMs: deadFor * 1000,
		...(service === undefined ? {} : { service }),
		...(demands === null ? {} : { demands }),
		onProgress: (words) => progress.show(nameText(words)),
		onPart,
	});
}
