/** What a health checker asks of a web server: the same in a scenario and in the file of one that runs on a machine. */
import * as v from "valibot";
import { statusRange } from "../../../sim/endpoint/protocols/http-check.ts";
import { about, list, text } from "./schema.ts";

const STATUS_FORM = `Write 200, or "200-399": statuses have three digits, the first of them from 1 to 5.`;

const status = v.union(
	[v.number(), v.string()],
	() => `no status\n${STATUS_FORM}`,
);

const checkedStatus = v.pipe(
	status,
	v.check(
		(given) => statusRange(given) !== null,
		({ input }) => `"${input}" is no status\n${STATUS_FORM}`,
	),
);

/** The keys of an `HttpCheck`. */
export const httpCheckEntries = {
	path: v.exactOptional(
		about(
			v.pipe(
				text,
				v.regex(
					/^\/[\x21-\x7e]*$/,
					({ input }) =>
						`"${input}" is no path\nBegin it with /, and write spaces and letters beyond ASCII as %20.`,
				),
			),
			"What is asked for. Default: /.",
		),
	),
	host: v.exactOptional(
		about(
			v.pipe(
				text,
				v.regex(
					/^[\w.-]+(:\d+)?$/,
					({ input }) =>
						`"${input}" is no host name\nWrite a name such as www.example.com, without https://.`,
				),
			),
			"The host name that is asked for. Default: the target's address, and its port where it is not the usual one.",
		),
	),
	status: v.exactOptional(
		about(
			v.pipe(
				list(checkedStatus),
				v.minLength(1, `no status is good\n${STATUS_FORM}`),
			),
			"Statuses that are good, each a number or a range of two. Default: 200-399.",
		),
	),
	contains: v.exactOptional(
		about(text, "A text that the body has to contain."),
	),
	matches: v.exactOptional(
		about(
			v.pipe(
				text,
				v.check(
					(given) => faultOfPattern(given) === null,
					({ input }) =>
						`"${input}" is no regular expression: ${faultOfPattern(input)}\nWrite one of JavaScript, without slashes around it.`,
				),
			),
			"A regular expression of JavaScript that the body has to match.",
		),
	),
};

function faultOfPattern(pattern: string): string | null {
	try {
		new RegExp(pattern, "u");
		return null;
	} catch (error) {
		return (error as Error).message;
	}
}
