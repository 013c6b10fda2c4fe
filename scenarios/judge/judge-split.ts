/**
 * Shares of backends. Where the rules decide, a split is as even as whole numbers get or it is not;
 * chance has a say only in connections that a draw was made for, and each of them counts once.
 */
import { own } from "../../sim/own.ts";
import {
	greater,
	minus,
	plus,
	printRational,
	rational,
	times,
	toNumber,
	ZERO,
} from "../../sim/rational.ts";
import { type Band, evenBand, multinomialBands } from "../../sim/statistics.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import {
	areOthers,
	drawnShares,
	drawnWords,
	drawsToTell,
	type SharesOf,
} from "../exact/drawn-shares.ts";
import {
	areShares,
	exactShares,
	keepSources,
	leadToOne,
} from "../exact/exact-shares.ts";
import type { ExpectationKind, Scenario } from "../language/scenario.ts";
import {
	counted,
	type Finding,
	filterWords,
	finding,
	NONE_FITS,
	nounOf,
	selected,
	showsNothing,
} from "../result/finding.ts";
import { addressesOf, sourceOf } from "../result/groups.ts";
import { worst } from "../result/result.ts";
import { type Draws, drawsOf } from "./draws.ts";

type Split = Extract<ExpectationKind, { readonly kind: "split" }>;
/** What shares are judged by, whatever they are shares of. */
type Given = Pick<Split, "of" | "weights" | "within">;

/** Binary fractions: (0.8 - 0.1) × 10 comes out a hair above 7 and must not become 8. */
const ROUNDING = 1e-9;

/** @param played what the rules are known from; left out, they are not looked at */
export function judgeSplit(
	given: Split,
	account: Account,
	played?: Pick<Scenario, "setup" | "steps">,
): Finding {
	return given.per === "client"
		? judgeEachClient(given, account, played)
		: judgeShares(
				given,
				account,
				played,
				played && { ...played, of: "backend" },
			);
}

/** How many clients a finding names. */
const MOST_CLIENTS_NAMED = 3;

/** A right ruleset is found wrong no more often than for all clients together: each is allowed a part of that. */
function judgeEachClient(
	given: Split,
	account: Account,
	played: Pick<Scenario, "setup" | "steps"> | undefined,
): Finding {
	const connections = selected(account.connections, given.of);
	const clients = [...new Set(connections.map(({ client }) => client))];
	const drawn = played && ({ ...played, of: "backend" } as const);
	if (clients.length === 0) return judgeShares(given, account, played, drawn);
	const { within } = given;
	const each: Given["within"] =
		within.kind === "confidence"
			? {
					kind: "confidence",
					confidence: 1 - (1 - within.confidence) / clients.length,
				}
			: within;
	const found = clients.map((client) => {
		const of = { ...given.of, client };
		const one = judgeShares(
			{ weights: given.weights, within: each, of },
			account,
			played,
			drawn,
		);
		return { client, ...one };
	});
	const outcome = worst(found.map((one) => one.outcome));
	const telling = found.filter((one) => one.outcome === outcome);
	const named = telling.slice(0, MOST_CLIENTS_NAMED);
	const more = telling.length - named.length;
	const shares = Object.entries(given.weights).map(
		([name, weight]) => `${name} ${weight}`,
	);
	const all = outcome === "holds" ? [] : telling.flatMap((one) => one.all);
	return {
		...finding(outcome === "holds", {
			expected: `shares of ${shares.join(" to ")} of the ${nounOf(connections)}s${filterWords(given.of)} for each of ${counted(clients.length, "client")}; ${named[0]?.client}: ${named[0]?.expected}`,
			seen: `${named.map((one) => `${one.client}: ${one.seen}`).join("; ")}${more === 0 ? "" : `; and ${counted(more, "more client")} likewise`}`,
			concerned: all,
		}),
		outcome,
	};
}

