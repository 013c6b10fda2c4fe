/** valibot's issues as faults of a scenario: a path, a message, a remedy. */
import type * as v from "valibot";
import type { ScenarioFault } from "./scenario-error.ts";

type Issue = v.BaseIssue<unknown>;

/** The first line of an issue's text is the message, the others are the remedy. */
export function faultOf(issue: Issue): ScenarioFault {
	const [message = "", ...remedy] = issue.message.split("\n");
	return { path: pathOf(issue), message, remedy: remedy.join("\n    ") };
}

/** Where in the data it is: `setup.clients[0].address`; "" for all of it. */
export function pathOf(issue: Issue): string {
	let path = "";
	for (const { key } of issue.path ?? [])
		path =
			typeof key === "number"
				? `${path}[${key}]`
				: joined(
						path,
						/^[\w-]+$/.test(String(key)) ? String(key) : `["${key}"]`,
					);
	return path;
}

/** `setup` and `clients[0]` are `setup.clients[0]`. */
export function joined(path: string, more: string): string {
	if (path === "" || more === "") return path + more;
	return more.startsWith("[") ? path + more : `${path}.${more}`;
}
