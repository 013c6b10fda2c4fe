/** Single words of a line: names of chains, targets and interfaces, rule numbers, counters. */

import type { InterfaceMatch } from "../../contract/ruleset.ts";
import { NOWHERE, Refusal } from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";
import { readUnsigned } from "../../extension/values/read-number.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { LONGEST_NAME } from "../base/tables.ts";

/** Longest name of an interface, in octets (IFNAMSIZ - 1). */
const LONGEST_INTERFACE = 15;

/** What `isspace` of C says; blanks and tabs cannot come unless quoted. */
const SPACE = /[ \t\n\v\f\r]/;

/** The name behind `-j` or `-g` (`xt_parse_target`). @throws Refusal */
export function checkTargetName(name: string): void {
	if (name.length < 1)
		throw new Refusal(
			"Invalid target name (too short)",
			"Write a target or a chain.",
		);
	if (name.length > LONGEST_NAME / 3 && octets(name) > LONGEST_NAME)
		throw new Refusal(
			`Invalid target name \`${name}' (${LONGEST_NAME} chars max)`,
			"Shorten the chain's name everywhere.",
		);
	if (SPACE.test(name))
		throw new Refusal(
			`Invalid target name \`${name}'`,
			name.endsWith("\r")
				? "The line ends as DOS ends lines (CR LF): take the CR away."
				: "A name holds no blanks.",
		);
}

/** The name behind `-N` (`assert_valid_chain_name`). @throws Refusal */
export function checkNewChain(
	name: string,
	isTarget: (name: string) => boolean,
	{ blanksInNames }: Behaviour,
): void {
	checkDeclared(name);
	if (isTarget(name))
		throw new Refusal(
			"chain name may not clash with target name",
			"Choose another name.",
		);
	if (blanksInNames === "refused" && SPACE.test(name))
		throw new Refusal(
			`Invalid chain name \`${name}'`,
			"A name holds no blanks.",
		);
}

/** What every new chain is asked for. @throws Refusal */
function checkDeclared(name: string): void {
	checkChainLength(name, NOWHERE);
	if (name.startsWith("-") || name.startsWith("!"))
		throw new Refusal(
			`chain name not allowed to start with \`${name[0]}'`,
			"Choose another name.",
		);
}

/** The chain that a command names. @throws Refusal */
export function checkChainLength(name: string, word: number): void {
	if (name.length > LONGEST_NAME / 3 && octets(name) > LONGEST_NAME)
		throw new Refusal(
			`chain name \`${name}' too long (must be under ${LONGEST_NAME + 1} chars)`,
			"Shorten the chain's name everywhere.",
			word,
		);
}

/** @throws Refusal (`xtables_parse_interface`) */
export function readInterface(
	name: string,
	inverted: boolean,
	behaviour: Behaviour,
): InterfaceMatch | null {
	if (octets(name) > LONGEST_INTERFACE)
		throw new Refusal(
			`interface name \`${name}' must be shorter than ${behaviour.words === "of 1.8.9" ? `IFNAMSIZ (${LONGEST_INTERFACE})` : `${LONGEST_INTERFACE + 1} characters`}`,
			`An interface's name has at most ${LONGEST_INTERFACE} characters.`,
		);
	// A lone `+` matches every interface: iptables keeps nothing of it.
	const isAny = !inverted || behaviour.wholeInterface === "all";
	return name === "+" && isAny ? null : { name, inverted };
}

/** @throws Refusal (`parse_rulenumber`) */
export function readRuleNumber(text: string): number {
	const number = readUnsigned(text, 1, 0x7fffffff);
	return number > 0 ? number : badRuleNumber(text);
}

function badRuleNumber(text: string): never {
	throw new Refusal(
		`Invalid rule number \`${text}'`,
		"Rules of a chain are numbered from 1.",
	);
}

/** The same behind `-D`: from 1.8.10 on a decimal number (`parse_rule_range`). @throws Refusal */
export function readDeletedNumber(text: string, { words }: Behaviour): number {
	if (words === "of 1.8.9") return readRuleNumber(text);
	const range = text.indexOf(":");
	if (range >= 0)
		throw new Refusal("Rule ranges are not supported", "Write one number.");
	const isDecimal = /^\s*[+-]?\d+$/.test(text);
	const number = isDecimal ? asUnsignedInt(BigInt(text)) : 0;
	return number === 0 ? badRuleNumber(text) : number;
}

/** What C keeps of a number that `strtol` has read, in an `unsigned int`. */
function asUnsignedInt(number: bigint): number {
	const [least, greatest] = [-(2n ** 63n), 2n ** 63n - 1n];
	const long = number < least ? least : number > greatest ? greatest : number;
	return Number(BigInt.asUintN(32, long));
}

/** @throws Refusal */
export function readCounter(
	text: string,
	what: "packet" | "byte",
	name: string,
): number {
	const digits = /^\s*\+?(\d+)/.exec(text)?.[1];
	if (digits !== undefined) return Number(digits);
	throw new Refusal(`${name} ${what} counter not numeric`, "Write a number.");
}