/** Shares of the source addresses that the gateway gives to connections. */
export function judgeSplitBySource(
	given: Extract<ExpectationKind, { readonly kind: "split-by-source" }>,
	account: Account,
	played?: Pick<Scenario, "setup" | "steps">,
): Finding {
	const addresses = addressesOf(played?.setup.clients ?? []);
	const originals = new Map(account.connections.map((one) => [one.id, one]));
	// As if each source were a backend.
	const connections = account.connections.map((one): ConnectionRecord => {
		const { chance: _, drawnFor: __, source, ...rest } = one;
		return {
			...rest,
			...(source?.chance === undefined ? {} : { chance: source.chance }),
			...(source?.drawnFor === undefined ? {} : { drawnFor: source.drawnFor }),
			backend: sourceOf(one, addresses),
		};
	});
	const shares = judgeShares(
		given,
		{ ...account, connections },
		undefined,
		played === undefined ? undefined : { ...played, of: "source" },
	);
	const found = {
		...shares,
		all: shares.all.map((one) => originals.get(one.id) ?? one),
	};
	const meant = selected(connections, given.of);
	const clients = meant.map(({ client }) => client);
	return found.outcome === "holds" &&
		played !== undefined &&
		keepSources(played, clients)
		? showsNothing(
				found,
				`no rule gives a ${nounOf(meant)} another source than its client's own`,
			)
		: found;
}

/**
 * @param played by which the rules' own shares are known, where they take turns
 * @param drawn by which they are known, where they draw, and of what they are
 */
function judgeShares(
	given: Given,
	account: Account,
	played?: Pick<Scenario, "setup" | "steps">,
	drawn?: DrawnOf,
): Finding {
	const connections = selected(account.connections, given.of);
	const names = Object.keys(given.weights);
	const parts = partsOf(given, account, connections);
	if (parts.unknown > 0) return unknownDraws(given, connections, parts);
	const { judged, followed } = parts;
	const counts = countsOf(names, judged);
	const strays = connections.filter(
		({ backend }) => backend === null || !names.includes(backend),
	);
	const even = allowedBands(given, names, parts);
	const isEven = areInside(counts, even);
	// Counters that are right may stray by more than whole numbers have to.
	const worst =
		isEven ||
		strays.length > 0 ||
		played === undefined ||
		!isDecided(given, parts)
			? null
			: worstBands(given, names, { account, connections: judged, played });
	const bands = worst?.bands ?? even;
	const inside = worst === null ? isEven : areInside(counts, bands);
	const expected = names.map((name, index) => {
		const { low, high } = bands[index] ?? { low: 0, high: 0 };
		return `${name} ${low === high ? low : `${low}…${high}`}`;
	});
	const seen = names.map((name, index) => `${name} ${counts[index]}`);
	if (strays.length > 0) seen.push(`elsewhere or nowhere ${strays.length}`);
	if (followed.length > 0) seen.push(followedWords(names, parts));
	const holds = judged.length > 0 && strays.length === 0 && inside;
	// What one backend has too much of, the others lack.
	const tooMany = judged.filter(({ backend }) => {
		const index = names.indexOf(backend ?? "");
		return (counts[index] ?? 0) > (bands[index]?.high ?? 0);
	});
	const found = finding(holds, {
		expected: `${expected.join(", ")} of ${counted(judged.length, nounOf(connections))}${filterWords(given.of)}${worst?.words ?? reasonWords(given, parts)}`,
		seen: connections.length === 0 ? NONE_FITS : seen.join(", "),
		concerned: holds || strays.length > 0 ? strays : tooMany,
	});
	const isOpen = bands.every(
		({ low, high }) => low === 0 && high === judged.length,
	);
	if (isOpen && strays.length === 0 && connections.length > 0)
		return showsNothing(
			found,
			followed.length === 0
				? ""
				: `${counted(parts.drew.length, "draw")} may fall in any way`,
		);
	const luck = holds && drawn ? luckOf(given, account, parts, drawn) : null;
	if (luck !== null)
		return { ...found, outcome: "unknown", seen: `${found.seen}; ${luck}` };
	const [only, ...others] = names.filter(
		(name) => (own(given.weights, name) ?? 0) > 0,
	);
	if (!holds || only === undefined || others.length > 0) return found;
	if (played !== undefined && leadToOne(played, only, connections))
		return showsNothing(
			found,
			`the rules lead every ${nounOf(connections)} to ${only}`,
		);
	return judged.length === 1 && parts.drew.length === 1
		? showsNothing(found, "1 draw may fall in any way")
		: found;
}

