/**
 * What a scenario may look like, for files that users write. Unknown keys are faults (a misspelt
 * expectation must not vanish silently), and what a person would leave out has a default.
 *
 * valibot's issues carry one text each: its first line here is the message, the second the remedy.
 */
import * as v from "valibot";
import { nearest } from "../../../sim/edit-distance.ts";
import { parsePacket } from "../../../sim/packet/notation/notation.ts";
import { PacketError } from "../../../sim/packet/packet-error.ts";

/**
 * An object with these keys and no others; the message lists them.
 * @param writeIt what to do instead of a text, a number, a list
 */
export function object<const Entries extends v.ObjectEntries>(
	entries: Entries,
	writeIt = "",
) {
	const names = Object.keys(entries);
	const keys = names.join(", ");
	return v.strictObject(entries, (issue) => {
		const key = issue.path?.[0]?.key;
		if (issue.expected === "never") {
			const meant = nearest(String(key), names);
			const hint = meant === null ? "" : `Did you mean \`${meant}\`? `;
			return `no such key\n${hint}The keys here are: ${keys}.`;
		}
		if (issue.received === "undefined" && issue.expected !== "Object")
			return `"${String(key)}" is missing\nThe keys here are: ${keys}.`;
		return `expected an object, not ${issue.received}\n${writeIt}The keys are: ${keys}.`;
	});
}

/** With a description, which editors show where the JSON Schema is at hand. */
export function about<const Schema extends v.GenericSchema>(
	schema: Schema,
	description: string,
) {
	return v.pipe(schema, v.description(description));
}

/** One of several objects, told apart by their `kind`. */
export function byKind<const Options extends v.VariantOptions<"kind">>(
	options: Options,
) {
	return v.variant("kind", options, (issue) =>
		issue.expected === "Object"
			? `expected an object, not ${issue.received}\nIt has a \`kind\`, and what belongs to that.`
			: `no kind ${issue.received}\nThe kinds are: ${words(issue.expected)}.`,
	);
}

export function oneOf<const Words extends readonly string[]>(options: Words) {
	return v.picklist(options, (issue) => {
		const meant = nearest(String(issue.input), options);
		const hint = meant === null ? "" : `Did you mean \`${meant}\`? `;
		return `not ${issue.received}\n${hint}Write one of: ${options.join(", ")}.`;
	});
}

/** What quotes alone make a text of. */
const isPlain = (given: unknown) =>
	typeof given === "number" || typeof given === "boolean";

/** What is a number but for its quotes. */
const isNumberInQuotes = (given: unknown) =>
	typeof given === "string" &&
	given.trim() !== "" &&
	Number.isFinite(Number(given));

export const text = v.string(
	(issue) =>
		`expected a text, not ${issue.received}\n${isPlain(issue.input) ? "Write it in quotes." : "Write one text in quotes."}`,
);
/** A text that stands for a file of that name. */
export const namedText = object({ name: text, text });

/** What is shown to people as it is. */
export const oneLine = v.pipe(
	text,
	v.regex(
		// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not obey them
		/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/,
		"holds a line end or another control character\nWrite it on one line.",
	),
);

/** More of anything in one list is a slip of the pen, and fills the memory. */
const MOST_ITEMS = 1_000_000;

/** A list of these. */
export function list<const Item extends v.GenericSchema>(
	item: Item,
	most: number = MOST_ITEMS,
) {
	return v.pipe(
		v.array(
			item,
			(issue) =>
				`expected a list, not ${issue.received}\nWrite it in brackets: [ … ].`,
		),
		v.maxLength(
			most,
			(issue) =>
				`a list of ${issue.input.length} is too long\nWrite ${most} at most.`,
		),
		v.readonly(),
	);
}

/** What every object has of JavaScript; valibot would leave them out and say nothing. */
const RESERVED = ["__proto__", "prototype", "constructor"];

/** Values of one kind by name. */
export function record<const Value extends v.GenericSchema>(value: Value) {
	return v.pipe(
		v.custom<object>(
			(given) =>
				!RESERVED.some((key) => isObject(given) && Object.hasOwn(given, key)),
			`has a key that JavaScript keeps for itself\nGive it another name than ${RESERVED.join(", ")}.`,
		),
		v.record(
			v.string(),
			value,
			(issue) =>
				`expected an object, not ${issue.received}\nWrite a value for each name: { name: … }.`,
		),
	);
}

