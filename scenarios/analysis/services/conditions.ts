/** Which conditions a service has, which backends each one belongs to, and the values that matter. */
import type { Decision, End } from "../walk/decision.ts";
import { askedIn, endsOf } from "../walk/ends-of.ts";
import type { ConditionRole, VectorSplit } from "./service.ts";

/** Values of conditions by name. */
export type Vector = ReadonlyMap<string, 0 | 1>;

/** Names of conditions that a decision asks about, in the order in which it does. */
export function conditionNames(decision: Decision): readonly string[] {
	const names = askedIn(decision).flatMap((asked) =>
		asked.kind === "condition" ? [asked.name] : [],
	);
	return [...new Set(names)];
}

/** Backends that can be reached under these values. */
export function reachable(
	decision: Decision,
	vector: Vector,
	backendOf: (end: End) => string | null,
): ReadonlySet<string> {
	const ends = endsOf(decision, ({ asked, ways }) =>
		asked.kind === "condition"
			? [ways[vector.get(asked.name) ?? 0] as Decision]
			: ways,
	);
	return new Set(ends.flatMap((end) => backendOf(end) ?? []));
}

/** All vectors of so many conditions are looked at; of more only those one or two steps from the best that was found. */
const MOST_CONDITIONS = 12;

/** What conditions do to the backends of a service. */
export interface Roles {
	readonly roles: readonly ConditionRole[];
	/** Values at which as many backends as possible are reached. */
	readonly alive: Vector;
}

/**
 * A backend belongs to a condition when no vector reaches it while the condition has one of its values: that is
 * the value at which it is dead. One that no condition has this way belongs to those that take it away from all
 * that are alive. Where each value has backends of its own, the condition selects.
 */
export function rolesOf(
	names: readonly string[],
	reach: (vector: Vector) => ReadonlySet<string>,
): Roles {
	const looked = vectorsToLookAt(names, reach).map((vector) => {
		return { vector, reached: reach(vector) };
	});
	const alive = looked.reduce((best, one) =>
		one.reached.size > best.reached.size ? one : best,
	).vector;
	const reachedAt = (name: string, value: 0 | 1) =>
		new Set(
			looked
				.filter(({ vector }) => vector.get(name) === value)
				.flatMap(({ reached }) => [...reached]),
		);
	const never = names.map((name) => {
		const [zero, one] = [reachedAt(name, 0), reachedAt(name, 1)];
		return [missing(one, zero), missing(zero, one)] as const;
	});
	const owned = new Set(never.flat(2));
	const all = reach(alive);
	const roles = names.map((name, index): ConditionRole => {
		const [neverAtZero, neverAtOne] = never[index] as (typeof never)[number];
		// A backend that some vector reaches whatever its condition says: a rule has lost the condition.
		const lost = missing(all, reach(flipped(alive, name))).filter(
			(backend) => !owned.has(backend),
		);
		const isOne = alive.get(name) === 1;
		const deadAtZero = isOne ? [...neverAtZero, ...lost] : neverAtZero;
		const deadAtOne = isOne ? neverAtOne : [...neverAtOne, ...lost];
		if (deadAtOne.length > 0 && deadAtZero.length === 0)
			return { name, backends: deadAtOne, alive: 0 };
		if (deadAtZero.length > 0 && deadAtOne.length === 0)
			return { name, backends: deadAtZero, alive: 1 };
		return { name, backends: [...deadAtOne, ...deadAtZero], alive: null };
	});
	return { roles, alive };
}

/** The first one is that of a ruleset that was just loaded: all conditions are 0. */
function vectorsToLookAt(
	names: readonly string[],
	reach: (vector: Vector) => ReadonlySet<string>,
): readonly Vector[] {
	if (names.length <= MOST_CONDITIONS)
		return Array.from(
			{ length: 2 ** names.length },
			(_, bits) =>
				new Map(
					names.map((name, at) => [name, ((bits >> at) & 1) as 0 | 1] as const),
				),
		);
	const all = (value: 0 | 1): Vector =>
		new Map(names.map((name) => [name, value]));
	const best = [all(0), all(1)]
		.map((begin) => climbed(begin, names, reach))
		.reduce((one, other) =>
			reach(other).size > reach(one).size ? other : one,
		);
	return [
		all(0),
		all(1),
		best,
		...names.flatMap((name) => [
			flipped(best, name),
			flipped(all(0), name),
			flipped(all(1), name),
		]),
	];
}

/** Flips one condition after the other, where that reaches more backends. */
function climbed(
	begin: Vector,
	names: readonly string[],
	reach: (vector: Vector) => ReadonlySet<string>,
): Vector {
	let vector = begin;
	for (let round = 0; round < 2; round++)
		for (const name of names) {
			const other = flipped(vector, name);
			if (reach(other).size > reach(vector).size) vector = other;
		}
	return vector;
}

function flipped(vector: Vector, name: string): Vector {
	return new Map(vector).set(name, vector.get(name) === 1 ? 0 : 1);
}

function missing(
	from: ReadonlySet<string>,
	among: ReadonlySet<string>,
): readonly string[] {
	return [...from].filter((key) => !among.has(key));
}

/** Vectors that matter: all alive, each backend that has conditions dead, all of those dead. */
export function vectorsOf(
	roles: readonly ConditionRole[],
	alive: Vector,
): readonly Omit<VectorSplit, "split">[] {
	const first = described("all alive", "alive", [], alive);
	const deadValue = new Map<string, 0 | 1>(
		roles.flatMap(({ name, alive: value }) =>
			value === null ? [] : [[name, value === 1 ? 0 : 1] as const],
		),
	);
	const backends = [
		...new Set(
			roles.flatMap((role) => (role.alive === null ? [] : role.backends)),
		),
	];
	const withDead = (dead: readonly string[]): Vector => {
		const vector = new Map(alive);
		for (const { name, backends: of } of roles) {
			const value = deadValue.get(name);
			if (value !== undefined && of.some((one) => dead.includes(one)))
				vector.set(name, value);
		}
		return vector;
	};
	const each = new Map<string, Omit<VectorSplit, "split">>();
	for (const backend of backends) {
		const vector = withDead([backend]);
		// Backends that share a condition are dead together.
		const dead = roles.flatMap(({ name, backends: of }) =>
			vector.get(name) === deadValue.get(name) ? of : [],
		);
		const name = `${[...new Set(dead)].join(" and ")} dead`;
		if (!each.has(name))
			each.set(name, described(name, "dead", [...new Set(dead)], vector));
	}
	// A value that selects has no dead one: both are shown.
	const selected = roles
		.filter((role) => role.alive === null && role.backends.length > 0)
		.map(({ name }) => {
			const value = alive.get(name) === 1 ? 0 : 1;
			return described(
				`${name} is ${value}`,
				"other",
				[],
				new Map(alive).set(name, value),
			);
		});
	const all =
		each.size > 1
			? [described("all dead", "all-dead", backends, withDead(backends))]
			: [];
	return [first, ...each.values(), ...selected, ...all];
}

function described(
	name: string,
	kind: VectorSplit["kind"],
	dead: readonly string[],
	vector: Vector,
): Omit<VectorSplit, "split"> {
	return { name, kind, dead, conditions: Object.fromEntries(vector) };
}
