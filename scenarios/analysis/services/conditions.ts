/** Which conditions a service has, which backends each one belongs to, and the values that matter. */
import type { Decision, End } from "../walk/decision.ts";
import type { ConditionRole, VectorSplit } from "./service.ts";

/** Values of conditions by name. */
export type Vector = ReadonlyMap<string, 0 | 1>;

/** Names of conditions that a decision asks about, in the order in which it does. */
export function conditionNames(decision: Decision): readonly string[] {
	const names = new Set<string>();
	const seen = new Set<Decision>();
	const visit = (one: Decision): void => {
		if (one.kind === "leaf" || seen.has(one)) return;
		seen.add(one);
		if (one.asked.kind === "condition") names.add(one.asked.name);
		for (const way of one.ways) visit(way);
	};
	visit(decision);
	return [...names];
}

/** Backends that can be reached under these values. */
export function reachable(
	decision: Decision,
	vector: Vector,
	backendOf: (end: End) => string | null,
): ReadonlySet<string> {
	const keys = new Set<string>();
	const seen = new Set<Decision>();
	const visit = (one: Decision): void => {
		if (seen.has(one)) return;
		seen.add(one);
		if (one.kind === "leaf") {
			const key = backendOf(one.end);
			if (key !== null) keys.add(key);
			return;
		}
		const { asked, ways } = one;
		if (asked.kind === "condition")
			visit(ways[vector.get(asked.name) ?? 0] as Decision);
		else for (const way of ways) visit(way);
	};
	visit(decision);
	return keys;
}

/**
 * What each condition does. It begins with what a ruleset has when it was loaded (all 0), and gives each
 * condition the value at which more backends are reached: where a value takes backends away, they are
 * the condition's, and dead at that value.
 */
export function rolesOf(
	names: readonly string[],
	reach: (vector: Vector) => ReadonlySet<string>,
): readonly ConditionRole[] {
	const alive = aliveVector(names, reach);
	return names.map((name): ConditionRole => {
		const at = (value: 0 | 1) => reach(new Map(alive).set(name, value));
		const [zero, one] = [at(0), at(1)];
		const lostAtOne = missing(zero, one);
		const lostAtZero = missing(one, zero);
		if (lostAtOne.length > 0 && lostAtZero.length === 0)
			return { name, backends: lostAtOne, alive: 0 };
		if (lostAtZero.length > 0 && lostAtOne.length === 0)
			return { name, backends: lostAtZero, alive: 1 };
		return { name, backends: [...lostAtOne, ...lostAtZero], alive: null };
	});
}

/** Values at which as many backends as possible are reached, found one condition at a time. */
export function aliveVector(
	names: readonly string[],
	reach: (vector: Vector) => ReadonlySet<string>,
): Vector {
	let vector = new Map<string, 0 | 1>(names.map((name) => [name, 0]));
	let best = reach(vector).size;
	for (let round = 0; round < 2; round++)
		for (const name of names) {
			const other = new Map(vector).set(name, vector.get(name) === 1 ? 0 : 1);
			const { size } = reach(other);
			if (size <= best) continue;
			best = size;
			vector = other;
		}
	return vector;
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
