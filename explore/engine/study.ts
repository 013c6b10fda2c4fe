/** What follows from a text of rules alone, as `check`, `split` and `lint` say it, and a scenario to play it in. */
import {
	type SplitDocument,
	splitDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import { draft, scenariosOf } from "../../scenarios/analysis/draft/draft.ts";
import type { Severity } from "../../scenarios/analysis/lint/finding.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { unknownOf } from "../../scenarios/analysis/lint/run/unknown.ts";
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../scenarios/analysis/world/assumed-world.ts";
import { recipeSetup } from "../../scenarios/language/build/build-recipe.ts";
import { validateScenarioFile } from "../../scenarios/language/check/validate.ts";
import type {
	PlayableScenario,
	Scenario,
} from "../../scenarios/language/scenario.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { formatAddress, parseAddress } from "../../sim/packet/address.ts";
import { printFault } from "../../sim/ruleset/base/ruleset-error.ts";
import {
	checkRules,
	lackedBy,
	restoreForm,
} from "../../sim/script/check-rules.ts";
import { setsIn } from "../../sim/sets/command/read-saved.ts";

/** Rules by name and text, and what their machine told. */
export interface Rules {
	readonly name: string;
	readonly text: string;
	/** Left out: nothing. */
	readonly given?: GivenWorld;
}

/** What keeps rules from loading. */
interface FaultView {
	readonly line: number;
	readonly column: number;
	readonly length: number;
	readonly message: string;
	/** As `marktwin check` prints it. */
	readonly printed: string;
}

/** A finding of the linter. */
interface FindingView {
	readonly code: string;
	readonly name: string;
	readonly severity: Severity;
	readonly line: number;
	readonly message: string;
	readonly happens: string;
	readonly remedy: string;
	/** The reason of a comment that suppresses it; `null`: none does. */
	readonly suppressed: string | null;
}

/** A service that can be played, and how its clients begin. */
export interface World {
	/** Of the service in the split; "": the rules balance nothing that can be played. */
	readonly service: string;
	/** Without steps. */
	readonly scenario: PlayableScenario;
	/** A step for each client, by its name: what `connect` does for it. */
	readonly openings: readonly Opening[];
}

export type Opening = Extract<
	Scenario["steps"][number],
	{ readonly kind: "connect" | "send" }
>;

export interface Study {
	readonly name: string;
	/** As iptables-restore takes them: of a script, what it makes. */
	readonly played: string;
	/** Not empty: they would not load, and nothing else is known. */
	readonly faults: readonly FaultView[];
	readonly notes: readonly string[];
	readonly split: SplitDocument | null;
	readonly findings: readonly FindingView[];
	/** What is not known: a sentence each. */
	readonly unknown: readonly string[];
	/** At least one, where the rules load. */
	readonly worlds: readonly World[];
	/** What the worlds leave out, and why. */
	readonly leftOut: readonly string[];
}

/** Looks at rules as the commands do. */
export function study({
	name,
	text,
	given: told = NOTHING_GIVEN,
}: Rules): Study {
	const given = { ...told, lacks: told.lacks ?? lackedBy(text) };
	const linux = given.linux ?? DEFAULT_LINUX;
	const { hasSet } = setsIn(given.sets);
	const checked = checkRules(text, {
		file: name,
		linux,
		...(hasSet === undefined ? {} : { hasSet }),
	});
	const { ruleset, faults, isScript } = checked;
	const notes = checked.notes.map(({ line, message }) =>
		line > 0 ? `line ${line}: ${message}` : message,
	);
	const nothing = {
		name,
		played: text,
		notes,
		split: null,
		findings: [],
		unknown: [],
		worlds: [],
		leftOut: [],
	};
	if (ruleset === null)
		return {
			...nothing,
			faults: faults.map((fault) => ({
				line: fault.line,
				column: fault.column,
				length: fault.length,
				message: fault.message,
				printed: printFault(fault),
			})),
		};
	const analysis = analyse(ruleset, given);
	const facts = { file: name, ...analysis };
	const findings = lintRuleset(facts, text);
	const played = isScript ? restoreForm(text, name, linux).text : text;
	return {
		...nothing,
		played,
		faults: [],
		notes: [...notes, ...given.notes],
		split: splitDocument(name, facts),
		findings: findings.map((found) => ({
			code: found.lint.code,
			name: found.lint.name,
			severity: found.severity,
			line: found.at.line,
			message: found.message,
			happens: found.happens,
			remedy: found.remedy,
			suppressed: found.suppressed,
		})),
		unknown: unknownOf(facts, findings),
		...worldsOf(analysis, { name, text: played }),
	};
}

/** A world of each service that scenarios can play; one with a client alone where there is none. */
function worldsOf(
	analysis: Analysis,
	ruleset: { readonly name: string; readonly text: string },
): Pick<Study, "worlds" | "leftOut"> {
	const made = draft(analysis, { ruleset, origin: "" });
	const scenarios =
		made.scenarios.length === 0
			? []
			: validateScenarioFile(scenariosOf(made), "");
	const worlds = new Map<string, World>();
	for (const [index, scenario] of scenarios.entries()) {
		const service = made.services[index] ?? "";
		const openings = scenario.steps.filter(isOpening);
		const known = worlds.get(service);
		const fresh = openings.filter(
			({ client }) => !known?.openings.some((one) => one.client === client),
		);
		worlds.set(service, {
			service,
			scenario: known?.scenario ?? begun(scenario, ruleset),
			openings: [...(known?.openings ?? []), ...firstOfEach(fresh)],
		});
	}
	const list = [...worlds.values()];
	return {
		worlds: list.length > 0 ? list : [bareWorld(analysis, ruleset)],
		leftOut: made.leftOut,
	};
}

/** Of each client, how it begins. */
export function firstOfEach(steps: readonly Opening[]): readonly Opening[] {
	return [
		...new Map(steps.toReversed().map((one) => [one.client, one])).values(),
	]
		.reverse()
		.map((one) => one);
}

export function isOpening(step: Scenario["steps"][number]): step is Opening {
	return step.kind === "connect" || step.kind === "send";
}

/** Where nothing happens yet. */
function begun(
	{ setup }: Scenario,
	ruleset: PlayableScenario["setup"]["ruleset"],
): PlayableScenario {
	return {
		name: "explored",
		suite: "",
		title: `What happens with ${ruleset.name}`,
		story: "",
		trap: null,
		// The rules of a draft name no other files.
		setup: { ...(setup as PlayableScenario["setup"]), ruleset },
		steps: [],
		expect: [],
		endMs: 1,
	};
}

/** Rules that balance nothing: a client beside the gateway that connects to the gateway itself. */
function bareWorld(
	{ world }: Analysis,
	ruleset: { readonly name: string; readonly text: string },
): World {
	const { interfaces, routes, ip, sets, linux } = world.setup;
	const place = interfaces.find(({ addresses }) => addresses.length > 0);
	const at = place?.addresses[0]?.split("/")[0];
	const setup = recipeSetup({
		ruleset,
		gateway: {
			...(place === undefined ? {} : { interfaces, routes }),
			...(ip === undefined ? {} : { ip }),
			...(sets === undefined ? {} : { sets }),
			...(linux === undefined ? {} : { linux }),
		},
		...(place === undefined || at === undefined
			? {}
			: {
					service: { address: at, port: 80 },
					clients: [
						{
							name: "c1",
							address: neighbourOf(at),
							interface: place.name,
							latencyMs: 1,
						},
					],
				}),
		backends: [],
	});
	const [client] = setup.clients;
	return {
		service: "",
		scenario: begun({ setup } as Scenario, ruleset),
		openings: [
			{
				atMs: 0,
				label: "",
				kind: "connect",
				client: client?.name ?? "c1",
				count: 1,
				arrivals: { kind: "at-once" },
				ports: { kind: "drawn" },
				dialogue: { kind: "connect-only", connectTimeoutMs: 3_000 },
			},
		],
	};
}

/** The next address, or the one before where that ends a network. */
function neighbourOf(text: string): string {
	const address = parseAddress(text) ?? 0;
	return formatAddress((address & 255) < 200 ? address + 9 : address - 9);
}
