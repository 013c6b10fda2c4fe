/**
 * Schemas of data that programs write and read, with valibot's own words for what is wrong. What users
 * write has better words, in `schema.ts`. Types that are inferred from these are `readonly` throughout.
 */
import * as v from "valibot";

export const text = v.string();
export const number = v.number();
export const yesNo = v.boolean();
/** How many of something. */
export const count = v.pipe(number, v.safeInteger(), v.minValue(0));

/** An object with these keys and no others. */
export function data<const Entries extends v.ObjectEntries>(entries: Entries) {
	return v.pipe(v.strictObject(entries), v.readonly());
}

export function listOf<const Item extends v.GenericSchema>(item: Item) {
	return v.pipe(v.array(item), v.readonly());
}

/**
 * Values of one kind by name, whatever the names are: `v.record` leaves out those that objects have by
 * themselves, and a rule may well ask for a condition called `constructor`.
 */
export function recordOf<const Value extends v.GenericSchema>(values: Value) {
	const areAll = (given: unknown) =>
		typeof given === "object" &&
		given !== null &&
		!Array.isArray(given) &&
		Object.values(given).every((one) => v.is(values, one));
	const schema = v.custom<Readonly<Record<string, v.InferOutput<Value>>>>(
		areAll,
		`must be an object whose values are ${values.expects}`,
	);
	RECORDS.set(schema, values);
	return schema;
}

const RECORDS = new WeakMap<object, v.GenericSchema>();

/** What the values of a `recordOf` are; `null` for any other schema. */
export function valuesOfRecord(schema: object): v.GenericSchema | null {
	return RECORDS.get(schema) ?? null;
}

export const texts = listOf(text);
