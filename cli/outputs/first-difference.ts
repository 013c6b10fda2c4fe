import { joined } from "../../scenarios/language/fault-of-issue.ts";

/** A place where two data differ; `undefined` is what is not there. */
export interface DataDifference {
	/** `account.connections[3].outcome` */
	readonly path: string;
	readonly one: unknown;
	readonly other: unknown;
}

/**
 * Compares data as JSON has it: the order of keys is no matter, and a key without a value is not there.
 * @param path of both; "" for all of it
 * @returns `null` where they are the same
 */
export function firstDifference(
	one: unknown,
	other: unknown,
	path: string,
): DataDifference | null {
	if (one === other) return null;
	const isList = Array.isArray(one);
	const areAlike =
		isContainer(one) && isContainer(other) && isList === Array.isArray(other);
	if (!areAlike) return { path, one, other };
	const mine = isList ? one.keys() : Object.keys(one);
	const others = Array.isArray(other) ? other.keys() : Object.keys(other);
	for (const key of new Set<string | number>([...mine, ...others])) {
		const difference = firstDifference(
			partOf(one, key),
			partOf(other, key),
			isList ? `${path}[${key}]` : joined(path, String(key)),
		);
		if (difference !== null) return difference;
	}
	return null;
}

type Container = Readonly<Record<string | number, unknown>>;

function isContainer(value: unknown): value is Container {
	return typeof value === "object" && value !== null;
}

function partOf(container: Container, key: string | number): unknown {
	return Object.hasOwn(container, key) ? container[key] : undefined;
}
