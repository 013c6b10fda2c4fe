/**
 * Each name once: of equal ones the first keeps it, and each of the others gets a number that no
 * other name has. `x x-2 x` → `x x-2 x-3`.
 */
export function uniqueNames(names: readonly string[]): readonly string[] {
	const given = new Set(names);
	const used = new Set<string>();
	const lastOf = new Map<string, number>();
	return names.map((name) => {
		let number = lastOf.get(name) ?? 1;
		let unique = name;
		while (used.has(unique) || (unique !== name && given.has(unique)))
			unique = `${name}-${++number}`;
		lastOf.set(name, number);
		used.add(unique);
		return unique;
	});
}
