import { defineMatch } from "../../extension/extension.ts";
import type { GivenOption, GivenOptions } from "../../extension/options.ts";
import { cutOctets } from "../../extension/values/octets.ts";
import { MOST_OCTETS, octetsOf, readHexString } from "./hex-string.ts";

interface Options {
	/** One character per octet. */
	readonly pattern: string;
	readonly inverted: boolean;
	readonly algorithm: string;
	readonly from: number;
	readonly to: number;
	readonly ignoreCase: boolean;
}

const LAST_OFFSET = 65535;
/** XT_STRING_MAX_ALGO_NAME_SIZE counts the closing NUL. */
const GREATEST_ALGORITHM = 15;
const ALGORITHMS = ["bm", "kmp", "fsm"];

/** Looks for octets in the packet (iptables 1.8.9 libxt_string.c, kernel 6.1 xt_string.c, revision 1). */
export const string = defineMatch<Options>({
	name: "string",
	options: [
		{ name: "from", type: "uint16" },
		{ name: "to", type: "uint16" },
		{ name: "algo", type: "string", mandatory: true },
		{
			name: "string",
			type: "string",
			invertible: true,
			excludes: ["hex-string"],
		},
		{
			name: "hex-string",
			type: "string",
			invertible: true,
			excludes: ["string"],
		},
		{ name: "icase", type: "none" },
	],
	checkFirst(given) {
		patternOf(given);
	},
	build(given) {
		const plain = given.get("string", "string");
		const found = patternOf(given);
		const option = plain ? "string" : "hex-string";
		const refuse = (message: string) =>
			given.refuse(
				message,
				`At most ${MOST_OCTETS} octets; in hexadecimal between bars: \`|0d 0a|\`.`,
				option,
			);
		const pattern = plain
			? octetsOf(plain.text)
			: readHexString(found.text, refuse);
		if (pattern.length > MOST_OCTETS)
			return refuse(`STRING too long "${found.text}"`);
		return {
			pattern,
			inverted: found.inverted,
			algorithm: cutOctets(
				given.get("algo", "string")?.text ?? "",
				GREATEST_ALGORITHM,
			),
			from: given.get("from", "uint16")?.value ?? 0,
			to: given.get("to", "uint16")?.value ?? LAST_OFFSET,
			ignoreCase: given.has("icase"),
		};
	},
	print({ pattern, inverted, algorithm, from, to, ignoreCase }) {
		return [
			inverted ? " !" : "",
			printPattern(pattern),
			` --algo ${algorithm}`,
			from === 0 ? "" : ` --from ${from}`,
			to === LAST_OFFSET ? "" : ` --to ${to}`,
			ignoreCase ? " --icase" : "",
		].join("");
	},
	/** `string_mt_check`, of which dmesg says nothing. */
	check({ pattern, algorithm, from, to, ignoreCase }) {
		if (from > to) return "xt_string: --from is greater than --to";
		if (pattern === "") return "xt_string: nothing to look for";
		if (algorithm === "fsm" && (ignoreCase || !isAutomaton(pattern)))
			return "xt_string: the pattern is no automaton";
		return ALGORITHMS.includes(algorithm)
			? null
			: `xt_string: no search algorithm "${algorithm}"`;
	},
	compile: null,
});

// Of struct ts_fsm_token: a type in two octets, how often it may come, a character.
const TOKEN_LENGTH = 4;
const MOST_TYPE = 13;
const HEAD_IGNORE = 4;

/** What `fsm_init` takes (lib/ts_fsm.c, 6.1): its pattern is no text but a list of tokens. */
function isAutomaton(pattern: string): boolean {
	const count = pattern.length / TOKEN_LENGTH;
	return (
		Number.isInteger(count) &&
		Array.from({ length: count }, (_, index) => index).every((index) => {
			const at = index * TOKEN_LENGTH;
			const type = pattern.charCodeAt(at) + 256 * pattern.charCodeAt(at + 1);
			const often = pattern.charCodeAt(at + 2);
			const isAlone = index !== 0 || index === count - 1;
			return (
				type <= MOST_TYPE &&
				often <= HEAD_IGNORE &&
				(often !== HEAD_IGNORE || !isAlone)
			);
		})
	);
}

/** In hexadecimal when a character cannot be printed, or the last one would quote what follows. */
function printPattern(pattern: string): string {
	if (/^[ -~]*$/.test(pattern) && !pattern.endsWith("\\"))
		return ` --string "${pattern.replace(/["\\]/g, "\\$&")}"`;
	const octets = [...pattern].map((character) =>
		character.charCodeAt(0).toString(16).padStart(2, "0"),
	);
	return ` --hex-string "|${octets.join("")}|"`;
}

function patternOf(given: GivenOptions): GivenOption<"string"> {
	return (
		given.get("string", "string") ??
		given.get("hex-string", "string") ??
		given.refuse(
			"STRING match: You must specify `--string' or `--hex-string'",
			"Say what to look for: `--string TEXT`.",
		)
	);
}
