/** What the rules of a scenario give each backend, or source, exactly, where draws decide: what chance strays from. */
import { own } from "../../sim/own.ts";
import { formatAddress } from "../../sim/packet/address.ts";
import { toNumber } from "../../sim/rational.ts";
import { multinomialBands, probabilityOfAtMost } from "../../sim/statistics.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { splitOf } from "../analysis/split/split-of.ts";
import type { End } from "../analysis/walk/decision.ts";
import { askedIn, decisionText } from "../analysis/walk/ends-of.ts";
import { backendOf, connectionWays } from "./connection-ways.ts";
import {
	changesBefore,
	conditionsOf,
	isOneRun,
	mayTakeOtherHops,
	NONE,
	type Played,
} from "./exact-shares.ts";

type Weights = Readonly<Record<string, number>>;

/** Shares of names, as numbers; "" is of what gets no name. */
export type Drawn = ReadonlyMap<string, number>;

/** Of what the shares are. */
export type SharesOf = "backend" | "source";

/**
 * @param connections that were drawn for, or decided by the rules, and by nothing that was drawn before
 * @returns `null` where it is not known: connections do not all have the same ways, conditions or rules change
 * before the last of them
 */
export function drawnShares(
	{ setup, steps }: Played,
	account: Account,
	connections: readonly ConnectionRecord[],
	of: SharesOf,
): Drawn | null {
	const last = connections.at(-1);
	if (last === undefined || changesBefore(last.startedMs, steps, account))
		return null;
	const ways = connectionWays(setup, connections);
	const [first, ...others] = (ways ?? []).map((one) => one.first);
	if (first === undefined) return null;
	const keyOf = (end: End) =>
		(of === "backend" ? backendOf(end, setup) : sourceIn(end)) ?? NONE;
	if (mayTakeOtherHops(first)) return null;
	const text = decisionText(first, keyOf);
	if (others.some((one) => decisionText(one, keyOf) !== text)) return null;
	// Turns are moved by connections of others as well.
	const takesTurns = askedIn(first).some(({ kind }) => kind === "turn");
	if (takesTurns && !isOneRun(account, connections)) return null;
	const conditions = conditionsOf(setup, account);
	const { parts } = splitOf(first, { keyOf, conditions });
	const shares = new Map<string, number>();
	for (const { key, share } of parts) {
		if (share.kind !== "exact") return null;
		shares.set(key, toNumber(share.value));
	}
	return shares;
}

function sourceIn({ fate, packet }: End): string | null {
	return fate.kind === "forwarded" && packet !== null
		? formatAddress(packet.source)
		: null;
}

/** The linter takes a share of draws for the one that is meant up to here: 0.33 is a third. */
const TOLERANCE = 1 / 200;

/** Is a share further from its weight than so much? */
export function areOthers(
	shares: Drawn,
	weights: Weights,
	tolerance = 0,
): boolean {
	const names = new Set([...shares.keys(), ...Object.keys(weights)]);
	return [...names].some(
		(name) =>
			Math.abs((shares.get(name) ?? 0) - partOf(weights, name)) >
			Math.max(tolerance, TOLERANCE),
	);
}

function partOf(weights: Weights, name: string): number {
	const total = Object.values(weights).reduce((sum, one) => sum + one, 0);
	return (own(weights, name) ?? 0) / total;
}

const MOST_DRAWS = 100_000_000;

/**
 * The least number of draws, to two digits, of which these shares stay within what is expected with a probability of
 * at most `1 - confidence`; `null`: more than can be told.
 */
export function drawsToTell(
	shares: Drawn,
	weights: Weights,
	confidence: number,
): number | null {
	const names = Object.keys(weights);
	const wanted = names.map((name) => partOf(weights, name));
	const tells = (draws: number) =>
		multinomialBands(draws, wanted, confidence).some(({ low, high }, index) => {
			const share = shares.get(names[index] ?? NONE) ?? 0;
			const inside =
				probabilityOfAtMost(high, draws, share) -
				probabilityOfAtMost(low - 1, draws, share);
			return inside <= 1 - confidence;
		});
	for (let size = 10; size <= MOST_DRAWS; size *= 10)
		for (let tenths = 10; tenths < 100; tenths++)
			if (tells((size * tenths) / 10)) return (size * tenths) / 10;
	return null;
}

/** `g1 33.3 %, g2 22.2 %` */
export function drawnWords(shares: Drawn): string {
	return [...shares]
		.filter(([, share]) => share > 0)
		.map(
			([name, share]) =>
				`${name === NONE ? "nowhere else" : name} ${Math.round(share * 1000) / 10} %`,
		)
		.join(", ");
}
