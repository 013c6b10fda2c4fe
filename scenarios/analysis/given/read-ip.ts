/** Reads what `ip` printed, as JSON or as text, and says exactly what is wrong with anything else. */
import * as v from "valibot";
import { pathOf } from "../../language/fault-of-issue.ts";
import { ScenarioError } from "../../language/scenario-error.ts";
import { parseJson } from "../../load/parse-json.ts";
import {
	type AddressRecord,
	addressRecord,
	type RouteRecord,
	type RuleRecord,
	routeRecord,
	ruleRecord,
} from "./ip-records.ts";
import { addressesOfText, routesOfText, rulesOfText } from "./ip-text.ts";

interface Output {
	readonly command: string;
	/** A key that its records have and those of the others have not. */
	readonly sign: (record: object) => boolean;
	readonly ofText: (text: string) => readonly object[] | null;
}

const ADDRESSES: Output = {
	command: "ip -j addr",
	sign: (record) => "ifname" in record,
	ofText: addressesOfText,
};
const ROUTES: Output = {
	command: "ip -j route show table all",
	sign: (record) => "dst" in record && !("priority" in record),
	ofText: routesOfText,
};
const RULES: Output = {
	command: "ip -j rule",
	sign: (record) => "priority" in record,
	ofText: rulesOfText,
};
const OUTPUTS = [ADDRESSES, ROUTES, RULES];

/**
 * The output of `ip -j addr`, `ip -j -d addr` or `ip addr`.
 * @param file for messages
 * @throws ScenarioError for anything else
 */
export function readAddresses(
	text: string,
	file: string,
): readonly AddressRecord[] {
	return records(text, file, ADDRESSES, addressRecord);
}

/**
 * The output of `ip -j route show table all`, with `-d` or without `-j`, or of one table.
 * @throws ScenarioError for anything else
 */
export function readRoutes(text: string, file: string): readonly RouteRecord[] {
	return records(text, file, ROUTES, routeRecord);
}

/**
 * The output of `ip -j rule` or `ip rule`.
 * @throws ScenarioError for anything else
 */
export function readRoutingRules(
	text: string,
	file: string,
): readonly RuleRecord[] {
	return records(text, file, RULES, ruleRecord);
}

function records<Schema extends v.GenericSchema>(
	text: string,
	file: string,
	output: Output,
	schema: Schema,
): readonly v.InferOutput<Schema>[] {
	const isJson = /^\s*[[{]/.test(text);
	const data = isJson ? parseJson(text, file) : output.ofText(text);
	if (!Array.isArray(data))
		throw notOutput(file, "", whatItIs(text, data), output);
	// `ip -4 -j addr` prints {} for an interface without an address.
	const some = data.filter((one) => !isEmptyObject(one));
	const other = OUTPUTS.find((one) => {
		return (
			one !== output &&
			some.length > 0 &&
			some.every((record) => {
				return isObject(record) && one.sign(record) && !output.sign(record);
			})
		);
	});
	if (other !== undefined)
		throw notOutput(
			file,
			"",
			`it is the output of \`${other.command}\``,
			output,
		);
	const checked = v.safeParse(v.array(schema), some, { abortEarly: true });
	if (checked.success) return checked.output;
	const [issue] = checked.issues;
	throw notOutput(file, pathOf(issue), issue.message, output);
}

function whatItIs(text: string, data: unknown): string {
	if (text.trim() === "") return "it is empty";
	if (data !== null) return "it is an object of JSON, and no list";
	const other = OUTPUTS.find(({ ofText }) => ofText(text) !== null);
	return other === undefined
		? "it is neither JSON nor a text that ip prints"
		: `it is the output of \`${other.command.replace(" -j", "")}\``;
}

function notOutput(
	file: string,
	path: string,
	what: string,
	{ command }: Output,
): ScenarioError {
	return new ScenarioError("invalid", file, [
		{
			path,
			message: `this is not the output of \`${command}\`: ${what}`,
			remedy: `Run it on the router: ${command} > FILE`,
		},
	]);
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}

function isEmptyObject(value: unknown): boolean {
	return isObject(value) && Object.keys(value).length === 0;
}
