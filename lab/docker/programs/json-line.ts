/** Lines of JSON between the harness and the programs in containers. */
import * as v from "valibot";
import { pathOf } from "../../../scenarios/language/fault-of-issue.ts";

/** A line that is no plan, no command and no record. */
export class PlanError extends Error {
	override readonly name = "PlanError";
}

/** @throws PlanError */
export function parseLine<Schema extends v.GenericSchema>(
	schema: Schema,
	line: string,
): v.InferOutput<Schema> {
	let given: unknown;
	try {
		given = JSON.parse(line);
	} catch (error) {
		throw new PlanError(`not JSON: ${(error as Error).message}`);
	}
	const read = v.safeParse(schema, given, { abortEarly: true });
	if (read.success) return read.output;
	const [issue] = read.issues;
	throw new PlanError(`${pathOf(issue) || "the line"}: ${issue.message}`);
}
