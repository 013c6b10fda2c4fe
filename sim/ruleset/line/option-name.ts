/** What iptables calls its own options in its words (`opt2char` up to 1.8.9, `ip46t_option_name` from 1.8.10 on). */
import type { Behaviour } from "../../linux/behaviour.ts";

/** By the letter of `OPTION_LETTERS`. */
const LONG_NAMES: Readonly<Record<string, string>> = {
	n: "--numeric",
	s: "--source",
	d: "--destination",
	p: "--protocol",
	j: "--jump",
	v: "--verbose",
	x: "--exact",
	i: "--in-interface",
	o: "--out-interface",
	"0": "--line-numbers",
	c: "--set-counters",
	f: "--fragments",
};

/** `-i`, or `--in-interface`. */
export function optionName(letter: string, behaviour: Behaviour): string {
	return behaviour.words === "of 1.8.9"
		? `-${letter}`
		: (LONG_NAMES[letter] ?? `-${letter}`);
}
