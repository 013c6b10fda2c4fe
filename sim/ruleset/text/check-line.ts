/** What is wrong with a line before any of its words is read, and with its number of rules. */

import { Refusal } from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";
import { LONGEST_LINE } from "../base/lexer.ts";
import type { Fault } from "../base/ruleset-error.ts";
import { faultAt, faultOfLine, type Place } from "./fault.ts";

/** Rules of a text beyond one for each line. */
const MOST_MULTIPLIED = 1_000_000;

/** A line longer than iptables-restore reads at once. */
export function faultOfLength(place: Place): Fault | null {
	const length = octets(place.text);
	if (length <= LONGEST_LINE) return null;
	return faultOfLine(place, {
		code: "bad-line",
		message: `line ${place.line} has ${length} octets`,
		remedy: `iptables-restore reads at most ${LONGEST_LINE} of a line and takes the rest for another line: split it.`,
		from: "iptables-restore",
	});
}

/** C's strings end at a NUL: the rest of the line would be lost without a word. */
export function faultOfNul(place: Place): Fault | null {
	const at = place.text.indexOf("\0");
	if (at < 0) return null;
	return faultAt(place, at, at + 1, {
		code: "bad-line",
		message: "a NUL octet in the line",
		remedy:
			"iptables-restore would silently ignore the rest of the line: take the NUL away.",
		from: "marktwin",
	});
}

/**
 * Lists of addresses make many rules of one line, and many such lines more than there is room for.
 * @param multiplied rules of the text so far, less one for each line
 * @throws Refusal
 */
export function checkMultiplied(multiplied: number): void {
	if (multiplied > MOST_MULTIPLIED)
		throw new Refusal(
			`the lists behind -s and -d make more than ${MOST_MULTIPLIED} rules of this text`,
			"Match a set (`-m set`), or jump to a chain that has a rule for each destination.",
			0,
			{ from: "marktwin" },
		);
}
