/**
 * What the rules of a scenario give each backend, exactly, where they do not draw: the shares that a long
 * play comes to, and how far any run of connections strays from them.
 */
import type { Table } from "../../sim/contract/ruleset.ts";
import {
	compareRationals,
	type Rational,
	rational,
	ZERO,
} from "../../sim/rational.ts";
import { translatedBy } from "../../sim/ruleset/rule-traits.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { ANY_ADDRESS } from "../../sim/world/setup/services.ts";
import { splitOf } from "../analysis/split/split-of.ts";
import type { Decision, End } from "../analysis/walk/decision.ts";
import { decisionText, endsOf } from "../analysis/walk/ends-of.ts";
import { laterPackets } from "../analysis/walk/later-packets.ts";
import type { Scenario } from "../language/scenario.ts";
import {
	type Asking,
	backendOf,
	connectionWays,
	rulesOf,
} from "./connection-ways.ts";

/** Of one backend, or of what no backend gets. */
export interface ExactShare {
	/** `null`: no backend. */
	readonly backend: string | null;
	readonly share: Rational;
	/** How far a run of connections strays from it, at worst: in connections. */
	readonly anyWindow: Rational;
}

export type Played = Pick<Scenario, "setup" | "steps">;

/**
 * @param connections that are meant
 * @returns `null` where it is not known: something else moves the counters, a draw or the rate of packets has
 * a part, conditions or rules change before the last of them
 */
export function exactShares(
	{ setup, steps }: Played,
	account: Account,
	connections: readonly ConnectionRecord[],
): readonly ExactShare[] | null {
	const last = connections.at(-1);
	if (last === undefined || !isOneRun(account, connections)) return null;
	if (connections.some(({ chance }) => chance !== undefined)) return null;
	if (changesBefore(last.startedMs, steps, account)) return null;
	const ways = connectionWays(setup, account.connections);
	if (ways === null) return null;
	const conditions = conditionsOf(setup, account);
	const keyOf: Parameters<typeof splitOf>[1]["keyOf"] = (end) =>
		backendOf(end, setup) ?? NONE;
	const [first, ...others] = ways.map((one) => one.first);
	if (first === undefined) return null;
	if (mayTakeOtherHops(first)) return null;
	const text = decisionText(first, keyOf);
	if (others.some((one) => decisionText(one, keyOf) !== text)) return null;
	const { parts } = splitOf(first, { keyOf, conditions });
	const shares = parts.flatMap(({ key, share, deviation }): ExactShare[] =>
		share.kind === "exact" && deviation !== null
			? [
					{
						backend: key === NONE ? null : key,
						share: share.value,
						anyWindow: deviation.anyWindow,
					},
				]
			: [],
	);
	return shares.length === parts.length ? shares : null;
}

/** As no backend, and nothing else, is called: names of backends are not empty. */
export const NONE = "";

/** May a packet leave by another next hop than the one that was walked, and meet other rules there? */
export function mayTakeOtherHops(first: Decision): boolean {
	return endsOf(first).some(({ drawsHop }) => drawsHop);
}

/** Do rules, conditions or packets by hand make it another play up to this time? */
export function changesBefore(
	untilMs: number,
	steps: Played["steps"],
	{ events }: Pick<Account, "events">,
): boolean {
	return (
		steps.some(
			({ kind, atMs }) =>
				atMs <= untilMs &&
				(kind === "operation" || kind === "packet" || kind === "race"),
		) ||
		events.some(
			({ kind, atMs }) => kind === "condition" && atMs > 0 && atMs <= untilMs,
		)
	);
}

/** All connections from the first to the last, and none of others between them. */
export function isOneRun(
	account: Account,
	connections: readonly ConnectionRecord[],
): boolean {
	const start = account.connections.findIndex(
		({ id }) => id === connections[0]?.id,
	);
	return connections.every(
		({ id }, index) => account.connections[start + index]?.id === id,
	);
}

/** At the beginning: later changes are seen to before. */
export function conditionsOf(
	{ conditions }: Played["setup"],
	{ events }: Account,
): ReadonlyMap<string, 0 | 1> {
	const values = new Map<string, 0 | 1>();
	const write = (name: string, text: string) =>
		values.set(name, text.startsWith("1") ? 1 : 0);
	for (const [name, text] of Object.entries(conditions)) write(name, text);
	for (const event of events)
		if (event.kind === "condition" && event.atMs === 0)
			write(event.name, event.write);
	return values;
}

/** Are the shares those of the weights? */
export function areShares(
	shares: readonly ExactShare[],
	weights: Readonly<Record<string, number>>,
): boolean {
	const total = Object.values(weights).reduce((sum, one) => sum + one, 0);
	return (
		shares.every(({ backend, share }) => {
			const weight = backend === null ? 0 : (weights[backend] ?? 0);
			return compareRationals(share, rational(weight, total)) === 0;
		}) &&
		Object.entries(weights).every(
			([name, weight]) =>
				weight === 0 || shares.some(({ backend }) => backend === name),
		)
	);
}

/**
 * Do the rules lead these connections to this backend on another host, whatever conditions say: first packets, those that
 * are sent again, and those behind an answer?
 */
export function leadToOne(
	{ setup, steps }: Played,
	backend: string,
	connections: readonly Asking[],
): boolean {
	const isChanged = steps.some(
		(step) =>
			step.kind === "packet" ||
			step.kind === "race" ||
			(step.kind === "operation" && step.operation.kind !== "condition"),
	);
	if (isChanged) return false;
	const ways = connectionWays(setup, connections);
	if (ways === null || ways.length === 0) return false;
	const isThere = (end: End) =>
		end.fate.kind === "forwarded" && backendOf(end, setup) === backend;
	return ways.every(({ walker, arrival, first }) =>
		endsOf(first).every((end) => {
			if (!isThere(end)) return false;
			const { again, next } = laterPackets(walker, arrival, end);
			return [again, ...(next === null ? [] : [next])].every((decision) =>
				endsOf(decision).every(isThere),
			);
		}),
	);
}

/** Do connections of these clients keep their own addresses, since no rule gives a connection another source? */
export function keepSources(
	{ setup, steps }: Played,
	clients: readonly string[],
): boolean {
	const isChanged = steps.some(
		(step) =>
			step.kind === "operation" &&
			(step.operation.kind === "restore" || step.operation.kind === "iptables"),
	);
	// Routing gives a program its address that is bound to none.
	const isUnbound = setup.clients.some(
		({ name, address }) => clients.includes(name) && address === ANY_ADDRESS,
	);
	const rules = isChanged || isUnbound ? null : rulesOf(setup);
	return rules !== null && !rules.tables.some(mayTranslateSources);
}

function mayTranslateSources({ chains }: Table): boolean {
	return chains.some((chain) =>
		chain.rules.some(({ target }) => {
			const translates = translatedBy(target);
			return translates === "source" || translates === "either";
		}),
	);
}

/** `b1 1/3, b2 2/9, no backend 4/9`: those that get nothing are left out. */
export function sharesWords(shares: readonly ExactShare[]): string {
	const some = shares.filter(({ share }) => compareRationals(share, ZERO) > 0);
	const text = ({ numerator, denominator }: Rational) =>
		denominator === 1n ? "all" : `${numerator}/${denominator}`;
	return [
		...some.filter(({ backend }) => backend !== null),
		...some.filter(({ backend }) => backend === null),
	]
		.map(({ backend, share }) => `${backend ?? "no backend"} ${text(share)}`)
		.join(", ");
}
