/**
 * The JSON Schemas of what users write and read: scenario files, the health checker's configuration and
 * status, and results. They are made of the very schemas that marktwin checks by, when the package is built.
 *
 * What a schema of marktwin checks by a function of its own (`v.check`) has no place in JSON Schema:
 * it takes all that marktwin takes, and a little more (docs/scenarios.md, docs/healthcheck.md).
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { lintSchema } from "../cli/lint/lint-schema.ts";
import {
	resultDefinitions,
	resultsSchema,
} from "../cli/outputs/results-schema.ts";
import { configSchema } from "../lab/healthcheck/config/config.ts";
import { statusSchema } from "../lab/healthcheck/status/target-report.ts";
import { baselineSchema } from "../scenarios/analysis/lint/run/baseline.ts";
import { MOST_SCENARIOS } from "../scenarios/language/check/validate.ts";
import { valuesOfRecord } from "../scenarios/language/schema/plain.ts";
import {
	address,
	milliseconds,
	network,
	port,
} from "../scenarios/language/schema/schema.ts";
import { conntrackFilter } from "../scenarios/language/schema/schema-gateway.ts";
import { scenarioSchema } from "../scenarios/language/schema/schema-scenario.ts";
import {
	behaviour,
	dialogue,
} from "../scenarios/language/schema/schema-steps.ts";

/** A JSON Schema (draft-07), as JSON. */
export type JsonSchema = { readonly [keyword: string]: unknown };

type SchemaName =
	| "scenario"
	| "healthcheck"
	| "healthcheck-status"
	| "results"
	| "lint"
	| "baseline";

/**
 * @param version of marktwin, whose package holds them
 * @returns by the name of the file, without `.json`
 */
export function jsonSchemas(
	version: string,
): Readonly<Record<SchemaName, JsonSchema>> {
	const titled = (name: SchemaName, title: string, schema: JsonSchema) => ({
		$schema: "http://json-schema.org/draft-07/schema#",
		$id: `https://unpkg.com/marktwin@${version}/dist/schemas/${name}.json`,
		title,
		...schema,
	});
	return {
		scenario: titled("scenario", "Scenarios of marktwin", scenarioFile()),
		healthcheck: titled(
			"healthcheck",
			"Configuration of marktwin healthcheck",
			forEditors(converted(configSchema, { address, port })),
		),
		"healthcheck-status": titled(
			"healthcheck-status",
			"Status file of marktwin healthcheck",
			converted(statusSchema, {}),
		),
		lint: titled(
			"lint",
			"What marktwin lint writes with --format json",
			converted(lintSchema, {}),
		),
		baseline: titled(
			"baseline",
			"Known findings, as marktwin lint writes them with --write-baseline",
			converted(baselineSchema, {}),
		),
		results: titled(
			"results",
			"What marktwin run, compare, fuzz and merge write with --json",
			converted(resultsSchema, {
				...languageDefinitions,
				...resultDefinitions,
			}),
		),
	};
}

/** Parts that stand in many places. */
const languageDefinitions = {
	address,
	network,
	port,
	milliseconds,
	behaviour,
	dialogue,
	conntrackFilter,
};

/** A scenario, a list of them, or a suite. */
function scenarioFile(): JsonSchema {
	const { $defs, ...scenario } = converted(scenarioSchema, languageDefinitions);
	const reference = { $ref: "#/$defs/scenario" };
	const scenarios = {
		type: "array",
		items: reference,
		minItems: 1,
		maxItems: MOST_SCENARIOS,
	};
	const keys = Object.keys(Object(scenario.properties));
	const properties = Object.fromEntries(
		keys.map((key) => [key, { $ref: `${reference.$ref}/properties/${key}` }]),
	);
	return {
		anyOf: [
			forEditors({ ...scenario, properties }),
			scenarios,
			forEditors({
				type: "object",
				description: "Several scenarios, and the suite that they belong to.",
				properties: { suite: { type: "string" }, scenarios },
				required: ["suite", "scenarios"],
				additionalProperties: false,
			}),
		],
		$defs: { ...(typeof $defs === "object" ? $defs : {}), scenario },
	};
}

/** With the key by which an editor finds the schema: `parseJson` takes it out. */
function forEditors(schema: JsonSchema): JsonSchema {
	const $schema = {
		type: "string",
		description: "Where an editor finds this schema.",
	};
	const { properties } = schema;
	const own = typeof properties === "object" ? properties : {};
	return { ...schema, properties: { $schema, ...own } };
}

/** Actions that say nothing of JSON, or nothing that JSON Schema could say. */
const IGNORED = ["check", "finite", "readonly"];

function converted(
	schema: v.GenericSchema,
	definitions: Readonly<Record<string, v.GenericSchema>>,
): JsonSchema {
	// Plain JSON, without what only says which draft it is.
	const { $schema: _, ...rest } = toJsonSchema(schema, {
		// Nothing is transformed. What an object is checked by before its keys are is left out so.
		typeMode: "output",
		ignoreActions: IGNORED,
		definitions: { ...definitions },
		// What is not overridden has to have a form in JSON Schema, or nothing is built.
		overrideSchema: ({ valibotSchema }) => {
			const values = valuesOfRecord(valibotSchema);
			return values === null
				? null
				: { type: "object", additionalProperties: converted(values, {}) };
		},
	});
	return rest;
}
