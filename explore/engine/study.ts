/** What follows from a text of rules alone, as `check`, `split` and `lint` say it, and a scenario to play it in. */

import { buildVerdict } from "../../reports/build/build-verdict.ts";
import type { VerdictView } from "../../reports/contract/report.ts";
import {
	type SplitDocument,
	splitDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import { draft, scenariosOf } from "../../scenarios/analysis/draft/draft.ts";
import { lintRuleset } from "../../scenarios/analysis/lint/run/lint-ruleset.ts";
import { unknownOf } from "../../scenarios/analysis/lint/run/unknown.ts";
import {
	type Analysis,
	analyse,
} from "../../scenarios/analysis/services/analysis.ts";
import { AddressPlan } from "../../scenarios/analysis/world/address-plan.ts";
import {
	type GivenWorld,
	NOTHING_GIVEN,
} from "../../scenarios/analysis/world/assumed-world.ts";
import { recipeSetup } from "../../scenarios/language/build/build-recipe.ts";
import { isWithin } from "../../scenarios/language/check/check-health-check.ts";
import { validateScenarioFile } from "../../scenarios/language/check/validate.ts";
import type {
	PlayableScenario,
	Scenario,
} from "../../scenarios/language/scenario.ts";
import type { InterfaceSetup } from "../../sim/contract/gateway.ts";
import { keyOfNeed } from "../../sim/contract/need.ts";
import { invariant } from "../../sim/invariant.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import {
	type Fault,
	printFault,
} from "../../sim/ruleset/base/ruleset-error.ts";
import { openPoints } from "../../sim/ruleset/check/open-points.ts";
import {
	checkRules,
	lackedBy,
	restoreForm,
} from "../../sim/script/check-rules.ts";
import { setsIn } from "../../sim/sets/command/read-saved.ts";
import { keyOfRules } from "./rule-key.ts";
import { ruleLines } from "./view.ts";

/** Rules by name and text, and what their machine told. */
export interface Rules {
	readonly name: string;
	readonly text: string;
	/** Left out: nothing. */
	readonly given?: GivenWorld;
}

/** What keeps rules from loading. */
interface FaultView extends Fault {
	/** As `marktwin check` prints it. */
	readonly printed: string;
}

/** A service that can be played, and how its clients begin. */
export interface World {
	/** Of the service in the split; "": the rules balance nothing that can be played. */
	readonly service: string;
	/** All but the rules. */
	readonly setup: Omit<PlayableScenario["setup"], "ruleset">;
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
	/** There is no table in them. */
	readonly isEmpty: boolean;
	/** What has to be there before they load: `set:bad`. */
	readonly needs: readonly string[];
	/** Of the rules, as `keyOfRules` makes it. */
	readonly key: string;
	readonly notes: readonly string[];
	/** `null` where there are faults. */
	readonly split: SplitDocument | null;
	/** Of the same, as reports show it. */
	readonly verdict: VerdictView | null;
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
	const { hasSet, names } = setsIn(given.sets);
	const checked = checkRules(text, {
		file: name,
		linux,
		...(hasSet === undefined ? {} : { hasSet }),
	});
	const { ruleset, faults, isScript } = checked;
	const notes = checked.notes.map(({ line, message }) =>
		line > 0 ? `line ${line}: ${message}` : message,
	);
	if (ruleset === null)
		return {
			name,
			played: text,
			faults: faults.map((fault) => {
				return { ...fault, printed: printFault(fault) };
			}),
			isEmpty: false,
			needs: [],
			key: "",
			notes,
			split: null,
			verdict: null,
			worlds: [],
			leftOut: [],
		};
	const analysis = analyse(ruleset, given);
	const facts = { file: name, ...analysis };
	const findings = lintRuleset(facts, text);
	const played = isScript ? restoreForm(text, name, linux).text : text;
	const split = splitDocument(name, facts);
	const there = [
		...names.map((set) => `set:${set}`),
		...Object.keys(given.geoip ?? {}).map((country) => `country:${country}`),
	];
	return {
		name,
		played,
		faults: [],
		isEmpty: ruleset.tables.length === 0,
		needs: openPoints(ruleset.tables, new Set(there)).needs.map(keyOfNeed),
		key: keyOfRules(ruleLines(ruleset, linux)),
		notes: [...notes, ...given.notes],
		split,
		verdict: buildVerdict({
			status: null,
			split,
			findings: findings.filter(({ suppressed }) => suppressed === null),
			unknown: unknownOf(facts, findings),
			// The page shows all of them elsewhere.
			rules: [],
		}),
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
			setup: known?.setup ?? withoutRules(scenario.setup),
			openings: [...(known?.openings ?? []), ...firstOfEach(fresh)],
		});
	}
	const list = [...worlds.values()];
	return {
		worlds: list.length > 0 ? list : [bareWorld(analysis)],
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

/** Rules in a world of theirs, where nothing happens yet. */
export function begun(
	{ setup }: World,
	{ name, text }: PlayableScenario["setup"]["ruleset"],
): PlayableScenario {
	return {
		name: "explored",
		suite: "",
		title: `What happens with ${name}`,
		story: "",
		trap: null,
		setup: { ...setup, ruleset: { name, text } },
		steps: [],
		expect: [],
		endMs: 1,
	};
}

function withoutRules({ ruleset: _, ...setup }: Scenario["setup"]) {
	// What a draft names stands in it.
	return setup as World["setup"];
}

/** Rules that balance nothing: a client beside the gateway that connects to the gateway itself. */
function bareWorld({ world }: Analysis): World {
	const { interfaces, routes, ip, sets, linux } = world.setup;
	const place = placeBeside(interfaces);
	const setup = recipeSetup({
		gateway: {
			...(place === null ? {} : { interfaces, routes }),
			...(ip === undefined ? {} : { ip }),
			...(sets === undefined ? {} : { sets }),
			...(linux === undefined ? {} : { linux }),
		},
		...(place === null
			? {}
			: {
					service: { address: place.gateway, port: 80 },
					clients: [
						{
							name: "c1",
							address: place.client,
							interface: place.interface,
							latencyMs: 1,
						},
					],
				}),
		backends: [],
	});
	const [client] = setup.clients;
	return {
		service: "",
		setup: withoutRules(setup),
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

/** An address of the gateway, and a free one beside it; `null` where no network has room for two. */
function placeBeside(interfaces: readonly InterfaceSetup[]) {
	const plan = new AddressPlan(interfaces, []);
	for (const { name, addresses } of interfaces)
		for (const network of plan.linksOf(name)) {
			const free = plan.freeHost(network);
			if (free === null) continue;
			const client = formatAddress(free);
			const own = addresses.find((text) => isWithin(client, text));
			invariant(own !== undefined, "a link has an address of its network");
			return { interface: name, gateway: own.split("/")[0] ?? "", client };
		}
	return null;
}
