/** Plays on assumptions: what `setup.assume` comes to on the model, and what holds both ways. */
import type { AssumedMatches } from "../../sim/contract/assume.ts";
import { type Assumed, Assumptions } from "../../sim/extension/assumed.ts";
import { DEFAULT_LINUX } from "../../sim/linux/linux.ts";
import { openPoints } from "../../sim/ruleset/check/open-points.ts";
import { checkRuleset } from "../../sim/ruleset/parse.ts";
import type { PlayableScenario, Setup } from "../language/scenario.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import type { AssumedMatch } from "../result/assumed.ts";
import { type Judgement, type RunResult, worst } from "../result/result.ts";

/** Each key taken for one of the two. */
type Way = Readonly<Record<string, Assumed>>;

/** All ways that are to be played: keys with `either` are yes in one half of them and no in the other. */
export function waysOf({ assume = {} }: Pick<Setup, "assume">): readonly Way[] {
	return Object.entries(assume).reduce<readonly Way[]>(
		(ways, [key, value]) =>
			(value === "either" ? (["yes", "no"] as const) : [value]).flatMap((one) =>
				ways.map((way) => ({ ...way, [key]: one })),
			),
		[{}],
	);
}

/** For the model: of keys with `either`, the first way. */
export function assumptionsOf(
	setup: Pick<Setup, "assume">,
	way: Way = waysOf(setup)[0] ?? {},
): Assumptions | null {
	return setup.assume === undefined ? null : new Assumptions(way);
}

/** The ports of a model that assumes; none where nothing is assumed. */
export function assuming(setup: Pick<Setup, "assume">): {
	readonly assume?: AssumedMatches;
} {
	const assume = assumptionsOf(setup);
	return assume === null ? {} : { assume };
}

/** How often each was used, in all ways together. */
export function assumedBy(
	{ assume = {} }: Pick<Setup, "assume">,
	played: readonly Assumptions[],
): readonly AssumedMatch[] {
	return Object.entries(assume).map(([key, value]) => {
		const times = played.reduce((sum, one) => sum + one.times(key), 0);
		return { key, value, times };
	});
}

/** @throws ScenarioError a kernel knows what its sets hold and what its matches do */
export function mustNotAssume(
	{ name, setup }: PlayableScenario,
	file: string,
): void {
	if (Object.keys(setup.assume ?? {}).length === 0) return;
	throw new ScenarioError("invalid", file, [
		{
			path: `${name}: setup.assume`,
			message: "assumptions are for the model: a kernel knows",
			remedy:
				"Leave `assume` out, and give the kernel what the rules name: its sets in `gateway.sets`.",
		},
	]);
}

/** @throws ScenarioError a kernel has the sets alone that it is given: it refuses rules that name another one */
export function mustGiveSets(
	{ name, setup }: PlayableScenario,
	file: string,
): void {
	const { sets: given, geoip = {} } = setup.gateway;
	const { linux = DEFAULT_LINUX } = setup.gateway;
	const { tables } = checkRuleset(setup.ruleset.text, { linux });
	const { needs } = openPoints(tables);
	const missing = needs.filter(
		(need) => need.kind === "country" && !Object.hasOwn(geoip, need.name),
	);
	if (missing.length > 0)
		throw new ScenarioError("invalid", file, [
			{
				path: `${name}: setup.gateway.geoip`,
				message: `the rules name countries whose addresses are not given: a kernel refuses them without: ${missing.map((need) => need.name).join(", ")}`,
				remedy: 'Say `gateway.geoip`: `{ DE: ["192.0.2.0/24"] }`.',
			},
		]);
	const sets = needs.filter(({ kind }) => kind === "set");
	if (given !== undefined || sets.length === 0) return;
	const named = sets.map((one) => `"${one.name}"`).join(", ");
	throw new ScenarioError("invalid", file, [
		{
			path: `${name}: setup.gateway.sets`,
			message: `no sets are given, and the rules name ${named}: a kernel refuses rules without their sets`,
			remedy:
				"Say `gateway.sets`: what `ipset save` prints, as a text or as `{ file }`.",
		},
	]);
}

interface Played {
	readonly way: Way;
	readonly result: RunResult;
}

/** What holds in all ways holds, what is violated in all is violated, and the rest is unknown. */
export function inAllWays(
	setup: Pick<Setup, "assume">,
	plays: readonly Played[],
): Pick<RunResult, "outcome" | "unknown" | "judgements"> {
	const [first, ...others] = plays as readonly [Played, ...Played[]];
	const lost = plays.find(({ result }) => result.unknown !== null);
	const most = plays.reduce((longest, one) =>
		one.result.judgements.length > longest.result.judgements.length
			? one
			: longest,
	);
	const judgements = most.result.judgements.map((judgement, index) => {
		const same = others.every(
			({ result }) =>
				result.judgements[index]?.outcome ===
				first.result.judgements[index]?.outcome,
		);
		return same
			? (first.result.judgements[index] ?? judgement)
			: parted(judgement, index, { setup, plays });
	});
	return {
		outcome:
			lost !== undefined || judgements.length === 0
				? "unknown"
				: worst(judgements.map(({ outcome }) => outcome)),
		unknown: lost?.result.unknown ?? null,
		judgements,
	};
}

/** It depends on what is assumed: one play for each outcome says how. */
function parted(
	judgement: Judgement,
	index: number,
	{
		setup,
		plays,
	}: {
		readonly setup: Pick<Setup, "assume">;
		readonly plays: readonly Played[];
	},
): Judgement {
	// What every scenario implies is judged only where it is violated.
	const outcomeIn = ({ result }: Played) =>
		result.judgements[index]?.outcome ?? "holds";
	const seen = (["holds", "violated", "unknown"] as const).flatMap(
		(outcome) => {
			const play = plays.find((one) => outcomeIn(one) === outcome);
			if (play === undefined) return [];
			const found = play.result.judgements[index]?.seen ?? "";
			return [
				`${outcome} with ${eitherOf(setup, play.way)}${found === "" ? "" : ` (${found})`}`,
			];
		},
	);
	return {
		...judgement,
		outcome: "unknown",
		seen: `it depends on what is assumed: ${seen.join("; ")}`,
		connections: [],
		concerned: 0,
		rule: null,
		why: [],
	};
}

/** The keys that are open: `set:blocked=no`. */
function eitherOf({ assume = {} }: Pick<Setup, "assume">, way: Way): string {
	return Object.keys(assume)
		.filter((key) => assume[key] === "either")
		.map((key) => `${key}=${way[key]}`)
		.join(", ");
}
