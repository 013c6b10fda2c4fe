import type { GivenOptions } from "../../extension/options.ts";
import { invariant } from "../../invariant.ts";
import { hex32 } from "../../packet/numbers.ts";

/** What `-m mark` and `-m connmark` ask: are these bits so? A value outside the mask never is. */
export interface MarkTest {
	readonly value: number;
	readonly mask: number;
	readonly inverted: boolean;
}

/** Reads `--mark`, which the option table of either match makes mandatory. */
export function readMarkTest(given: GivenOptions): MarkTest {
	const mark = given.get("mark", "markMask");
	invariant(mark !== undefined, "a mandatory option is missing: --mark");
	const { value, mask } = mark.value;
	return { value, mask, inverted: mark.inverted };
}

/** A mask of all ones is not printed (`xtables_print_mark_mask`, iptables 1.8.9). */
export function printMarkTest({ value, mask, inverted }: MarkTest): string {
	const bits = mask === -1 ? "" : `/${hex32(mask)}`;
	return `${inverted ? " !" : ""} --mark ${hex32(value)}${bits}`;
}