function isObject(given: unknown): given is object {
	return typeof given === "object" && given !== null;
}

export const yesNo = v.boolean(
	(issue) =>
		`expected true or false, not ${issue.received}\nWrite \`true\` or \`false\`.`,
);
export const finite = v.pipe(
	v.number(
		(issue) =>
			`expected a number, not ${issue.received}\n${isNumberInQuotes(issue.input) ? "Write it without quotes." : "Write a number such as 1000."}`,
	),
	v.finite("not a finite number\nWrite a number such as 1000."),
);
/** No play and nothing in it lasts longer: five days is the longest time-out of conntrack. */
export const MOST_MS = 31 * 24 * 3_600_000;
/** The clock of a kernel has microseconds, and nothing here comes apart in less. */
const LEAST_MS = 0.001;

/** Virtual time and durations. */
export const milliseconds = v.pipe(
	finite,
	v.minValue(
		0,
		(issue) =>
			`${issue.input} is negative\nTimes are milliseconds from 0, the beginning of the play.`,
	),
	v.maxValue(
		MOST_MS,
		(issue) =>
			`${issue.input} ms is more than 31 days\nWrite ${MOST_MS} milliseconds at most.`,
	),
	v.check(
		(ms) => ms <= 0 || ms >= LEAST_MS,
		(issue) =>
			`${issue.input} ms is less than a microsecond\nWrite 0, or ${LEAST_MS} milliseconds at least.`,
	),
);
export const positiveMs = v.pipe(
	milliseconds,
	v.gtValue(0, "must be more than 0\nWrite a number of milliseconds."),
);
/** A moment that may lie behind the end of every play. */
export const untilMs = inRange(0, Number.MAX_SAFE_INTEGER);

/** A number, whole or not, both ends inclusive. */
export function inRange(least: number, most: number) {
	const between = `Write a number from ${least} to ${most}.`;
	return v.pipe(
		finite,
		v.minValue(
			least,
			(issue) => `${issue.input} is less than ${least}\n${between}`,
		),
		v.maxValue(
			most,
			(issue) => `${issue.input} is more than ${most}\n${between}`,
		),
	);
}

export function whole(least: number, most: number) {
	const between = `Write a whole number from ${least} to ${most}.`;
	return v.pipe(
		finite,
		v.integer((issue) => `${issue.input} is not a whole number\n${between}`),
		v.minValue(
			least,
			(issue) => `${issue.input} is less than ${least}\n${between}`,
		),
		v.maxValue(
			most,
			(issue) => `${issue.input} is more than ${most}\n${between}`,
		),
	);
}

export const count = whole(0, Number.MAX_SAFE_INTEGER);
export const port = whole(1, 65_535);
/** Of a doubt smaller than that a double keeps no digit; more than every second run wrong says nothing. */
export const confidence = inRange(0.5, 1 - 1e-9);
/** A chance or a share. Draws are made in millionths. */
export const share = inRange(0.000_001, 0.999_999);

/** What `parseAddress` takes, as a pattern, so that the JSON Schema has it: from 0 to 255, without leading zeros. */
const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const DOTTED = `(${OCTET}\\.){3}${OCTET}`;

export const address = v.pipe(
	text,
	v.regex(
		new RegExp(`^${DOTTED}$`),
		(issue) =>
			`"${issue.input}" is no IPv4 address\nWrite four decimal numbers: 192.168.0.1.`,
	),
);
/** `10.0.0.1/8` */
export const network = v.pipe(
	text,
	v.regex(
		new RegExp(`^${DOTTED}/(3[0-2]|[0-2]?\\d)$`),
		(issue) =>
			`"${issue.input}" is no address with a prefix length\nWrite it so: 192.168.0.254/24.`,
	),
);

/** A packet in one-line notation. */
export const packetLine = v.pipe(
	text,
	v.check(
		(line) => packetFault(line) === null,
		(issue) => packetFault(issue.input) ?? "",
	),
);

/** Its first line says what is wrong, those below show where. */
function packetFault(line: string): string | null {
	try {
		parsePacket(line);
		return null;
	} catch (error) {
		if (!(error instanceof PacketError)) throw error;
		return error.message;
	}
}

/** valibot writes `("a" | "b")`; people read `a, b`. */
function words(expected: string | null): string {
	return (expected ?? "").replace(/[()"]/g, "").replaceAll(" | ", ", ");
}
