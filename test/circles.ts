/**
 * Every circle of imports once, as `a → b → a`.
 * @param all files or folders
 * @param importsOf what one of them imports
 */
export function circles(
	all: Iterable<string>,
	importsOf: (one: string) => Iterable<string>,
): readonly string[] {
	const found: string[] = [];
	const done = new Set<string>();
	const visit = (one: string, way: readonly string[]) => {
		const begin = way.indexOf(one);
		if (begin >= 0) found.push([...way.slice(begin), one].join(" → "));
		if (begin >= 0 || done.has(one)) return;
		for (const next of importsOf(one)) visit(next, [...way, one]);
		done.add(one);
	};
	for (const one of all) visit(one, []);
	return found;
}