type DrawnOf = Pick<Scenario, "setup" | "steps"> & { readonly of: SharesOf };

/**
 * What draws have left within what is expected, though the rules give other shares: by luck, and fewer of them than
 * would tell. `null`: the rules give those that are expected, or it is not known what they give.
 */
function luckOf(
	{ weights, within }: Given,
	account: Account,
	{ judged, drew, followed }: Draws,
	{ of, ...played }: DrawnOf,
): string | null {
	if (within.kind === "exact" || followed.length > 0) return null;
	const isDrawn =
		within.kind === "tolerance"
			? judged.some(({ chance }) => chance === "drew") &&
				judged.every(({ chance }) => [undefined, "drew"].includes(chance))
			: drew.length > 0;
	const shares = isDrawn ? drawnShares(played, account, judged, of) : null;
	if (shares === null) return null;
	if (within.kind === "tolerance")
		return areOthers(shares, weights, within.tolerance)
			? `luck: the rules give ${drawnWords(shares)}, which is further off`
			: null;
	if (!areOthers(shares, weights)) return null;
	const draws = drawsToTell(shares, weights, within.confidence);
	const expected = new Map(
		Object.entries(weights).map(([name, weight]) => [
			name,
			weight / sum(Object.values(weights)),
		]),
	);
	return `luck: the rules give ${drawnWords(shares)}, and not ${drawnWords(expected)}; about ${draws ?? "10^9"} draws would tell these apart`;
}

function areInside(counts: readonly number[], bands: readonly Band[]): boolean {
	return counts.every((count, index) => {
		const band = bands[index];
		return band !== undefined && count >= band.low && count <= band.high;
	});
}

/** Nothing was drawn, or went by what was drawn before. */
function isDecided({ within }: Given, { drew, followed }: Draws): boolean {
	return (
		within.kind === "confidence" && drew.length === 0 && followed.length === 0
	);
}

/** Bands as wide as the rules' own worst run of connections, where their exact shares are those of the weights. */
function worstBands(
	{ weights }: Given,
	names: readonly string[],
	{
		account,
		connections,
		played,
	}: {
		readonly account: Account;
		readonly connections: readonly ConnectionRecord[];
		readonly played: Pick<Scenario, "setup" | "steps">;
	},
): { readonly bands: readonly Band[]; readonly words: string } | null {
	const shares = exactShares(played, account, connections);
	if (shares === null || !areShares(shares, weights)) return null;
	const trials = rational(connections.length);
	const bands = names.map((name): Band => {
		const found = shares.find(({ backend }) => backend === name);
		if (found === undefined) return { low: 0, high: 0 };
		const middle = times(trials, found.share);
		return {
			low: Math.max(0, Math.ceil(toNumber(minus(middle, found.anyWindow)))),
			high: Math.floor(toNumber(plus(middle, found.anyWindow))),
		};
	});
	const most = shares.reduce(
		(most, { anyWindow }) => greater(most, anyWindow),
		ZERO,
	);
	const words = ` (nothing was drawn for them; these rules stray from it by ${printRational(most)} ${nounOf(connections)}s at most)`;
	return { bands, words };
}

/** Nothing is left to chance where a split is to be exact or within a tolerance. */
function partsOf(
	{ within, weights }: Given,
	account: Account,
	connections: readonly ConnectionRecord[],
): Draws {
	if (within.kind === "confidence")
		return drawsOf(account, connections, { ...within, weights });
	return {
		judged: connections,
		drew: [],
		followed: [],
		overruled: 0,
		unknown: 0,
		why: "",
	};
}

function countsOf(
	names: readonly string[],
	connections: readonly ConnectionRecord[],
): readonly number[] {
	return names.map(
		(name) => connections.filter(({ backend }) => backend === name).length,
	);
}

