import { defineMatch } from "../extension/extension.ts";
import {
	notInverted,
	olderFlag,
	onlyOnce,
} from "../extension/options/older-options.ts";

/** In the order in which they print. */
const PROTOCOLS = [
	"edk",
	"dc",
	"gnu",
	"kazaa",
	"bit",
	"apple",
	"soul",
	"winmx",
	"ares",
	"mute",
	"waste",
	"xdcc",
] as const;

interface Options {
	readonly protocols: readonly string[];
	readonly debug: boolean;
}

const FLAGS = [...PROTOCOLS, "debug"].map((name) => olderFlag(name));

/** Packets of programs that share files (xtables-addons 3.23: libxt_ipp2p.c, xt_ipp2p.c). */
export const ipp2p = defineMatch<Options>({
	name: "ipp2p",
	flagCodes: {
		edk: "2",
		dc: "7",
		gnu: "9",
		kazaa: "a",
		bit: "b",
		apple: "c",
		soul: "d",
		winmx: "e",
		ares: "f",
		mute: "g",
		waste: "h",
		xdcc: "i",
		debug: "j",
	},
	library: { package: "xtables-addons" },
	options: FLAGS,
	checkFirst(given) {
		if (PROTOCOLS.every((name) => !given.has(name)))
			given.refuse(
				"ipp2p-parameter problem: for ipp2p usage type: iptables -m ipp2p --help",
				"Say what is looked for: `--bit`.",
			);
	},
	build(given) {
		for (const flag of FLAGS) {
			onlyOnce(given, "ipp2p", flag);
			notInverted(given, "ipp2p", flag);
		}
		return {
			protocols: PROTOCOLS.filter((name) => given.has(name)),
			debug: given.has("debug"),
		};
	},
	print: ({ protocols, debug }) =>
		[...protocols, ...(debug ? ["debug"] : [])]
			.map((name) => ` --${name} `)
			.join(""),
	question: () => ({
		kind: "open",
		on: "the payload of the packet",
		isUnknown: true,
	}),
	compile: null,
});
