/** Entries of `add`, `del` and `test` (ipset 7.17: `ipset_parse_elem`, `check_allowed`). */

import type { Given } from "../extensions.ts";
import type { IpSet } from "../ip-set.ts";
import { programRefuses, syntaxError } from "../ipset-error.ts";
import {
	type AddOption,
	dimensionOf,
	type PartKind,
	type SetType,
} from "../set-types.ts";
import type { WrittenElement } from "./ranges.ts";
import {
	type AddressSpan,
	addressSpanOf,
	commentOf,
	counterOf,
	deviceOf,
	GREATEST_U32,
	macOf,
	numberIn,
	portSpanOf,
	setNameOf,
	skbmarkOf,
	skbprioOf,
	timeoutOf,
} from "./read-values.ts";

export type EntryVerb = "add" | "del" | "test";

/** What stands behind the element. */
export interface EntryOptions {
	readonly given: Given;
	readonly nomatch: boolean;
	readonly wildcard: boolean;
	/** Of list:set: where the set goes. */
	readonly place: {
		readonly side: "before" | "after";
		readonly name: string;
	} | null;
	/** As they were written, for what is kept as text. */
	readonly words: readonly string[];
}

const NO_REST = {
	mark: 0,
	mac: "",
	device: "",
	isPhysical: false,
	wildcard: false,
};
const FLAGS: ReadonlySet<string> = new Set(["nomatch", "wildcard"]);

/** @throws IpsetRefusal */
export function readOptions(
	{ type }: IpSet["header"],
	verb: EntryVerb,
	words: readonly string[],
): EntryOptions {
	const known = optionsOf(type, verb);
	const values = new Map<string, string>();
	for (let at = 0; at < words.length; ) {
		const name = (words[at] as string).replace(/^--/, "");
		if (!known.includes(name as AddOption))
			programRefuses(`Unknown argument: \`${words[at]}'`);
		const isFlag = FLAGS.has(name);
		const value = isFlag ? "" : words[at + 1];
		if (value === undefined)
			programRefuses(`Missing mandatory argument of option \`${name}'`);
		if (values.has(name)) syntaxError(`${name} already specified`);
		values.set(name, value ?? "");
		at += isFlag ? 1 : 2;
	}
	const before = values.get("before");
	const after = values.get("after");
	if (before !== undefined && after !== undefined)
		syntaxError("after already specified");
	const side = before === undefined ? "after" : "before";
	const name = before ?? after;
	return {
		given: givenIn(values),
		nomatch: values.has("nomatch"),
		wildcard: values.has("wildcard"),
		place: name === undefined ? null : { side, name: setNameOf(name) },
		words,
	};
}

function optionsOf(type: SetType, verb: EntryVerb): readonly AddOption[] {
	const { addOptions } = type;
	switch (verb) {
		case "add":
			return addOptions;
		case "del":
			return type.storage === "list" ? ["before", "after"] : [];
		case "test":
			return addOptions.filter((option) => {
				return (
					option === "nomatch" || option === "before" || option === "after"
				);
			});
	}
}

function givenIn(values: ReadonlyMap<string, string>): Given {
	const read = <T>(name: AddOption, reader: (text: string) => T) => {
		const text = values.get(name);
		return text === undefined ? undefined : reader(text);
	};
	const timeout = read("timeout", timeoutOf);
	const packets = read("packets", counterOf);
	const bytes = read("bytes", counterOf);
	const comment = read("comment", commentOf);
	const marks = read("skbmark", skbmarkOf);
	const priority = read("skbprio", skbprioOf);
	const queue = read("skbqueue", (text) => numberIn(text, 0, 65535));
	const hasInfo = [marks, priority, queue].some((one) => one !== undefined);
	return {
		...(timeout === undefined ? {} : { timeout }),
		...(packets === undefined ? {} : { packets }),
		...(bytes === undefined ? {} : { bytes }),
		...(comment === undefined ? {} : { comment }),
		...(hasInfo
			? {
					skbinfo: {
						mark: marks?.mark ?? 0,
						markMask: marks?.markMask ?? 0,
						priority: priority ?? 0,
						queue: queue ?? 0,
					},
				}
			: {}),
	};
}

/** @throws IpsetRefusal */
export function readElement(
	{ header }: IpSet,
	verb: EntryVerb,
	text: string,
	wildcard: boolean,
): WrittenElement {
	const { type } = header;
	const words = splitElement(type, text);
	let first: AddressSpan | null = null;
	let second: AddressSpan | null = null;
	let ports: WrittenElement["ports"] = null;
	let rest: WrittenElement["rest"] = { ...NO_REST, wildcard };
	for (const [index, kind] of type.parts.entries()) {
		const word = words[index] as string;
		switch (kind) {
			case "ip":
			case "net":
				first = addressSpanOf(word);
				break;
			case "ip2":
			case "net2":
				second = addressSpanOf(word);
				break;
			case "port":
				ports = portSpanOf(word);
				if (type.name === "bitmap:port") mustBeTcpOrUdp(ports.protocol);
				break;
			case "mark":
				rest = { ...rest, mark: numberIn(word, 0, GREATEST_U32) | 0 };
				break;
			case "mac":
				rest = { ...rest, mac: macOf(word) };
				break;
			case "device":
				rest = { ...rest, ...deviceOf(word) };
				break;
			default:
				kind satisfies never;
		}
	}
	const written = { first, second, ports, rest };
	checkAllowed(header, verb, written);
	return written;
}

/** `a,b,c`: as many as the type has. */
export function splitElement(type: SetType, text: string): readonly string[] {
	const words = text.split(",");
	const wanted = dimensionOf(type);
	if (words.length === wanted) return words;
	if (words.length > wanted)
		return syntaxError(
			wanted === 1
				? `Elem separator in ${text}, but settype ${type.name} supports none.`
				: `${wanted === 2 ? "Two" : "Three"} elem separators in ${text}, but settype ${type.name} supports ${wanted === 2 ? "one" : "two"}.`,
		);
	return syntaxError(
		`${words.length === 1 ? "Second" : "Third"} element is missing from ${text}.`,
	);
}

function mustBeTcpOrUdp(protocol: number): void {
	if (protocol !== 6 && protocol !== 17)
		syntaxError("Only protocols TCP and UDP are valid");
}

/** Networks and ranges are not taken everywhere. */
function checkAllowed(
	{ type, family }: IpSet["header"],
	verb: EntryVerb,
	{ first, second, ports }: WrittenElement,
): void {
	const refuse = (what: string) =>
		programRefuses(
			`${what} range is not allowed in command ${verb} with set type ${type.name} and family ${family === "none" ? "unspec" : family}`,
		);
	const isTest = verb === "test";
	// These test the first address alone.
	const takesAll = type.name === "hash:ip" || type.name === "hash:ip,mark";
	const isNet = (kind: PartKind) => type.parts.includes(kind);
	if (isTest && !takesAll) {
		if (first?.to != null) refuse("FROM-TO IP");
		if (first?.length != null && !isNet("net")) refuse("IP/CIDR");
		if (second?.to != null) refuse("FROM-TO IP");
		if (ports?.to != null) refuse("FROM-TO port");
	}
	if (second === null || isNet("net2")) return;
	if (second.to !== null || second.length !== null)
		syntaxError("plain IP address must be supplied");
}
