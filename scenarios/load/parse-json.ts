/** JSON that users write: scenarios, and the health checker's configuration. */
import { ScenarioError } from "../language/scenario-error.ts";
import {
	DUPLICATE_REMEDY,
	duplicateKey,
	duplicateWords,
} from "./duplicate-keys.ts";
import { placeInJson } from "./syntax-place.ts";

/**
 * What a file of JSON holds, without the `$schema` by which editors find its JSON Schema.
 * @param file for messages
 * @throws ScenarioError (`syntax`) for what is no JSON, and for a key that stands twice in one object
 */
export function parseJson(text: string, file: string): unknown {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		const { path, message } = placeInJson(text, error);
		throw new ScenarioError("syntax", file, [
			{ path, message, remedy: "The file has to be JSON, as RFC 8259 says." },
		]);
	}
	const twice = duplicateKey(text);
	if (twice === null) return withoutSchema(value);
	throw new ScenarioError("syntax", file, [
		{
			path: twice.place,
			message: duplicateWords(twice),
			remedy: DUPLICATE_REMEDY,
		},
	]);
}

/** Of the whole, and of each scenario of a list. */
function withoutSchema(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(withoutOwnSchema);
	const whole = withoutOwnSchema(value);
	if (typeof whole !== "object" || whole === null) return whole;
	if (!("scenarios" in whole) || !Array.isArray(whole.scenarios)) return whole;
	return { ...whole, scenarios: whole.scenarios.map(withoutOwnSchema) };
}

function withoutOwnSchema(value: unknown): unknown {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		return value;
	if (!("$schema" in value) || typeof value.$schema !== "string") return value;
	const { $schema: _, ...rest } = value;
	return rest;
}
