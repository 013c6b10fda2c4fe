/** TCP flags by their letters, as the packet notation writes them. */
import { ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from "../packet.ts";

/** One letter per TCP flag, in the order in which they print. */
export const FLAG_LETTERS: readonly (readonly [string, number])[] = [
	["S", SYN],
	["F", FIN],
	["R", RST],
	["P", PSH],
	["A", ACK],
	["U", URG],
	["E", ECE],
	["W", CWR],
];

/** Flags by their letters, or `none`. */
export function printFlags(flags: number): string {
	let letters = "";
	for (const [letter, bit] of FLAG_LETTERS) if (flags & bit) letters += letter;
	return letters === "" ? "none" : letters;
}