function allowedBands(
	given: Given,
	names: readonly string[],
	{ judged, drew }: Draws,
): readonly Band[] {
	const { within } = given;
	const trials = judged.length;
	const weights = names.map((name) => own(given.weights, name) ?? 0);
	const drawn = new Set(drew);
	const total = sum(weights);
	switch (within.kind) {
		case "exact":
			return weights.map((weight) => evenBand(trials, weight, total));
		case "confidence":
			return drawnBands({
				weights,
				fixed: countsOf(
					names,
					judged.filter((one) => !drawn.has(one)),
				),
				trials,
				draws: drew.length,
				confidence: within.confidence,
			});
		case "tolerance":
			return weights.map((weight) => ({
				low: Math.max(
					0,
					Math.ceil((weight / total - within.tolerance) * trials - ROUNDING),
				),
				high: Math.min(
					trials,
					Math.floor((weight / total + within.tolerance) * trials + ROUNDING),
				),
			}));
	}
}

/**
 * Bands around shares of all connections, of which chance decided some: what the rules decided lies
 * fixed, and the draws have to make up what it lacks.
 * @param fixed connections of each backend that the rules decided
 * @param draws connections that a draw was made for
 * @param trials all connections, with those that went to no backend of the split
 */
export function drawnBands({
	weights,
	fixed,
	draws,
	trials = sum(fixed) + draws,
	confidence,
}: {
	readonly weights: readonly number[];
	readonly fixed: readonly number[];
	readonly trials?: number;
	readonly draws: number;
	readonly confidence: number;
}): readonly Band[] {
	const total = sum(weights);
	const even = weights.map((weight) => evenBand(trials, weight, total));
	const shares = weights.map((weight, index) => {
		const lacking = (trials * weight) / total - (fixed[index] ?? 0);
		return (Math.abs(lacking) < ROUNDING ? 0 : lacking) / draws;
	});
	// Where nothing was drawn, or no draws make up for what lies fixed or went astray, there is no room for chance.
	const isPossible =
		sum(fixed) + draws === trials &&
		shares.every((share) => share >= 0 && share <= 1 + ROUNDING);
	if (!isPossible) return even;
	return multinomialBands(
		draws,
		shares.map((share) => Math.min(share, 1)),
		confidence,
	).map(({ low, high }, index) => ({
		low: low + (fixed[index] ?? 0),
		high: high + (fixed[index] ?? 0),
	}));
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((total, one) => total + one, 0);
}

function reasonWords({ within }: Given, { drew, followed }: Draws): string {
	switch (within.kind) {
		case "exact":
			return "";
		case "confidence":
			return drew.length === 0
				? " (nothing was drawn for them)"
				: ` (${counted(drew.length, "draw")}${followed.length === 0 ? "" : ` for ${counted(drew.length + followed.length, nounOf(drew))}`}; chance alone leaves this once in ${Math.round(1 / (1 - within.confidence))} runs)`;
		case "tolerance":
			return ` (±${within.tolerance * 100} %)`;
	}
}

function followedWords(
	names: readonly string[],
	{ followed, overruled }: Draws,
): string {
	const shares = countsOf(names, followed).map(
		(count, index) => `${names[index]} ${count}`,
	);
	const drawn =
		overruled === 0
			? ""
			: `; for ${overruled} of them draws were made too, and all went where an earlier one had led`;
	return `and ${followed.length} more without a draw of their own, by one that was made for an earlier ${nounOf(followed)} (${shares.join(", ")})${drawn}`;
}

function unknownDraws(
	given: Given,
	connections: readonly ConnectionRecord[],
	{ unknown, why }: Draws,
): Finding {
	return {
		...finding(false, {
			expected: `shares of ${counted(connections.length, nounOf(connections))}${filterWords(given.of)}, with room for chance where a draw was made`,
			seen: `of ${counted(unknown, nounOf(connections))} it is not known ${why}`,
		}),
		outcome: "unknown",
	};
}
