/**
 * The value that an object holds under a name that a user gave; `undefined` where it holds none.
 * `toString` and `constructor` are names like any other, and not what every object inherits.
 */
export function own<Value>(
	values: Readonly<Record<string, Value>>,
	name: string,
): Value | undefined {
	return Object.hasOwn(values, name) ? values[name] : undefined;
}
